"""A failure of a conversation and a connection's own history become facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evergrant.errors import Malformed, NotSent, OutcomeUnknown, Refused
from evergrant.evidence import SOURCES, of_failure, of_history
from evergrant.health import State
from evergrant.model import App, Connection, Event, Fact, Integration

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
INTEGRATION = Integration(
    "orbit", "Orbit", "Orbit Sync", "Orbit Data", App("key"), "web_server", "https://x.example"
)
JWT = Integration("j", "J", "J", "J", App("key"), "jwt_bearer", "https://x.example")
CONNECTION = Connection("c1", "orbit", "Acme", State.CONNECTED, "https://x.example")


def values(facts: list[Fact]) -> dict[str, object]:
    return {fact.name: fact.value for fact in facts}


def event(kind: str, hours_ago: float, **data: object) -> Event:
    return Event(NOW - timedelta(hours=hours_ago), kind, f"{kind} happened", data)


def history(*events: Event, integration: Integration = INTEGRATION) -> dict[str, object]:
    return values(of_history(CONNECTION, integration, events, now=NOW))


@pytest.mark.parametrize(
    ("channel", "names"),
    [
        ("json", ("token_reply.error", "token_reply.description")),
        ("xml", ("token_reply.error", "token_reply.description")),
        ("html", ("page.error", "page.description")),
        ("redirect", ("page.error", "page.description")),
        ("rest", ("api_reply.error", "api_reply.message")),
    ],
)
def test_the_channel_says_who_refused(channel: str, names: tuple[str, str]) -> None:
    found = values(of_failure(Refused("a_code", "its words", channel=channel), at=NOW))
    assert found == {names[0]: "a_code", names[1]: "its words"}


def test_the_flow_is_a_fact_and_the_source_is_named() -> None:
    found = of_failure(Refused("invalid_grant"), flow="refresh_token", at=NOW)
    assert values(found)["request.flow"] == "refresh_token"
    assert {fact.source for fact in found} == {"token_reply"}
    assert {fact.observed_at for fact in found} == {NOW}


@pytest.mark.parametrize(
    ("failure", "value"),
    [
        (NotSent("could not reach x", why="[Errno -2] Name or service not known"), "dns"),
        (NotSent("could not reach x", why="certificate verify failed"), "tls"),
        (NotSent("could not reach x", why="Connection refused"), "refused"),
        (OutcomeUnknown("no answer from x", why="read timeout"), "timeout"),
        (OutcomeUnknown("no answer from x"), "timeout"),
        (Malformed("an HTML page came"), "html instead of json"),
    ],
)
def test_a_network_failure_is_named(failure: NotSent, value: str) -> None:
    assert values(of_failure(failure)) == {"network.failure": value}


def test_a_missing_refresh_token_is_the_clients_own_complaint() -> None:
    found = values(of_failure(Refused("no refresh token", "it never gave one", channel="own")))
    assert found == {"client.complaint": "no refresh token"}


def test_a_refusal_never_shows_a_secret() -> None:
    secret = "00D5g000004XyZq!AQEAQFakeAccessTokenForTests1234567890abcdefghijklm"
    found = of_failure(Refused("invalid_grant", f"token {secret} is dead"))
    assert secret not in repr(found)


def test_an_empty_history_says_no_more_than_the_integration_does() -> None:
    assert history() == {"own.secret_sent": False}
    assert history(integration=JWT) == {}


def test_a_history_knows_when_it_last_worked_and_how_old_the_token_is() -> None:
    found = history(event("connected", 240), event("renewed", 48, rotated=False))
    assert found["own.ever_worked"] is True
    assert found["own.days_idle"] == 2.0
    assert found["own.refresh_token_age_days"] == 10.0
    assert found["own.ever_refreshed"] is True
    assert found["own.rotation_seen"] is False


def test_a_rotated_token_is_as_old_as_its_rotation() -> None:
    found = history(event("connected", 240), event("renewed", 24, rotated=True, spent="a"))
    assert found["own.refresh_token_age_days"] == 1.0
    assert found["own.rotation_seen"] is True


def test_a_token_that_is_sent_again_after_its_rotation_is_seen() -> None:
    once = event("renewed", 5, spent="a", rotated=True)
    assert history(once)["own.same_token_sent_twice"] is False
    assert history(once, event("refused", 4, spent="a"))["own.same_token_sent_twice"] is True


def test_a_token_that_is_not_rotated_may_be_sent_again() -> None:
    found = history(event("renewed", 5, spent="a", rotated=False), event("renewed", 4, spent="a"))
    assert found["own.same_token_sent_twice"] is False


def test_one_code_sent_twice_is_seen() -> None:
    found = history(
        event("code sent", 1, code="f", code_age_s=3), event("code sent", 0.9, code="f")
    )
    assert (found["own.code_sent_twice"], found["own.code_age_s"]) == (True, 3)


def test_authorizations_of_the_last_month_are_counted() -> None:
    found = history(event("connected", 2000), *(event("reauthorized", n) for n in (9, 8, 7)))
    assert found["own.authorizations"] == 3


def test_the_last_refusal_counts_until_it_works_again() -> None:
    refused = event("refused", 2, error="invalid_grant", description="inactive user")
    assert history(refused)["token_reply.description"] == "inactive user"
    assert "token_reply.description" not in history(refused, event("call succeeded", 1))


def test_a_refused_call_is_an_api_refusal() -> None:
    refused = event("refused", 2, error="INVALID_SESSION_ID", description="Session expired")
    assert history(refused)["api_reply.error"] == "INVALID_SESSION_ID"


def test_a_flow_without_refresh_tokens_says_nothing_of_them() -> None:
    found = history(event("connected", 9, refresh_token=""), integration=JWT)
    assert "own.has_refresh_token" not in found
    assert "own.ever_refreshed" not in found
    assert found["own.ever_worked"] is True


def test_every_source_is_in_the_table() -> None:
    assert {"text", "token_reply", "own_history", "live_org"} < set(SOURCES)
    assert all(source.id == id_ for id_, source in SOURCES.items())
