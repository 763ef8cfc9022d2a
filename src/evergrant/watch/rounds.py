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
    checked = _check_due(keeper, owner)
    delivered, failed = _deliver_waiting(keeper)
    return Round(checked, delivered, failed)


def _check_due(keeper: Keeper, owner: str) -> int:
    now = keeper.clock.now()
    with keeper.writing() as tx:
        claimed = due.claim(tx, now, owner=owner, limit=BATCH, kinds=(CHECK,))
    for row in claimed:
        _check(keeper, row)
    return len(claimed)


def _check(keeper: Keeper, row: due.Due) -> None:
    try:
        check(keeper, row.connection)
    except EvergrantError as error:
        log.warning("check of %s: %s", row.connection, error.what)
        with keeper.writing() as tx:
            due.postpone(tx, row, keeper.clock.now() + FIRST_RETRY)
        return
    with keeper.writing() as tx:
        due.done(tx, row)


def _deliver_waiting(keeper: Keeper) -> tuple[int, int]:
    with keeper.writing() as tx:
        claimed = outbox.claim(tx, keeper.clock.now(), limit=BATCH)
    failed = 0
    for item in claimed:
        failed += not _deliver(keeper, item)
    return len(claimed) - failed, failed


def _deliver(keeper: Keeper, item: outbox.OutboxItem) -> bool:
    now = keeper.clock.now()
    delivery = Delivery(item.id, item.notice, now)
    try:
        keeper.say(CHANNELS[item.channel](delivery, targets(keeper.settings)))
    except EvergrantError as error:
        wait = min(FIRST_RETRY * 2 ** min(item.attempts, 10), LONGEST_RETRY)
        with keeper.writing() as tx:
            outbox.failed(tx, item, error.what, retry_at=now + wait)
        return False
    with keeper.writing() as tx:
        outbox.delivered(tx, item, now)
    return True
