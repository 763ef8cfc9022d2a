"""The comparison, against a second emulated org in which differences were planted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from evergrant.fidelity import Judgement, Report, Writes, behaviours, judged, marks
from evergrant.fidelity.judge import NOT_ASKED
from evergrant.fidelity.observe import NotSeen, Seen
from planted import Exchange, Plant
from target_org import recorded, target

pytestmark = pytest.mark.slow


def says(path: str, old: str, new: str) -> Plant:
    """Other words at a path."""
    return lambda told: told.saying(old, new) if told.path.startswith(path) else told


def with_status(path: str, old: int, new: int, having: str = "") -> Plant:
    """Another status at a path, where the answer holds a text."""

    def plant(told: Exchange) -> Exchange:
        is_meant = told.path.startswith(path) and told.status == old and having in told.body
        return Exchange(told.method, told.path, new, told.headers, told.body) if is_meant else told

    return plant


def with_header(path: str, name: str, value: str) -> Plant:
    """Another header at a path, where the answer has it."""

    def plant(told: Exchange) -> Exchange:
        if told.path.startswith(path) and name in told.headers:
            headers = {**told.headers, name: value}
            return Exchange(told.method, told.path, told.status, headers, told.body)
        return told

    return plant


def edited(path: str, edit: Callable[[Any], None]) -> Plant:
    """Other members at a path."""
    return lambda told: told.edited(edit) if told.path.startswith(path) else told


def _describe(name: str) -> str:
    return f"/services/data/v66.0/sobjects/{name}/describe"


def _filterable(told: Any) -> None:
    next(each for each in told["fields"] if each["name"] == "Status")["filterable"] = True


def _other_prefix(told: Any) -> None:
    told["keyPrefix"] = "0ZZ"


def _no_keys(told: Any) -> None:
    del told["jwks_uri"]


TOKEN, DATA = "/services/oauth2/token", "/services/data/v66.0"
PLANTS: dict[str, tuple[Plant, set[str]]] = {
    "another text": (
        says(TOKEN, "grant type not supported", "unknown grant type"),
        {"refusal:grant_type/token"},
    ),
    "another code": (
        says(TOKEN, '"invalid_client"', '"unauthorized_client"'),
        {"refusal:wrong_secret/token", "gate:client_auth"},
    ),
    "another status": (
        with_status("/services/oauth2/userinfo", 403, 401), {"refusal:token_dead/api"}
    ),
    "a missing member": (
        edited("/.well-known/openid-configuration", _no_keys), {"answer:discovery"}
    ),
    "another header": (
        with_header("/.well-known/openid", "access-control-allow-origin", "*"),
        {"cors:/.well-known/openid-configuration"},
    ),
    "a cacheable refusal": (
        with_header(TOKEN, "cache-control", "private"), {"answer:no-store"}
    ),
    "a field with other flags": (edited(_describe("LoginHistory"), _filterable),
                                 {"object:LoginHistory"}),
    "another key prefix": (edited(_describe("OauthToken"), _other_prefix), {"prefix:OauthToken"}),
    "other words for a query": (
        says(f"{DATA}/query", "can not be filtered in a query call", "is not filterable"),
        {"soql:not_filterable"},
    ),
    "another status in Login History": (
        says(f"{DATA}/query", "Failed: Missing Consumer Key Parameter", "Invalid Client"),
        {"history:wrong_secret/token", "history:jwt_signature/token"},
    ),
    "another login type": (
        says(f"{DATA}/query", "Remote Access 2.0", "Oauth2"), {"answer:login-type"}
    ),
    "a lifetime told": (
        says(TOKEN, '"token_type"', '"expires_in":7200,"token_type"'),
        {"answer:no-expires-in"},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def everything_planted() -> Iterator[Report]:
    """One comparison with every difference at once."""
    with target() as org:
        yield judged(recorded(org, *(plant for plant, _ in PLANTS.values())))


def refuted(report: Report) -> dict[str, Judgement]:
    return {each.mark: each for each in report.refuted}


def test_nothing_is_refuted_where_nothing_differs() -> None:
    with target() as org:
        report = judged(recorded(org))
    assert refuted(report) == {}
    unseen = {id_ for id_, each in report.recording.seen.items() if isinstance(each, NotSeen)}
    assert {"app-jwt-wrong-key-eca"} == unseen
    assert dict(report.more) == {}


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_difference_is_found(everything_planted: Report, name: str) -> None:
    assert PLANTS[name][1] <= refuted(everything_planted).keys()


def test_nothing_but_what_was_planted_is_reported(everything_planted: Report) -> None:
    planted = set().union(*(found for _, found in PLANTS.values()))
    # Two rows of Login History rest on their login type too, and say so.
    told = {mark for mark, each in refuted(everything_planted).items() if not _by_type(each)}
    assert planted == told


def _by_type(each: Judgement) -> bool:
    return {one.aspect for one in each.differences} <= {"row.LoginType", "refresh.row.LoginType"}


def test_a_refutation_shows_what_both_sides_said(everything_planted: Report) -> None:
    found = refuted(everything_planted)["refusal:grant_type/token"]
    assert found.grade == "official"
    assert {"token-unknown-grant", "token-no-grant", "token-json-body"} == set(found.behaviours)
    assert {("error_description", "grant type not supported", "unknown grant type")} == {
        (one.aspect, one.emulator, one.org) for one in found.differences
    }


def test_a_knob_turned_otherwise_is_found_and_nothing_else() -> None:
    with target() as org:
        org.emulator.act("set_org", jwt_skew_seconds=0)
        report = judged(recorded(org))
    assert list(refuted(report)) == ["knob:org.jwt_skew_seconds"]


@pytest.mark.parametrize("knobs", [{"rotation": True}, {"device_flow": True}])
def test_a_setting_that_an_org_may_have_refutes_nothing(knobs: dict[str, Any]) -> None:
    with target(**knobs) as org:
        report = judged(recorded(org))
    assert refuted(report) == {}
    told = {each.mark: each.verdict for each in report.judged}
    name = "refresh_token_rotated" if "rotation" in knobs else "device_unknown"
    assert told[f"refusal:{name}/token"] == "confirmed"


def test_more_in_the_org_contradicts_nothing_and_is_told() -> None:
    def more(told: Any) -> None:
        told["fields"].append({"name": "Brand__c", "type": "string", "length": 5})

    with target() as org:
        report = judged(recorded(org, edited(_describe("User"), more)))
    assert refuted(report) == {}
    assert dict(report.more) == {"describe-user": ("field.Brand__c",)}


def test_what_was_not_allowed_is_not_asked() -> None:
    with target() as org:
        recording = recorded(org, allowed=frozenset({Writes.NOTHING}))
        rows = org.emulator.stage.history()
    asked = {id_ for id_, each in recording.seen.items() if isinstance(each, Seen)}
    assert asked == {id_ for id_, each in behaviours().items() if each.writes is Writes.NOTHING}
    key = org.app["consumer_key"]
    assert not [row for row in rows if key in str(row["parameters"])]
    assert {"it was not allowed to write (rows)", "it was not allowed to write (tokens)"} < {
        each.reason for each in judged(recording).judged
    }


def test_every_mark_is_confirmed_refuted_or_not_seen_with_a_reason(
    everything_planted: Report,
) -> None:
    told = {each.mark: each for each in everything_planted.judged}
    assert marks().keys() == told.keys()
    asked = frozenset().union(*(each.marks() for each in behaviours().values()))
    for mark, each in told.items():
        assert (each.verdict == "not_seen") == bool(each.reason), mark
        assert (each.reason == NOT_ASKED) == (mark not in asked), mark
