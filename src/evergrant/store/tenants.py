"""Tenants: whose everything is; and the canary, which finds a wrong master key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from evergrant.errors import BadInput
from evergrant.store.engine import Tx
from evergrant.store.rows import not_found
from evergrant.store.scope import FIRST
from evergrant.store.tables import connection, integration
from evergrant.store.tables import tenant as table

_MINE = table.c.id == FIRST
"""The canary lies in the row that every installation has: there is one key ring for all."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant, and how much it has."""

    name: str
    made_at: datetime | None
    """None for the first one, which was there before anybody wrote it down."""
    integrations: int
    connections: int


def add(tx: Tx, name: str, at: datetime) -> None:
    """Make a tenant.  Raises `BadInput` when there is one of that name."""
    try:
        with tx.begin_nested():
            tx.execute(sa.insert(table).values(id=name, made_at=at))
    except IntegrityError as error:
        raise BadInput(
            f"there is a tenant {name!r} already", next_step="choose another name"
        ) from error


def is_there(tx: Tx, name: str) -> bool:
    """Whether there is a tenant of that name."""
    return tx.execute(sa.select(table.c.id).where(table.c.id == name)).first() is not None


def require(tx: Tx, name: str) -> None:
    """Raises `NotFound`, with near misses, for a tenant that is not there."""
    if not is_there(tx, name):
        raise not_found("tenant", name, tx.execute(sa.select(table.c.id)).scalars())


def every(tx: Tx) -> Sequence[Tenant]:
    """All tenants by name, the first one first."""
    counted = (_count(integration).label("integrations"), _count(connection).label("connections"))
    found = tx.execute(sa.select(table.c.id, table.c.made_at, *counted).order_by(table.c.id))
    known = [Tenant(row.id, row.made_at, row.integrations, row.connections) for row in found]
    return sorted(known, key=lambda each: each.name != FIRST)


def canary(tx: Tx) -> bytes | None:
    """The sealed canary; None before the vault was first opened on this database."""
    return tx.execute(sa.select(table.c.canary).where(_MINE)).scalar_one_or_none()


def hold_canary(tx: Tx) -> None:
    """Keep every other transaction that does the same waiting until this one has ended."""
    tx.execute(sa.update(table).where(_MINE).values(canary=table.c.canary))


def keep_canary(tx: Tx, sealed: bytes, at: datetime) -> None:
    """Keep the canary; from that moment on everybody seals with the key that sealed it."""
    tx.execute(sa.update(table).where(_MINE).values(canary=sealed, canary_at=at))


def canary_at(tx: Tx) -> datetime | None:
    """Since when the canary's key seals; None where that was not written down."""
    return tx.execute(sa.select(table.c.canary_at).where(_MINE)).scalar_one_or_none()


def _count(of: sa.Table) -> sa.ScalarSelect[int]:
    told = sa.select(sa.func.count()).select_from(of).where(of.c.tenant == table.c.id)
    return told.correlate(table).scalar_subquery()
