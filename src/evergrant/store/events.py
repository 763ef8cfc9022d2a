"""Events: a connection's history, append-only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from evergrant.model import Event
from evergrant.store.engine import Tx
from evergrant.store.prepared import Prepared
from evergrant.store.tables import event as table

_ADD = Prepared(sa.insert(table), ["connection", "at", "kind", "text", "data"])


def add(tx: Tx, connection_id: str, event: Event) -> None:
    """Append one line to the connection's history; its text and data are redacted."""
    add_each(tx, [(connection_id, event)])


def add_each(tx: Tx, lines: Sequence[tuple[str, Event]]) -> None:
    """Append one line each to the histories of these connections."""
    many = (
        {"connection": whose, "at": event.at, "kind": event.kind, "text": event.text}
        | {"data": event.data}
        for whose, event in lines
    )
    _ADD.run_all(tx, list(many))


def count_since(tx: Tx, connection_id: str, kind: str, since: datetime) -> int:
    """How many events of a kind a connection has had since then."""
    mine = table.c.connection == connection_id, table.c.kind == kind, table.c.at >= since
    return int(tx.execute(sa.select(sa.func.count()).select_from(table).where(*mine)).scalar_one())


def of_kinds(tx: Tx, connection_id: str, kinds: Collection[str], *, limit: int) -> Sequence[Event]:
    """The connection's last events of these kinds, newest first, however long ago they were."""
    wanted = sa.select(table).where(table.c.connection == connection_id, table.c.kind.in_(kinds))
    rows = tx.execute(wanted.order_by(table.c.seq.desc()).limit(limit))
    return [Event(row.at, row.kind, row.text, row.data) for row in rows]


def recent(tx: Tx, connection_id: str, *, limit: int = 50) -> Sequence[Event]:
    """The connection's last events, newest first."""
    wanted = sa.select(table).where(table.c.connection == connection_id)
    rows = tx.execute(wanted.order_by(table.c.seq.desc()).limit(limit))
    return [Event(row.at, row.kind, row.text, row.data) for row in rows]
