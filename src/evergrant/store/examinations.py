"""Examinations: what the doctor has looked at and was told, kept so that it can go on."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.rows import not_found
from evergrant.store.scope import owner_in
from evergrant.store.tables import examination as table

KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Examination:
    """One visit of the doctor, as far as it has come."""

    id: str
    at: datetime
    """When it began."""
    connection: str = ""
    """Whose; '' when nobody said."""
    state: dict[str, Any] = field(default_factory=dict)
    """What is known, as redacted JSON values."""


_COLUMNS = tuple(table.c[each.name] for each in fields(Examination))


def add(tx: Tx, new: Examination) -> None:
    """Remember an examination; what is older than `KEPT` goes."""
    tx.execute(sa.delete(table).where(table.c.at <= new.at - KEPT))
    values = {each.name: getattr(new, each.name) for each in fields(new)}
    tx.execute(sa.insert(table).values(values | {"tenant": owner_in(tx)}))


def update(tx: Tx, known: Examination) -> None:
    """Write how far it has come.  Raises `NotFound`."""
    changed = sa.update(table).where(table.c.id == known.id).values(state=known.state)
    if not tx.execute(changed).rowcount:
        raise not_found("examination", known.id, ())


def get(tx: Tx, examination_id: str) -> Examination:
    """The examination with that id.  Raises `NotFound`."""
    row = tx.execute(sa.select(*_COLUMNS).where(table.c.id == examination_id)).one_or_none()
    if row is None:
        newest = sa.select(table.c.id).order_by(table.c.at.desc()).limit(3)
        raise not_found("examination", examination_id, tx.execute(newest).scalars())
    return Examination(**row._mapping)
