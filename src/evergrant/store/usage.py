"""Use: when an application last asked for a connection's token."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.tables import usage as table
from evergrant.store.upsert import put


def mark(tx: Tx, connection_id: str, at: datetime) -> None:
    """The connection was used."""
    put(tx, table, {"connection": connection_id}, new={"used_at": at}, changed={"used_at": at})


def last(tx: Tx, connection_id: str) -> datetime | None:
    """When it was used last; None when nobody ever asked."""
    wanted = sa.select(table.c.used_at).where(table.c.connection == connection_id)
    return tx.execute(wanted).scalar_one_or_none()
