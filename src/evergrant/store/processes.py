"""Processes of the service that run, and which master keys each of them has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from evergrant.store import upsert
from evergrant.store.engine import Tx
from evergrant.store.scope import owner_in
from evergrant.store.tables import process as table


@dataclass(frozen=True, slots=True)
class Process:
    """One process, as it wrote itself down last."""

    id: str
    name: str
    """Host, number and role, for people."""
    ring: tuple[str, ...]
    """Ids of the master keys that it has; the first is the one that it seals with."""
    seen_at: datetime


def put(tx: Tx, seen: Process) -> None:
    """Write down that it runs, and what it has."""
    told = {"name": seen.name, "ring": seen.ring, "seen_at": seen.seen_at}
    new = {**told, "tenant": owner_in(tx)}
    upsert.put(tx, table, {"id": seen.id}, new=new, changed=told)


def drop(tx: Tx, process_id: str) -> None:
    """It has ended."""
    tx.execute(sa.delete(table).where(table.c.id == process_id))


def drop_silent(tx: Tx, before: datetime) -> None:
    """Those that were not seen since have ended without a word."""
    tx.execute(sa.delete(table).where(table.c.seen_at < before))


def since(tx: Tx, at: datetime) -> Sequence[Process]:
    """Those that were seen at that moment or later, by name."""
    wanted = sa.select(table.c.id, table.c.name, table.c.ring, table.c.seen_at)
    rows = tx.execute(wanted.where(table.c.seen_at >= at).order_by(table.c.name, table.c.id))
    return [Process(**row._mapping) for row in rows]
