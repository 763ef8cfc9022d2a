"""Tenants over the API: every key is one tenant's, and of another's nothing is there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import pytest

from evergrant import keeper as verbs
from evergrant.api.openers import TENANT
from evergrant.api.problems import MEDIA
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from service_kit import Up, up_fixture  # noqa: F401 (a fixture)
from tenant_kit import NOTHING, THEIRS, Rival, rival

BODIES: Mapping[str, Any] = {
    "/v1/flows": {"integration": "{integration_id}", "name": "Taken"},
    "/v1/flows/{flow_id}/seen": {"text": "invalid_grant"},
    "/v1/links": {"connection": "{connection_id}"},
    "/v1/connections/{connection_id}/syncs": {"succeeded": True},
    "/v1/connections/{connection_id}/embed-sessions": {"origin": "https://app.orbit.example"},
}
"""What is sent to a path that takes a body; `{…}` stands for what another tenant has."""
TELL_ALL = {
    ("GET", "/v1/links"), ("GET", "/v1/audit-log"), ("POST", "/v1/sign-in-links"),
    ("GET", "/health"),
}  # fmt: skip
"""Operations that name nothing: what they tell is looked at apart."""


@pytest.fixture(name="theirs")
def rival_fixture(up: Up) -> Rival:
    """The other tenant; the first has a connection, too."""
    up.ground.connected()
    return rival(up.ground)


@pytest.fixture(name="operations")
def operations_fixture(up: Up) -> list[tuple[str, str]]:
    """Method and path of everything that the API's document names."""
    paths = up.api("GET", "/v1/openapi.json").json()["paths"]
    return [(method.upper(), path) for path, told in paths.items() for method in told]


def filled(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: filled(each, ids) for name, each in value.items()}
    if isinstance(value, str):
        return re.sub(r"{(\w+)}", lambda found: ids[found[1]], value)
    return value


def asked(
    up: Up, key: str, method: str, path: str, ids: Mapping[str, str], **headers: str
) -> tuple[int, str, str]:
    """The answer to somebody with a key; what names the asked-for is taken out."""
    given = {"Authorization": f"Bearer {key}", **headers}
    body = filled(BODIES.get(path), ids)
    answer = httpx2.request(
        method, up.url + filled(path, ids), headers=given, json=body, timeout=60
    )
    text = answer.text
    for each in ids.values():
        text = text.replace(each, "…")
    if TENANT not in headers:
        assert not re.search(f"Zebra|{THEIRS}", text), text
    # Which of one's own names are the nearest differs from one unknown id to the next.
    text = re.sub(r"Perhaps: [^\\]*", "", text)
    return answer.status_code, answer.headers.get("content-type", ""), text


def keys(up: Up) -> Iterator[tuple[str, str]]:
    """Whose key it is, and its word: the operator's, and an application's of the first tenant."""
    yield "operator", up.key
    mine = up.ground.keeper.of("default")
    yield "application", verbs.create_key(mine, "all", everything=True)[0].reveal()


def test_every_operation_answers_for_another_tenants_as_for_what_is_not_there(
    up: Up, theirs: Rival, operations: list[tuple[str, str]]
) -> None:
    before, named = theirs.everything(), [each for each in operations if each not in TELL_ALL]
    assert len(named) > 9
    for whose, key in keys(up):
        for method, path in named:
            found = asked(up, key, method, path, theirs.ids)
            assert found == asked(up, key, method, path, NOTHING), (whose, method, path)
            status, kind, text = found
            assert status in (401, 404), (whose, method, path, text)
            assert kind == MEDIA, (whose, method, path)
    assert theirs.everything() == before


def test_a_path_that_takes_a_body_and_is_not_known_here_is_noticed(
    operations: list[tuple[str, str]],
) -> None:
    takes = {path for method, path in operations if method == "POST"}
    bare = {"/v1/flows/{flow_id}/attempts", "/v1/sign-in-links"}
    assert takes - bare == BODIES.keys()


def test_what_names_nothing_tells_of_one_tenant_alone(up: Up, theirs: Rival) -> None:
    spoken = {"connection_id": theirs.ground.now("Zebra Spoken").id}
    assert asked(up, up.key, "POST", "/v1/links", spoken, **{TENANT: THEIRS})[0] == 201
    for path in ("/v1/links", "/v1/audit-log"):
        told = asked(up, up.key, "GET", path, NOTHING)[2]
        assert not re.search(f"Zebra|{'|'.join(theirs.ids.values())}", told), path
        own = asked(up, up.key, "GET", path, NOTHING, **{TENANT: THEIRS})[2]
        assert re.search("Zebra|reconnect link made", own), path


def test_the_operators_key_works_for_the_tenant_that_its_holder_names(
    up: Up, theirs: Rival
) -> None:
    path = "/v1/flows/{flow_id}"
    status, _, told = asked(up, up.key, "GET", path, theirs.ids, **{TENANT: THEIRS})
    assert status == 200
    assert '"status":"new"' in told.replace(" ", "")
    assert asked(up, up.key, "GET", path, theirs.ids, **{TENANT: "nobody"})[0] == 404


def test_an_applications_key_stays_its_own_tenants_whatever_is_named(up: Up, theirs: Rival) -> None:
    _, word = list(keys(up))[1]
    path = "/v1/connections/{connection_id}/syncs"
    for named in ({}, {TENANT: THEIRS}, {TENANT: "nobody"}):
        assert asked(up, word, "GET", path, theirs.ids, **named)[0] == 404
        mine = {"connection_id": up.ground.now("Acme").id}
        assert asked(up, word, "GET", path, mine, **named)[0] == 200


def test_a_name_that_two_tenants_have_gives_each_key_its_own_token(up: Up, theirs: Rival) -> None:
    same = theirs.ground.connected()
    words = [verbs.create_key(each, "all", everything=True)[0].reveal()
             for each in (up.ground.keeper.of("default"), theirs.keeper)]  # fmt: skip
    path, named = "/v1/connections/{connection_id}/token", {"connection_id": "Acme"}
    told = [asked(up, word, "GET", path, named)[2] for word in words]
    assert same.id not in told[0]
    assert same.id in told[1]


def test_a_sign_in_link_signs_in_where_it_was_made(up: Up, theirs: Rival) -> None:
    answer = up.api("POST", "/v1/sign-in-links")
    assert answer.status_code == 201
    with httpx2.Client(follow_redirects=True, timeout=60) as browser:
        assert "Zebra" not in browser.get(answer.json()["link"]).text
    given = {"Authorization": f"Bearer {up.key}", TENANT: THEIRS}
    made = httpx2.post(f"{up.url}/v1/sign-in-links", headers=given, timeout=60).json()
    with httpx2.Client(follow_redirects=True, timeout=60) as browser:
        assert "Zebra" in browser.get(made["link"]).text
