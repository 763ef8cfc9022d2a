"""Flapping: a connection that breaks and recovers again and again is told of once, not each time.

Every change of state stays an event.  What is damped is the notice: after so many changes within an
hour there is one that says so, then silence, and one more when it has kept still for an hour.
"""

from __future__ import annotations

from datetime import timedelta

from evergrant.health import BROKEN
from evergrant.keeper.keeper import Keeper
from evergrant.store import Tx, connections, due, events

CHANGED = "state changed"
"""Kind of the events of changes."""
SETTLED = "settled"
"""Kind of the due rows at whose time a flapping connection has kept still, and of their events."""
FLAPS, WITHIN = 6, timedelta(hours=1)
"""So many changes of state within that time are flapping."""


def damped(keeper: Keeper, tx: Tx, connection_id: str, kind: str) -> str:
    """What to tell of a change that was just written down: `kind`, `flapping`, or nothing."""
    now = keeper.clock.now()
    changes = events.count_since(tx, connection_id, CHANGED, now - WITHIN)
    if changes < FLAPS:
        return kind
    is_told = SETTLED in due.times(tx, connection_id)
    due.schedule(tx, SETTLED, connection_id, now + WITHIN)
    return "" if is_told else "flapping"


def settled(tx: Tx, connection_id: str) -> tuple[str, str]:
    """What to tell of a connection that has kept still: the kind of the notice, and the words."""
    state = connections.by_id(tx, connection_id).state
    return ("broken" if state in BROKEN else "recovered"), f"no change for an hour: {state}"
