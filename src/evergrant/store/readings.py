"""Readings: the facts found in pasted texts, kept so that a page can be opened again."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.rows import not_found
from evergrant.store.scope import owner_in
from evergrant.store.tables import reading as table

KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in one pasted text."""

    id: str
    at: datetime
    connection: str = ""
    """What it is about; '' when nobody said."""
    facts: list[Any] = field(default_factory=list)
    """As `evidence.bundle` saves them."""
    note: str = ""
    """What the person should know about the reading: that it was cut, for one."""


_COLUMNS = tuple(table.c[each.name] for each in fields(Reading))


def add(tx: Tx, new: Reading) -> None:
    """Remember a reading; what is older than `KEPT` goes."""
    tx.execute(sa.delete(table).where(table.c.at <= new.at - KEPT))
    values = {each.name: getattr(new, each.name) for each in fields(new)}
    tx.execute(sa.insert(table).values(values | {"tenant": owner_in(tx)}))


def get(tx: Tx, reading_id: str) -> Reading:
    """The reading with that id.  Raises `NotFound`."""
    row = tx.execute(sa.select(*_COLUMNS).where(table.c.id == reading_id)).one_or_none()
    if row is None:
        raise not_found("reading", reading_id, ())
    return Reading(**row._mapping)
