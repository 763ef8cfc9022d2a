"""One round: every connection that is due is checked, every notice that waits is delivered.

Our rows are the truth: a process that dies in the middle loses nothing, because its leases end and
the rows are claimed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from evergrant.errors import EvergrantError
from evergrant.keeper import Keeper, check
from evergrant.keeper.record import CHECK
from evergrant.log import logger
from evergrant.notify import CHANNELS, Delivery, targets
from evergrant.store import due, flows, outbox

BATCH = 50
"""The most checks, and the most deliveries, of one round."""
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=1)

log = logger("watch")


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    checked: int = 0
    delivered: int = 0
    failed: int = 0


def go_round(keeper: Keeper, owner: str) -> Round:
    """Carry out what is due now, once."""
    with keeper.writing() as tx:
        flows.expire(tx, keeper.clock.now())
    checked = delivered = failed = 0
    while checked < BATCH:
        # A notice goes as soon as it is written: the next check may wait long for an answer.
        arrived, lost = _deliver_waiting(keeper)
        delivered, failed = delivered + arrived, failed + lost
        if not _check_next(keeper, owner):
            break
        checked += 1
    return Round(checked, delivered, failed)


def _check_next(keeper: Keeper, owner: str) -> bool:
    """Check what is longest due; one row at a time, so that a lease begins when its check does."""
    with keeper.writing() as tx:
        claimed = due.claim(tx, keeper.clock.now(), owner=owner, limit=1, kinds=(CHECK,))
    for row in claimed:
        _check(keeper, row)
    return bool(claimed)


def _check(keeper: Keeper, row: due.Due) -> None:
    try:
        check(keeper, row.connection)
    except EvergrantError as error:
        log.warning("check of %s: %s", row.connection, error.what)
    except Exception:
        # A defect that one connection brings out must not keep the others from being looked at.
        log.exception("check of %s failed by a defect of Evergrant", row.connection)
    else:
        with keeper.writing() as tx:
            due.done(tx, row)
        return
    with keeper.writing() as tx:
        due.postpone(tx, row, keeper.clock.now() + FIRST_RETRY)


def _deliver_waiting(keeper: Keeper) -> tuple[int, int]:
    failed = 0
    for done in range(BATCH):
        with keeper.writing() as tx:
            claimed = outbox.claim(tx, keeper.clock.now(), limit=1)
        if not claimed:
            return done - failed, failed
        failed += not _deliver(keeper, claimed[0])
    return BATCH - failed, failed


def _deliver(keeper: Keeper, item: outbox.OutboxItem) -> bool:
    now = keeper.clock.now()
    delivery = Delivery(item.id, item.notice, now)
    try:
        keeper.say(CHANNELS[item.channel](delivery, targets(keeper.settings)))
    except EvergrantError as error:
        wait = min(FIRST_RETRY * 2 ** min(item.attempts - 1, 10), LONGEST_RETRY)
        with keeper.writing() as tx:
            outbox.failed(tx, item, error.what, retry_at=now + wait)
        return False
    with keeper.writing() as tx:
        outbox.delivered(tx, item, now)
    return True
