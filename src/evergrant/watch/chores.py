"""What falls due besides checks, and is done in the store alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from evergrant.keeper import Keeper
from evergrant.keeper.awaiting import SYNC
from evergrant.keeper.flapping import SETTLED
from evergrant.keeper.record import settle
from evergrant.keeper.syncs import alarm
from evergrant.store import Tx, due

CHORES: Mapping[str, Callable[[Keeper, Tx, str], None]] = {SETTLED: settle, SYNC: alarm}
"""Kind of a due row → what is done when its time has come.  One more row is one more chore."""
MOST = 100


def do_chores(keeper: Keeper) -> int:
    """Do what is due now: each in one transaction with its row; returns how many."""

    def next_one(tx: Tx) -> bool:
        now = keeper.clock.now()
        found = due.claim(tx, now, owner="chores", limit=1, kinds=tuple(CHORES))
        for row in found:
            CHORES[row.kind](keeper, tx, row.connection)
            due.done(tx, row)
        return bool(found)

    for done in range(MOST):
        if not keeper.engine.group.do(next_one):
            return done
    return MOST
