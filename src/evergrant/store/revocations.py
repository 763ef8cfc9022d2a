"""Revocations: tokens out of use that wait until Salesforce confirms that they are revoked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from evergrant.store.credentials import WIPED
from evergrant.store.engine import Tx
from evergrant.store.tables import revocation as table

HIDDEN_FOR = timedelta(seconds=90)
"""How long a claimed revocation is invisible to others: longer than a request may take."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """One token to be revoked."""

    id: str
    connection: str
    host: str
    """Login host that gave it."""
    fingerprint: str
    sealed: bytes = field(repr=False)
    """The token; wiped once it is revoked."""
    attempts: int
    """How often it was tried; of a claimed one, this attempt's number from 1."""
    made_at: datetime
    next_at: datetime | None
    """None when it is over."""
    error: str = ""
    """Why the last attempt failed."""
    done_at: datetime | None = None


def put(tx: Tx, new: Revocation) -> None:
    """Queue one."""
    tx.execute(sa.insert(table).values({each.name: getattr(new, each.name) for each in table.c}))


def hasten(tx: Tx, revocation_id: str, now: datetime) -> None:
    """Let one that waits for its time be due now."""
    mine = table.c.id == revocation_id, table.c.next_at > now
    tx.execute(sa.update(table).where(*mine).values(next_at=now))


def claim(tx: Tx, now: datetime, *, only: str = "", limit: int = 10) -> Sequence[Revocation]:
    """Take those whose time has come, oldest first; or one alone, if nobody else has it."""
    due = table.c.next_at.is_not(None), table.c.next_at <= now
    wanted = sa.select(table).where(*due)
    if only:
        wanted = wanted.where(table.c.id == only)
    rows = tx.execute(
        wanted.order_by(table.c.next_at).limit(limit).with_for_update(skip_locked=True)
    ).all()
    taken = sa.update(table).where(table.c.id.in_([row.id for row in rows]))
    tx.execute(taken.values(attempts=table.c.attempts + 1, next_at=now + HIDDEN_FOR))
    return [Revocation(**{**row._mapping, "attempts": row.attempts + 1}) for row in rows]


def done(tx: Tx, revocation_id: str, at: datetime) -> None:
    """It is revoked: the token is destroyed here, too."""
    over = {"sealed": WIPED, "done_at": at, "next_at": None, "error": ""}
    tx.execute(sa.update(table).where(table.c.id == revocation_id).values(over))


def failed(tx: Tx, revocation_id: str, error: str, *, retry_at: datetime) -> None:
    """It is tried again later."""
    mine = table.c.id == revocation_id, table.c.done_at.is_(None)
    tx.execute(sa.update(table).where(*mine).values(error=error, next_at=retry_at))


def is_any_due(tx: Tx, now: datetime) -> bool:
    """Whether the time of one has come."""
    return (
        tx.execute(sa.select(table.c.id).where(table.c.next_at <= now).limit(1)).first() is not None
    )


def waiting(tx: Tx, connection_id: str = "") -> Sequence[Revocation]:
    """What is not confirmed yet, oldest first; of one connection when it is given."""
    wanted = sa.select(table).where(table.c.done_at.is_(None))
    if connection_id:
        wanted = wanted.where(table.c.connection == connection_id)
    rows = tx.execute(wanted.order_by(table.c.made_at, table.c.id))
    return [Revocation(**row._mapping) for row in rows]
