"""The audit log: who did what, append-only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.scope import owner_in
from evergrant.store.tables import audit_log as table

_COLUMNS = (table.c.seq, table.c.at, table.c.actor, table.c.act, table.c.subject, table.c.text)


@dataclass(frozen=True, slots=True)
class Deed:
    """One line: somebody did something to something."""

    seq: int
    at: datetime
    actor: str
    """`operator a1b2c3d4`, `link link_…`, `command line ada`, `api` …"""
    act: str
    subject: str
    """Id of the connection or of whatever else it was done to; may be ''."""
    text: str


def add(
    tx: Tx, at: datetime, actor: str, act: str, *, subject: str, text: str, tenant: str = ""
) -> None:
    """Append one line to the log of a tenant, the transaction's own if none is named; its text is
    redacted."""
    told = {"at": at, "actor": actor, "act": act, "subject": subject, "text": text}
    tx.execute(sa.insert(table).values(told | {"tenant": tenant or owner_in(tx)}))


def after(tx: Tx, seq: int = 0, *, since: datetime | None = None, limit: int) -> Sequence[Deed]:
    """The lines after `seq`, and not before `since`, oldest first."""
    wanted = sa.select(*_COLUMNS).where(table.c.seq > seq)
    if since is not None:
        wanted = wanted.where(table.c.at >= since)
    return [Deed(**row._mapping) for row in tx.execute(wanted.order_by(table.c.seq).limit(limit))]


def before(tx: Tx, seq: int = 0, *, limit: int) -> Sequence[Deed]:
    """The lines before `seq`, or all when it is 0, newest first."""
    wanted = sa.select(*_COLUMNS)
    if seq:
        wanted = wanted.where(table.c.seq < seq)
    rows = tx.execute(wanted.order_by(table.c.seq.desc()).limit(limit))
    return [Deed(**row._mapping) for row in rows]
