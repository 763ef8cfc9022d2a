"""The right to spend a connection's refresh token: one holder at a time, over all processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

from evergrant.errors import CouldNotLook
from evergrant.keeper.keeper import Keeper
from evergrant.model import Connection
from evergrant.store import Tx, due
from evergrant.store.due import Due

RENEW = "renew"
"""Kind of the due row whose lease is that right."""
LOOKS = 150
LOOK_EVERY_S = 0.2


@contextmanager
def alone(keeper: Keeper, connection: Connection) -> Iterator[None]:
    """Hold the right for the length of the block; waits for whoever has it.

    The lease is lengthened while this process lives; who died holds nobody up for longer.

    Raises `CouldNotLook` when it does not become free within half a minute.
    """
    lease = _take(keeper, connection)
    try:
        with keeper.engine.hands.heart.holding(lease):
            yield
    finally:
        keeper.engine.group.do(lambda tx: due.done(tx, lease))


def _take(keeper: Keeper, connection: Connection) -> Due:
    me, lasts = f"check-{uuid4().hex[:8]}", timedelta(seconds=keeper.engine.rules.lease_s)

    def take(tx: Tx) -> Due | None:
        now = keeper.clock.now()
        return due.take(tx, RENEW, connection.id, now, owner=me, lease=lasts)

    for _ in range(LOOKS):
        lease = keeper.engine.group.do(take)
        if lease is not None:
            return lease
        keeper.clock.sleep(LOOK_EVERY_S)
    raise CouldNotLook(
        "unreachable", f"{connection.name} is being checked elsewhere", next_step="try again"
    )
