"""The states of a connection: every pair of state and signal, and what can never happen."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.health import BROKEN, TRANSITIONS, WATCHED, Signal, State, after

LIVE = {
    State.CONNECTED,
    State.EXPIRING_SOON,
    State.DEGRADED,
    State.NEEDS_REAUTHORIZATION,
    State.BLOCKED_BY_ADMIN,
}
# What follows, said a second time and in another way than the table: a column a signal, a row a
# group of states; '=' means that nothing changes.
SIGNALS = [
    Signal.PROVED,
    Signal.EXPIRY_NEAR,
    Signal.TROUBLED,
    Signal.CREDENTIAL_DEAD,
    Signal.REFUSED_BY_POLICY,
    Signal.IDENTITY_DIFFERS,
    Signal.HOLD_RELEASED,
    Signal.PAUSE,
    Signal.RESUME,
    Signal.REMOVE,
]
WORKS = "connected|expiring soon|degraded|needs reauthorization|blocked by admin|on hold|=|paused|="
DEAD = "connected|expiring soon|=|needs reauthorization|blocked by admin|on hold|=|paused|="
EXPECTED = {
    State.CONNECTED: f"{WORKS}|removed",
    State.EXPIRING_SOON: f"{WORKS}|removed",
    State.DEGRADED: f"{DEAD}|removed",
    State.NEEDS_REAUTHORIZATION: f"{DEAD}|removed",
    State.BLOCKED_BY_ADMIN: f"{DEAD}|removed",
    State.ON_HOLD: "=|=|=|=|=|on hold|degraded|paused|=|removed",
    State.PAUSED: "=|=|=|=|=|=|=|=|degraded|removed",
    State.REMOVED: "=|=|=|=|=|=|=|=|=|=",
}


@pytest.mark.parametrize(("state", "signal"), list(product(State, Signal)))
def test_what_follows_a_state_and_a_signal(state: State, signal: Signal) -> None:
    word = EXPECTED[state].split("|")[SIGNALS.index(signal)]
    assert after(state, signal) == (state if word == "=" else State(word))


def test_the_expectations_name_every_state_and_every_signal() -> None:
    assert set(EXPECTED) == set(State)
    assert set(SIGNALS) == set(Signal)
    assert {len(row.split("|")) for row in EXPECTED.values()} == {len(Signal)}


@given(st.lists(st.sampled_from(list(Signal))))
def test_removed_is_the_end(signals: list[Signal]) -> None:
    state = State.REMOVED
    for signal in signals:
        state = after(state, signal)
    assert state is State.REMOVED


@given(st.lists(st.sampled_from(sorted(set(Signal) - {Signal.RESUME, Signal.REMOVE}))))
def test_paused_learns_nothing(signals: list[Signal]) -> None:
    state = State.PAUSED
    for signal in signals:
        state = after(state, signal)
    assert state is State.PAUSED


@given(st.sampled_from(list(State)), st.lists(st.sampled_from(list(Signal))))
def test_only_a_person_leads_out_of_on_hold(start: State, signals: list[Signal]) -> None:
    state = start
    for signal in signals:
        before, state = state, after(state, signal)
        if before is State.ON_HOLD and state is not State.ON_HOLD:
            assert signal in {Signal.HOLD_RELEASED, Signal.PAUSE, Signal.REMOVE}


@given(st.sampled_from(sorted(LIVE)), st.lists(st.just(Signal.TROUBLED), min_size=1))
def test_trouble_on_the_way_never_buries_and_never_revives(
    state: State, signals: list[Signal]
) -> None:
    found = state
    for signal in signals:
        found = after(found, signal)
    assert (found in BROKEN) == (state in BROKEN)
    assert found not in {State.CONNECTED, State.EXPIRING_SOON}


@pytest.mark.parametrize("state", sorted(LIVE))
def test_one_proof_connects_whatever_lives(state: State) -> None:
    assert after(state, Signal.PROVED) is State.CONNECTED


def test_every_state_can_be_reached_and_every_transition_is_from_a_state_that_can_be() -> None:
    reached, before = {State.CONNECTED}, set[State]()
    while reached != before:
        before = set(reached)
        reached |= {target for (state, _), target in TRANSITIONS.items() if state in reached}
    assert reached == set(State)


def test_what_lives_is_watched_and_what_is_broken_needs_a_person() -> None:
    assert set(WATCHED) == LIVE - {State.NEEDS_REAUTHORIZATION}
    assert set(BROKEN) == {State.NEEDS_REAUTHORIZATION, State.BLOCKED_BY_ADMIN, State.ON_HOLD}
