"""One round: every connection that is due is checked, every notice that waits is delivered.

Our rows are the truth: a process that dies in the middle loses nothing, because its leases end and
the rows are claimed again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evergrant.keeper import Keeper
from evergrant.keeper.record import CHECK
from evergrant.keeper.revoking import is_any_due, revoke_waiting
from evergrant.store import due, flows
from evergrant.watch.chores import do_chores
from evergrant.watch.delivery import deliver
from evergrant.watch.sweep import JOB, Sweep

LOOK_S = 0.1
"""While checks go on, notices are looked for this often."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    checked: int = 0
    delivered: int = 0
    failed: int = 0

    @property
    def is_full(self) -> bool:
        """Whether it did all that one round may do, so that more may be waiting."""
        return self.checked >= JOB


def go_round(keeper: Keeper, owner: str, *, is_over: Callable[[], bool] = lambda: False) -> Round:
    """Carry out what is due now, once; ends early, with what is at hand, once `is_over`."""
    expire(keeper)
    do_chores(keeper)
    sweep = begin(keeper, owner, is_over)
    delivered = failed = 0
    while True:
        # A notice goes as soon as it is written: the next check may wait long for an answer.
        is_done = sweep.wait(LOOK_S)
        arrived, lost = deliver(keeper)
        delivered, failed = delivered + arrived, failed + lost
        if is_done:
            break
    if sweep.trouble is not None:
        raise sweep.trouble
    return Round(sweep.checked, delivered, failed)


def begin(keeper: Keeper, owner: str, is_over: Callable[[], bool]) -> Sweep:
    """Set hands to what is due now."""
    sweep = Sweep(keeper, owner, is_over=is_over)
    with keeper.reading() as tx:
        waiting = due.waiting(tx, keeper.clock.now(), kinds=(CHECK,), at_most=JOB)
    sweep.begin(waiting)
    return sweep


def expire(keeper: Keeper) -> None:
    """End the flows whose time is over, and go on with revocations that are not confirmed."""
    now = keeper.clock.now()
    keeper.engine.group.do(lambda tx: flows.expire(tx, now))
    if is_any_due(keeper):
        keeper.engine.later(lambda: revoke_waiting(keeper))
