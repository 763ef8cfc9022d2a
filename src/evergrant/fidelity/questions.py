"""Behaviours that need the session alone: SOQL's refusals, the REST API's, and who one is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evergrant.errors import CouldNotLook
from evergrant.fidelity.asking import DATA, GARBAGE_SESSION, ask_soql, call, json_of, told
from evergrant.fidelity.behaviour import Ask, Behaviour, Need, Observation, Scalar
from evergrant.fidelity.marks import refusal
from evergrant.fidelity.side import Side
from evergrant.oauth.identity import USERINFO_PATH
from evergrant.org import query
from evergrant.wire import Conversation, Reply

_SETUP: frozenset[Need] = frozenset({"setup"})
_USERS: frozenset[Need] = frozenset({"users"})


@dataclass(frozen=True, slots=True)
class Refused:
    """A query that is refused, and the row of the emulator's texts that says how."""

    id: str
    text: str
    soql: str
    tooling: bool = False
    bears: tuple[str, ...] = ()
    needs: frozenset[Need] = frozenset()


_UNFILTERABLE = (
    "Status", "Application", "Browser", "Platform", "ApiType", "ApiVersion", "ClientVersion",
)  # fmt: skip
QUERIES: tuple[Refused, ...] = (
    Refused("no-column", "no_column", "SELECT Nonsense FROM LoginHistory"),
    Refused("no-relationship", "no_relationship", "SELECT Nonsense.Name FROM User"),
    Refused("no-object", "no_object", "SELECT Id FROM NoSuchThing"),
    Refused("no-tooling-object", "no_tooling_object", "SELECT Id FROM NoSuchThing", tooling=True),
    Refused("unexpected-token", "unexpected_token", "SELECT Id FORM User"),
    Refused("bad-character", "bad_character", "SELECT Id FROM User WHERE Name = 'a' # b"),
    Refused("bad-escape", "bad_escape", "SELECT Id FROM User WHERE Name = 'a\\q'"),
    Refused("bad-literal", "bad_literal", "SELECT Id FROM User WHERE CreatedDate > 2026-13-45"),
    Refused("no-query", "no_query", ""),
    Refused("quotes-needed", "quotes_needed", "SELECT Id FROM User WHERE Username = 5"),
    Refused("quotes-refused", "quotes_refused", "SELECT Id FROM User WHERE IsActive = 'true'"),
    Refused("bad-id", "bad_id", "SELECT Id FROM LoginHistory WHERE UserId = 'x'"),
    Refused("bad-operator", "bad_operator", "SELECT Id FROM User WHERE IsActive > true"),
    Refused("duplicate-field", "duplicate_field", "SELECT Id, Id FROM User"),
    Refused("not-groupable", "not_groupable",
            "SELECT LoginTime, COUNT(Id) FROM LoginHistory GROUP BY LoginTime"),
    Refused("not-grouped", "not_grouped",
            "SELECT UserId, COUNT(Id) FROM LoginHistory"),
    Refused("order-not-grouped", "order_not_grouped",
            "SELECT UserId, COUNT(Id) FROM LoginHistory GROUP BY UserId ORDER BY LoginTime"),
    Refused("not-aggregatable", "not_aggregatable", "SELECT SUM(Username) FROM User"),
    Refused("alias-without-group", "alias_without_group", "SELECT Name n FROM User"),
    Refused("semi-join-field", "semi_join_field",
            "SELECT Id FROM User WHERE Name IN (SELECT UserId FROM LoginHistory)"),
    Refused("offset", "offset", "SELECT Id FROM User LIMIT 1 OFFSET 2001"),
    Refused("count-id", "not_aggregatable", "SELECT COUNT(Id) FROM SetupAuditTrail",
            bears=("object:SetupAuditTrail",), needs=_SETUP),
    *(
        Refused(f"unfilterable-{field.lower()}", "not_filterable",
                f"SELECT Id FROM LoginHistory WHERE {field} = 'x'",
                bears=("object:LoginHistory",))
        for field in _UNFILTERABLE
    ),
)  # fmt: skip
"""Every query is refused before it looks at a row; the texts are those of the emulator's table."""


def behaviours() -> Iterator[Behaviour]:
    """All of them: dead tokens, refused queries, the REST API's refusals, good answers."""
    yield from _dead_tokens()
    for each in QUERIES:
        marks = dict.fromkeys(each.bears, ("status", "error"))
        yield Behaviour(
            f"soql-{each.id}", f"the query {each.soql or '(none)'}",
            _refused_query(each), {f"soql:{each.text}": (), **marks}, needs=each.needs,
        )  # fmt: skip
    yield from _rest_refusals()
    yield from _good_answers()


def _refused_query(query: Refused) -> Ask:
    def ask(side: Side) -> Conversation[Observation]:
        return told((yield from ask_soql(side, query.soql, tooling=query.tooling)), side.names)

    return ask


def _dead_tokens() -> Iterator[Behaviour]:
    dead = {refusal("session_dead", "api"): ()}
    gone = {refusal("token_dead", "api"): ()}
    yield Behaviour(
        "rest-garbage-token", "a REST call with a token that never was", _garbage(f"{DATA}/"), dead
    )
    yield Behaviour("rest-no-token", "a REST call without a token", _rest(f"{DATA}/", True), dead)
    yield Behaviour(
        "userinfo-garbage", "userinfo with a token that never was", _garbage(USERINFO_PATH), gone
    )
    yield Behaviour(
        "identity-garbage", "the identity URL with a token that never was", _identity_garbage, gone
    )
    yield Behaviour(
        "identity-other-org", "the identity URL of another org", _other_org,
        {refusal("org_mistaken", "api"): ()},
    )  # fmt: skip
    yield Behaviour(
        "identity-nobody", "the identity URL of a user that is none", _nobody,
        {refusal("user_mistaken", "api"): ()},
    )  # fmt: skip


