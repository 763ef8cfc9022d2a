"""A connection's own events by time, and what its siblings say of the reach."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evergrant.evidence import Gathered, Wanted, together
from evergrant.evidence.own_moments import read
from evergrant.health import State
from evergrant.model import App, Connection, Event, Identity, Integration, Unknown
from evidence_kit import NOW

ORBIT = Integration(
    "orbit", "Orbit", "Orbit Sync", "Orbit Data", App("key"), "web_server", "https://x.example"
)


def connection(number: int = 1, state: State = State.NEEDS_REAUTHORIZATION) -> Connection:
    who = Identity(f"00D00000000000{number}", "005000000000001", f"int@org{number}.example")
    return Connection(f"c{number}", "orbit", f"Org {number}", state, "https://x.example", who)


def event(kind: str, hours_ago: float, **data: object) -> Event:
    return Event(NOW - timedelta(hours=hours_ago), kind, f"{kind} happened", data)


EVENTS = [
    event("connected", 50, refresh_token="aaa111"),
    event("renewed", 40, spent="aaa111", rotated=True),
    event("configured", 30),
    event("renewed", 20, spent="bbb222", rotated=True, worker="host:7"),
    event("refused", 3, error="invalid_grant", spent="aaa111"),
    event("refused", 2, error="invalid_grant", spent="aaa111"),
    event("proofs", 1),
]


def lines(*events: Event) -> list[str]:
    return [each.text for each in read(connection(), ORBIT, events).moments]


def test_each_use_of_a_token_names_its_generation_and_who_used_it() -> None:
    told = lines(*EVENTS)
    assert "(refresh token aaa111, generation 2)" in told[1]
    assert "(refresh token bbb222, generation 3 by host:7)" in told[3]
    assert "aaa111" in told[4]


def test_a_new_authorization_begins_with_the_first_generation() -> None:
    again = event("reauthorized", 1.5), event("renewed", 1, spent="ccc333", rotated=False)
    assert "generation 1" in lines(*EVENTS, *again)[-1]


def test_the_break_and_what_we_changed_before_are_named() -> None:
    own = read(connection(), ORBIT, EVENTS)
    line = together(own, Wanted("Orbit Sync", "int@org1.example", now=NOW)).timeline
    assert line.first_failure is not None
    assert line.first_failure.at == NOW - timedelta(hours=3)
    assert line.last_success is not None
    assert line.last_success.at == NOW - timedelta(hours=20)
    assert line.last_change is not None
    assert line.last_change.text.startswith("configured")
    assert line.last_act is None


def test_what_we_changed_is_no_act_of_an_admin() -> None:
    found = together(read(connection(), ORBIT, EVENTS), Wanted(now=NOW))
    assert "audit.last_act" not in {fact.name for fact in found.facts}


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ((State.CONNECTED, State.CONNECTED), "one org"),
        ((State.NEEDS_REAUTHORIZATION, State.BLOCKED_BY_ADMIN), "all orgs"),
        ((State.PAUSED, State.REMOVED), None),
        ((), None),
    ],
)
def test_how_other_customers_fare_tells_the_reach(
    others: tuple[State, ...], expected: str | None
) -> None:
    siblings = [connection(), *(connection(n, state) for n, state in enumerate(others, 2))]
    own = read(connection(), ORBIT, EVENTS, siblings)
    reach = together(Gathered().with_(own), Wanted("Orbit Sync", now=NOW)).timeline.reach
    assert (None if isinstance(reach, Unknown) else reach) == expected
