"""The outbox: notices written with the change they tell of, delivered afterwards, at least once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from evergrant.model import Notice
from evergrant.store.engine import Tx
from evergrant.store.rows import new_id
from evergrant.store.scope import owner_in
from evergrant.store.tables import outbox as table

HIDDEN_FOR = timedelta(seconds=60)
"""How long a claimed notice is invisible to others; after it, an unfinished delivery is tried
again."""


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One notice on its way through one channel."""

    id: str
    """Stays the same over all attempts: receivers drop doubles by it."""
    channel: str
    notice: Notice
    attempts: int
    """This attempt's number, from 1; it also fences out an attempt that took too long."""


def put(tx: Tx, notice: Notice, *, channel: str, tenant: str = "") -> str:
    """Put a notice in the outbox for one channel, to go at once; returns its id.

    It is a tenant's, the transaction's own if none is named.
    """
    item = new_id("not")
    tx.execute(
        sa.insert(table).values(
            id=item,
            channel=channel,
            notice=notice,
            attempts=0,
            next_at=notice.at,
            error="",
            tenant=tenant or owner_in(tx),
        )
    )
    return item


def claim(tx: Tx, now: datetime, *, limit: int = 10) -> Sequence[OutboxItem]:
    """Take notices that are to go now, oldest first."""
    wanted = sa.select(table).where(table.c.delivered_at.is_(None), table.c.next_at <= now)
    rows = tx.execute(
        wanted.order_by(table.c.next_at).limit(limit).with_for_update(skip_locked=True)
    ).all()
    taken = sa.update(table).where(table.c.id.in_([row.id for row in rows]))
    tx.execute(taken.values(attempts=table.c.attempts + 1, next_at=now + HIDDEN_FOR))
    return [OutboxItem(r.id, r.channel, _notice(r.notice), r.attempts + 1) for r in rows]


def delivered(tx: Tx, item: OutboxItem, at: datetime) -> None:
    """The notice arrived; even a late attempt says so."""
    arrived = {"delivered_at": at, "next_at": None, "error": ""}
    tx.execute(sa.update(table).where(table.c.id == item.id).values(arrived))


def failed(tx: Tx, item: OutboxItem, error: str, *, retry_at: datetime | None) -> bool:
    """The attempt failed; None gives up.  False when another attempt has begun since."""
    mine = table.c.id == item.id, table.c.attempts == item.attempts, table.c.delivered_at.is_(None)
    result = tx.execute(sa.update(table).where(*mine).values(error=error, next_at=retry_at))
    return bool(result.rowcount)


def is_waiting(tx: Tx, now: datetime) -> bool:
    """Whether a notice is to go now."""
    wanted = sa.select(table.c.id).where(table.c.delivered_at.is_(None), table.c.next_at <= now)
    return tx.execute(wanted.limit(1)).first() is not None


def waiting(tx: Tx) -> int:
    """How many notices are still on their way."""
    wanted = sa.select(sa.func.count()).select_from(table).where(table.c.next_at.is_not(None))
    return int(tx.execute(wanted).scalar_one())


def _notice(data: Mapping[str, Any]) -> Notice:
    return Notice(**{**data, "at": datetime.fromisoformat(data["at"])})
