"""The states of a connection, and the one table that says how they change.

Everything that affects the state of a connection is in this file.  The function is pure: keeper
calls it, stores what it answers and writes the event; docs and pages are drawn from the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class State(StrEnum):
    """What a connection is, in one word; the values are the words of CLI, JSON and pages."""

    CONNECTED = "connected"
    EXPIRING_SOON = "expiring soon"
    DEGRADED = "degraded"
    NEEDS_REAUTHORIZATION = "needs reauthorization"
    BLOCKED_BY_ADMIN = "blocked by admin"
    ON_HOLD = "on hold"
    PAUSED = "paused"
    REMOVED = "removed"


class Signal(StrEnum):
    """What was learned about a connection, or asked of it."""

    PROVED = "proved"
    """A call with the credential succeeded."""
    EXPIRY_NEAR = "expiry near"
    """It works, and an idle limit, a lifetime or a certificate ends soon."""
    TROUBLED = "troubled"
    """A failure that says nothing about the credential: network, outage, rate limit, contention."""
    CREDENTIAL_DEAD = "credential dead"
    """Evidence about the current credential: only a new authorization helps."""
    REFUSED_BY_POLICY = "refused by policy"
    """The org's admin must change something before a new authorization can succeed."""
    IDENTITY_DIFFERS = "identity differs"
    """Another org or user came back from a reauthorization; nothing was replaced."""
    HOLD_RELEASED = "hold released"
    """A person chose: keep the one before, or switch."""
    PAUSE = "pause"
    RESUME = "resume"
    REMOVE = "remove"


_LIVE = (
    State.CONNECTED,
    State.EXPIRING_SOON,
    State.DEGRADED,
    State.NEEDS_REAUTHORIZATION,
    State.BLOCKED_BY_ADMIN,
)
_LEARNED = {
    Signal.PROVED: State.CONNECTED,
    Signal.EXPIRY_NEAR: State.EXPIRING_SOON,
    Signal.CREDENTIAL_DEAD: State.NEEDS_REAUTHORIZATION,
    Signal.REFUSED_BY_POLICY: State.BLOCKED_BY_ADMIN,
    Signal.IDENTITY_DIFFERS: State.ON_HOLD,
    Signal.PAUSE: State.PAUSED,
}

TRANSITIONS: dict[tuple[State, Signal], State] = {
    # Whatever lives follows what was learned last.
    **{(state, signal): target for state in _LIVE for signal, target in _LEARNED.items()},
    # Trouble on the way degrades what worked; it neither revives nor buries what was dead.
    (State.CONNECTED, Signal.TROUBLED): State.DEGRADED,
    (State.EXPIRING_SOON, Signal.TROUBLED): State.DEGRADED,
    # On hold waits for a person; afterwards it is unproven until the next check.
    (State.ON_HOLD, Signal.HOLD_RELEASED): State.DEGRADED,
    (State.ON_HOLD, Signal.IDENTITY_DIFFERS): State.ON_HOLD,
    (State.ON_HOLD, Signal.PAUSE): State.PAUSED,
    # Paused learns nothing; resumed, it is unproven until the next check.
    (State.PAUSED, Signal.RESUME): State.DEGRADED,
    # Removal is the end from everywhere.
    **{(state, Signal.REMOVE): State.REMOVED for state in State if state is not State.REMOVED},
}


def after(state: State, signal: Signal) -> State:
    """The state that follows; a pair that is not in the table changes nothing."""
    return TRANSITIONS.get((state, signal), state)


BROKEN = frozenset({State.NEEDS_REAUTHORIZATION, State.BLOCKED_BY_ADMIN, State.ON_HOLD})
"""States in which the integration cannot work until a person acts."""

LIVE = frozenset(_LIVE)
"""States in which a person may ask for a check."""

WORKING = LIVE - BROKEN
"""States in which the integration can work."""

_FROM_BEST = (
    State.CONNECTED,
    State.EXPIRING_SOON,
    State.DEGRADED,
    State.NEEDS_REAUTHORIZATION,
    State.BLOCKED_BY_ADMIN,
)


def worst(states: Iterable[State]) -> State:
    """The worst of some live states: a block comes first, since nothing helps before it is gone."""
    return max(states, key=_FROM_BEST.index)


WATCHED = LIVE - {State.NEEDS_REAUTHORIZATION}
"""States in which the watch checks when due; a dead credential is never sent again by itself."""
