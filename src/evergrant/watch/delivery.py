"""Delivering the notices that wait in the outbox, each through its channel, at least once."""

from __future__ import annotations

from datetime import timedelta

from evergrant.errors import EvergrantError
from evergrant.keeper import Keeper
from evergrant.notify import CHANNELS, Delivery, targets
from evergrant.store import outbox
from evergrant.telemetry import span

BATCH = 50
"""The most deliveries in one go."""
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=1)


def deliver(keeper: Keeper) -> tuple[int, int]:
    """Deliver what is to go now; how many arrived, and how many failed."""
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
        with span("delivery"):
            keeper.say(CHANNELS[item.channel](delivery, targets(keeper.settings)))
    except EvergrantError as error:
        wait = min(FIRST_RETRY * 2 ** min(item.attempts - 1, 10), LONGEST_RETRY)
        with keeper.writing() as tx:
            outbox.failed(tx, item, error.what, retry_at=now + wait)
        return False
    with keeper.writing() as tx:
        outbox.delivered(tx, item, now)
    return True
