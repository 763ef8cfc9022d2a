"""API keys: who may read tokens of which connections, until when, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.prepared import Prepared
from evergrant.store.rows import not_found
from evergrant.store.tables import api_key as table

EVERYTHING = "*"
"""What a key opens that opens every connection of its tenant."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key; the word itself is nowhere."""

    id: str
    tenant: str
    name: str
    hash: str = field(repr=False)
    """SHA-256 of the whole word, in hex."""
    opens: tuple[str, ...]
    """Ids of connections and of integrations, or `*`."""
    per_minute: int
    """Reads a minute, at most."""
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


_BY_ID = Prepared(sa.select(table).where(table.c.id == sa.bindparam("key_id", type_=sa.String)))


def add(tx: Tx, key: ApiKey) -> None:
    """Remember a key."""
    columns = {each.name: getattr(key, each.name) for each in table.c}
    tx.execute(sa.insert(table).values(columns | {"opens": list(key.opens)}))


def find(tx: Tx, key_id: str) -> ApiKey | None:
    """The key with that id; None when there is none."""
    row = _BY_ID.one(tx, key_id=key_id)
    return _read(row) if row else None


def every(tx: Tx) -> Sequence[ApiKey]:
    """All keys, oldest first, revoked ones among them."""
    rows = tx.execute(sa.select(table).order_by(table.c.created_at, table.c.id))
    return [_read(dict(row._mapping)) for row in rows]


def revoke(tx: Tx, key: str, at: datetime) -> Sequence[str]:
    """Revoke the key with that id, or all that have that name; returns their ids.

    Raises `NotFound` when no key in use is called so.
    """
    in_use = table.c.revoked_at.is_(None)
    called = sa.or_(table.c.id == key, table.c.name == key)
    found = tx.execute(sa.select(table.c.id).where(called, in_use)).scalars().all()
    if not found:
        known = tx.execute(sa.select(table.c.id, table.c.name).where(in_use))
        raise not_found("API key", key, (text for row in known for text in row))
    tx.execute(sa.update(table).where(table.c.id.in_(found)).values(revoked_at=at))
    return found


def _read(row: dict[str, Any]) -> ApiKey:
    return ApiKey(**{**row, "opens": tuple(row["opens"])})
