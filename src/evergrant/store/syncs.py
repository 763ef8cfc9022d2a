"""Syncs: what an integration reported of its own work with a connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.tables import sync as table

KEPT = 200
"""So many reports of a connection are remembered."""


@dataclass(frozen=True, slots=True)
class Sync:
    """One report."""

    connection: str
    at: datetime
    succeeded: bool
    detail: str = ""
    records: int = 0
    """How many records it moved, as the integration says."""
    cleared_at: datetime | None = None
    """When a later success made a failure a thing of the past."""


def add(tx: Tx, told: Sync) -> None:
    """Remember a report; the oldest beyond `KEPT` are forgotten."""
    values = {
        "connection": told.connection,
        "at": told.at,
        "succeeded": told.succeeded,
        "detail": told.detail,
        "records": told.records,
    }
    tx.execute(sa.insert(table).values(values))
    newest = sa.select(table.c.seq).where(table.c.connection == told.connection)
    oldest = tx.execute(newest.order_by(table.c.seq.desc()).offset(KEPT).limit(1)).scalar()
    if oldest is not None:
        mine = table.c.connection == told.connection, table.c.seq <= oldest
        tx.execute(sa.delete(table).where(*mine))


def last_success(tx: Tx, connection_id: str) -> datetime | None:
    """When a sync last succeeded; None when none was ever reported."""
    mine = table.c.connection == connection_id, table.c.succeeded.is_(True)
    return tx.execute(sa.select(sa.func.max(table.c.at)).where(*mine)).scalar()


def errors(tx: Tx, connection_id: str) -> Sequence[Sync]:
    """The failures that no success has cleared yet, newest first."""
    mine = table.c.connection == connection_id, table.c.succeeded.is_(False)
    wanted = sa.select(table).where(*mine, table.c.cleared_at.is_(None))
    return [_read(row) for row in tx.execute(wanted.order_by(table.c.seq.desc()))]


def clear(tx: Tx, connection_id: str, success: datetime, now: datetime) -> int:
    """A success clears the failures up to its time; returns how many there were."""
    mine = table.c.connection == connection_id, table.c.succeeded.is_(False)
    open_ = table.c.cleared_at.is_(None), table.c.at <= success
    past = sa.update(table).where(*mine, *open_).values(cleared_at=now)
    return tx.execute(past).rowcount


def _read(row: sa.Row[Any]) -> Sync:
    return Sync(row.connection, row.at, row.succeeded, row.detail, row.records, row.cleared_at)
