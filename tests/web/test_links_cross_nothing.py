"""No address of the console, whatever it is, tells the holder of one link of another connection."""

from __future__ import annotations

import logging
import re

import httpx2
import pytest
from fastapi.routing import APIRoute

from embed_kit import HOST, word
from evergrant import keeper as verbs
from evergrant.web import app as console
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from link_kit import Customer, customer_fixture, link_for  # noqa: F401 (a fixture)
from web_kit import Web, web_fixture  # noqa: F401 (a fixture)

THEIRS = "Birch & Söhne"


def addresses() -> list[tuple[str, str]]:
    """Method and path of every route of the console."""
    found = []
    for room in vars(console).values():
        for each in getattr(getattr(room, "routes", None), "routes", ()):
            if isinstance(each, APIRoute):
                found += [(method, each.path) for method in each.methods or ()]
    return sorted(set(found))


def filled(path: str, ids: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda name: ids.get(name[1], "x"), path)


def test_the_holder_of_one_link_reads_and_changes_nothing_of_another_connection(
    web: Web, customer: Customer
) -> None:
    mine, theirs = web.ground.connected("Acme"), web.ground.connected(THEIRS)
    other = Customer(web, httpx2.Client(follow_redirects=False, timeout=60))
    other.opens(link_for(web, theirs.id))
    other.attempts()
    other.browser.close()
    link = verbs.links_of(web.ground.keeper, theirs.id)[0].link
    customer.opens(link_for(web, mine.id))
    csrf, before = customer.csrf(), verbs.flow_of(web.ground.keeper, link.flow)
    ids = {"connection_id": theirs.id, "flow_id": link.flow, "link_id": link.id}
    known = addresses()
    assert len(known) > 40
    for method, path in known:
        answer = customer.browser.request(
            method,
            web.url + filled(path, ids),
            headers={"Origin": web.url},
            data={"csrf": csrf, "picture": "blocked", "choice": "keep"} if method == "POST" else {},
        )
        for telling in ("Birch", theirs.id, "00D"):
            assert telling not in answer.text, (method, path)
    assert web.ground.now(theirs.id) == theirs
    assert verbs.flow_of(web.ground.keeper, link.flow) == before
    assert [each.status for each in verbs.links_of(web.ground.keeper, theirs.id)] == ["active"]


def test_the_holder_of_an_embedded_session_reads_no_page_of_the_console(web: Web) -> None:
    connection = web.ground.connected(THEIRS)
    session = word(web.ground.keeper, connection.id, reader="admin")
    headers = {"Authorization": f"Bearer {session}", "Origin": HOST}
    ids = {"connection_id": connection.id}
    for method, path in addresses():
        if method == "GET":
            answer = httpx2.get(web.url + filled(path, ids), headers=headers)
            assert "Birch" not in answer.text, path
    for path in ("/v1/links", "/v1/audit-log", f"/v1/connections/{connection.id}/token"):
        assert httpx2.get(web.url + path, headers=headers).status_code == 401, path


def test_no_log_holds_the_word_of_a_link_a_cookie_or_a_session(
    web: Web, customer: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    connection = web.ground.connected().id
    address = link_for(web, connection)
    customer.opens(address)
    customer.page()
    session = word(web.ground.keeper, connection, reader="admin")
    headers = {"Authorization": f"Bearer {session}", "Origin": HOST}
    made = httpx2.post(f"{web.url}/embed/v1/reconnect", headers=headers).json()["url"]
    (cookie,) = customer.browser.cookies.values()
    # What the tests' own browser says of its requests is not ours.
    ours = [each for each in caplog.records if not each.name.startswith(("httpx2", "httpcore2"))]
    said = "\n".join(logging.Formatter().format(each) for each in ours)
    for secret in (address.rsplit("/", 1)[1], made.rsplit("/", 1)[1], cookie, session):
        assert secret not in said
