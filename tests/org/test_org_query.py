"""Asking an org: paging, refusals, literals."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.errors import Malformed, NotSent, OutcomeUnknown, Refused
from evergrant.model import Secret, Session
from evergrant.org import VERSION, good_call, query, soql_text, soql_time
from evergrant.wire import Reply, rehearse

HOST = "https://acme.my.salesforce.com"
SESSION = Session(HOST, Secret("00Dx!planted"))
SOQL = "SELECT Id FROM User WHERE Name = 'A & B'"


def a_reply(body: object, status: int = 200, media: str = "application/json") -> Reply:
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {"content-type": media}, encoded, f"{HOST}/services/data")


def a_page(*ids: int, following: str | None = None) -> dict[str, Any]:
    page: dict[str, Any] = {
        "totalSize": 99,
        "done": following is None,
        "records": [{"attributes": {"type": "User"}, "Id": f"005{each}"} for each in ids],
    }
    return page | ({"nextRecordsUrl": following} if following else {})


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [each["Id"] for each in records]


def test_a_query_is_asked_with_the_bearer_and_its_soql_whole() -> None:
    played = rehearse(query(SESSION, SOQL), a_reply(a_page(1, 2)))
    (request,) = played.requests
    parts = urlsplit(request.url)
    assert (request.method, parts.path) == ("GET", f"/services/data/{VERSION}/query/")
    assert parse_qs(parts.query) == {"q": [SOQL]}
    assert request.sent_headers()["Authorization"] == "Bearer 00Dx!planted"
    assert "planted" not in repr(request)
    assert ids(played.result) == ["0051", "0052"]


def test_tooling_and_version_choose_the_path() -> None:
    played = rehearse(query(SESSION, SOQL, version="v60.0", tooling=True), a_reply(a_page()))
    assert urlsplit(played.requests[0].url).path == "/services/data/v60.0/tooling/query/"
    assert played.result == []


def test_an_instance_url_with_a_slash_at_its_end_is_the_same_org() -> None:
    slashed = Session(f"{HOST}/", Secret("x"))
    played = rehearse(query(slashed, SOQL), a_reply(a_page(1)))
    assert played.requests[0].url.startswith(f"{HOST}/services/data/")


@pytest.mark.parametrize("prefix", ["", HOST])
def test_the_next_page_is_followed_verbatim(prefix: str) -> None:
    following = "/services/data/v66.0/query/01gD0000002HU6KIAW-2000"
    played = rehearse(
        query(SESSION, SOQL),
        a_reply(a_page(1, following=prefix + following)),
        a_reply(a_page(2)),
    )
    assert played.requests[1].url == HOST + following
    assert ids(played.result) == ["0051", "0052"]


def test_no_more_is_asked_than_max_rows_needs() -> None:
    following = "/services/data/v66.0/query/01g-3"
    enough = rehearse(
        query(SESSION, SOQL, max_rows=2), a_reply(a_page(1, 2, 3, following=following))
    )
    assert ids(enough.result) == ["0051", "0052"]


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/services/data/v66.0/query/01g",
        "//evil.example/services/data/v66.0/query/01g",
        f"{HOST}.evil.example/services/data/v66.0/query/01g",
        "/secur/frontdoor.jsp",
    ],
)
def test_the_token_does_not_follow_a_next_page_to_another_place(following: str) -> None:
    with pytest.raises(Malformed, match="another host"):
        rehearse(query(SESSION, SOQL), a_reply(a_page(1, following=following)))


def test_pages_that_go_round_in_circles_end() -> None:
    following = "/services/data/v66.0/query/01g-1"
    with pytest.raises(Malformed, match="refers to itself"):
        rehearse(
            query(SESSION, SOQL),
            a_reply(a_page(1, following=following)),
            a_reply(a_page(2, following=following)),
        )


@pytest.mark.parametrize(
    ("reply", "error", "description", "channel"),
    [
        (
            a_reply(
                [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}], 401
            ),
            "INVALID_SESSION_ID",
            "Session expired or invalid",
            "rest",
        ),
        (
            a_reply([{"message": "that&#39;s all", "errorCode": "X", "fields": ["Id"]}], 400),
            "X",
            "that's all",
            "rest",
        ),
        (a_reply([{"errorCode": "NOT_FOUND"}], 404), "NOT_FOUND", "", "rest"),
        (
            a_reply({"error": "invalid_grant", "error_description": "no"}, 400),
            "invalid_grant",
            "no",
            "rest",
        ),
        (a_reply(b"Bad_OAuth_Token", 403, "text/html"), "Bad_OAuth_Token", "", "text"),
    ],
)
def test_a_refusal_keeps_code_and_message(
    reply: Reply, error: str, description: str, channel: str
) -> None:
    with pytest.raises(Refused) as refused:
        rehearse(query(SESSION, SOQL), reply)
    said = refused.value
    assert (said.error, said.description, said.channel) == (error, description, channel)
    assert said.status == reply.status


def test_a_refusal_on_a_later_page_is_not_swallowed() -> None:
    following = "/services/data/v66.0/query/01g-1"
    dead = a_reply(
        [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}], 400
    )
    with pytest.raises(Refused, match="INVALID_QUERY_LOCATOR"):
        rehearse(query(SESSION, SOQL), a_reply(a_page(1, following=following)), dead)


@pytest.mark.parametrize(
    "reply",
    [
        a_reply(b"<html>maintenance</html>", 503, "text/html"),
        a_reply(b"", 404, ""),
        a_reply({}, 200),
        a_reply([], 200),
        a_reply([], 400),
        a_reply({"records": [1]}, 200),
        a_reply(b"[" * 100_000, 200),
        Reply(302, {"location": "https://acme.lightning.force.com/"}, b"", HOST),
        Reply(302, {"location": "http://[bad"}, b"", HOST),
        Reply(200, {}, b"{}", HOST, truncated=True),
    ],
)
def test_an_answer_that_is_no_page_of_records_is_malformed(reply: Reply) -> None:
    with pytest.raises(Malformed):
        rehearse(query(SESSION, SOQL), reply)


def test_a_redirect_names_where_it_would_have_led() -> None:
    away = Reply(302, {"location": "https://acme.lightning.force.com/x"}, b"", f"{HOST}/x")
    with pytest.raises(Malformed, match=r"acme\.lightning\.force\.com"):
        rehearse(good_call(SESSION), away)


@pytest.mark.parametrize("error", [NotSent("dns"), OutcomeUnknown("reset")])
def test_the_network_is_not_hidden(error: NotSent | OutcomeUnknown) -> None:
    with pytest.raises(type(error)):
        rehearse(query(SESSION, SOQL), error)


def test_a_good_call_says_what_was_asked_and_of_whom() -> None:
    played = rehearse(good_call(SESSION), a_reply({"sobjects": "/x", "query": "/y"}))
    assert played.requests[0].url == f"{HOST}/services/data/{VERSION}/"
    said = f"GET /services/data/{VERSION}/ on acme.my.salesforce.com answered 2 resources"
    assert played.result == said


def test_a_good_call_that_gets_something_else_is_not_good() -> None:
    with pytest.raises(Malformed):
        rehearse(good_call(SESSION), a_reply(["x"]))
    with pytest.raises(Refused):
        rehearse(
            good_call(SESSION),
            a_reply([{"message": "no", "errorCode": "API_DISABLED_FOR_ORG"}], 403),
        )


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["records", "done", "nextRecordsUrl", "errorCode", "message", "error"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)


@given(st.one_of(st.binary(max_size=50), _JSON), st.integers(100, 599))
def test_any_answer_is_records_a_refusal_or_malformed(body: object, status: int) -> None:
    try:
        played = rehearse(query(SESSION, SOQL, max_rows=1), a_reply(body, status))
    except (Refused, Malformed):
        return
    assert isinstance(played.result, list)


# --- literals ------------------------------------------------------------------------------------


def read_literal(literal: str) -> str:
    """What SOQL reads: the escapes of the SOQL reference, one by one."""
    assert literal.startswith("'")
    assert literal.endswith("'")
    plain = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'", '"': '"', "\\": "\\"}
    text, letters = "", iter(literal[1:-1])
    for letter in letters:
        assert letter != "'", "the literal ends too early"
        text += plain[next(letters)] if letter == "\\" else letter
    return text


@given(st.text())
def test_a_text_comes_back_from_its_literal_and_cannot_leave_it(text: str) -> None:
    assert read_literal(soql_text(text)) == text


def test_a_time_is_written_in_utc_and_whole_seconds() -> None:
    east = timezone(timedelta(hours=2))
    at = datetime(2026, 11, 22, 11, 0, 5, 999_999, tzinfo=east)
    assert soql_time(at) == "2026-11-22T09:00:05Z"
    assert soql_time(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00Z"