def _garbage(path: str) -> Ask:
    def ask(side: Side) -> Conversation[Observation]:
        return told((yield from call(side, path, token=GARBAGE_SESSION)), side.names)

    return ask


def _rest(path: str, anonymous: bool = False, method: str = "GET") -> Ask:
    def ask(side: Side) -> Conversation[Observation]:
        reply = yield from call(side, path, anonymous=anonymous, method=method)
        return told(reply, side.names)

    return ask


def _identity_garbage(side: Side) -> Conversation[Observation]:
    path = f"/id/{side.org_id}/{side.user_id}"
    return told((yield from call(side, path, token=GARBAGE_SESSION)), side.names)


def _other_org(side: Side) -> Conversation[Observation]:
    path = f"/id/00D000000000001EAA/{side.user_id}"
    return told((yield from call(side, path)), side.names)


def _nobody(side: Side) -> Conversation[Observation]:
    path = f"/id/{side.org_id}/005000000000001AAA"
    return told((yield from call(side, path)), side.names)


_REST_REFUSALS = (
    ("no-resource", "no_resource", f"{DATA}/sobjects/NoSuchThing/describe", "GET"),
    ("no-version", "no_resource", "/services/data/v999.0/limits", "GET"),
    ("no-record", "no_record", f"{DATA}/sobjects/User/nonsense", "GET"),
    ("method", "method", f"{DATA}/limits", "PUT"),
    ("locator", "locator", f"{DATA}/query/01g000000000000AAA-2000", "GET"),
)


def _rest_refusals() -> Iterator[Behaviour]:
    for name, text, path, method in _REST_REFUSALS:
        asks = f"{method} {path}"
        yield Behaviour(f"rest-{name}", asks, _rest(path, method=method), {f"rest:{text}": ()})
    yield Behaviour(
        "rest-no-field", "a user's record with a field that is none", _no_field,
        {"rest:no_field": ()},
    )  # fmt: skip


def _no_field(side: Side) -> Conversation[Observation]:
    path = f"{DATA}/sobjects/User/{side.user_id}?fields=Nonsense"
    return told((yield from call(side, path)), side.names)


def _good_answers() -> Iterator[Behaviour]:
    for name, path, needs in (
        ("resources", f"{DATA}/", frozenset[Need]()),
        ("limits", f"{DATA}/limits", _SETUP),
        ("userinfo", USERINFO_PATH, frozenset[Need]()),
    ):
        yield Behaviour(
            name, f"GET {path}", _members_of(path), {f"answer:{name}": ()}, needs=needs, covers=True
        )
    yield Behaviour(
        "identity", "one's own identity URL", _identity, {"answer:identity": ()}, covers=True
    )
    yield Behaviour(
        "login-type", "what LoginType an OAuth login has in Login History", _login_type,
        {"answer:login-type": ()}, needs=_USERS,
    )  # fmt: skip
    yield Behaviour(
        "aggregate-logins", "whether Login History groups by Status and Application", _aggregate,
        {"answer:aggregate-logins": ()},
    )  # fmt: skip
    yield Behaviour(
        "oauth-token-id", "whether OauthToken gives its Id", _token_id,
        {"object:OauthToken": ("id",)}, needs=frozenset({"customize"}),
    )  # fmt: skip


def _members_of(path: str) -> Ask:
    def ask(side: Side) -> Conversation[Observation]:
        return _has((yield from call(side, path)), side)

    return ask


def _identity(side: Side) -> Conversation[Observation]:
    return _has((yield from call(side, f"/id/{side.org_id}/{side.user_id}")), side)


def _has(reply: Reply, side: Side) -> Observation:
    """Which members an answer has; their values are the org's own affair."""
    seen: dict[str, Scalar] = {"status": reply.status, "type": reply.content_type}
    body = json_of(reply)
    if reply.status >= 400 or not isinstance(body, dict):
        return told(reply, side.names)
    for name, value in body.items():
        seen[f"has {name}"] = True
        if name in _INSIDE and isinstance(value, dict):
            seen |= {f"{name} has {inner}": True for inner in value}
    return seen


_INSIDE = frozenset({"urls", "DailyApiRequests", "photos"})
_OAUTH_ROWS = "SELECT LoginType, LoginSubType FROM LoginHistory ORDER BY LoginTime DESC LIMIT 200"
_BY_STATUS = (
    "SELECT Status, Application, COUNT(Id) FROM LoginHistory GROUP BY Status, Application LIMIT 5"
)


def _login_type(side: Side) -> Conversation[Observation]:
    rows = yield from query(side.session, _OAUTH_ROWS)
    types = {
        str(each.get("LoginType"))
        for each in rows
        if str(each.get("LoginSubType")).startswith("Oauth")
    }
    if not types:
        raise CouldNotLook("not_applicable", "no OAuth login stands in Login History")
    return {"LoginType": ", ".join(sorted(types))}


def _aggregate(side: Side) -> Conversation[Observation]:
    return told((yield from ask_soql(side, _BY_STATUS)), side.names)


def _token_id(side: Side) -> Conversation[Observation]:
    rows = yield from query(side.session, "SELECT Id, AppName FROM OauthToken LIMIT 1")
    if not rows:
        raise CouldNotLook("not_applicable", "the org has no row of OauthToken")
    return {"id": "null" if rows[0].get("Id") is None else "given"}
