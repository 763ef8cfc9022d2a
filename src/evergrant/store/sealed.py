"""Everything that is sealed, wherever it lies: what a rotation of the master key goes through.

A blob says in its head which key sealed it (`vault/sealing.py`), so that what is left to do can be
asked of the rows themselves and no progress need be written down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from evergrant.store import tables
from evergrant.store.engine import Tx

PLACES: Mapping[str, sa.Column[bytes]] = {
    "canary": tables.tenant.c.canary,
    "integration": tables.integration.c.sealed,
    "credential": tables.credential.c.sealed,
    "flow": tables.flow.c.sealed,
    "answer": tables.token_request.c.sealed,
    "revocation": tables.revocation.c.sealed,
}
"""Kind of a sealed row → its column; no column of the database is sealed besides."""
_KEY_AT, _KEY_BYTES = sa.literal_column("2", sa.Integer), sa.literal_column("8", sa.Integer)
"""Where SQL finds the key's id in a blob, counted from 1, and how long it is."""


@dataclass(frozen=True, slots=True)
class SealedRow:
    """One sealed row, with the columns that its seal is bound to."""

    kind: str
    row: Mapping[str, Any]
    blob: bytes = field(repr=False)

    @property
    def key(self) -> Any:
        """Its primary key."""
        return self.row[_primary(self.kind).name]


def by_key(tx: Tx) -> dict[str, int]:
    """How many rows each master key sealed, by its id."""
    found: dict[str, int] = {}
    for column in PLACES.values():
        rows = sa.select(_key_of(column), sa.func.count()).where(*_is_sealed(column))
        for key, count in tx.execute(rows.group_by(_key_of(column))):
            found[bytes(key).hex()] = found.get(bytes(key).hex(), 0) + count
    return found


def of_others(
    tx: Tx, kind: str, key_id: str, *, after: Any = None, limit: int = 100
) -> Sequence[SealedRow]:
    """Rows of a kind that another key than this sealed, in the order of their primary keys."""
    return _some(tx, kind, _key_of(PLACES[kind]) != bytes.fromhex(key_id), after, limit)


def of(
    tx: Tx, kind: str, key_id: str, *, after: Any = None, limit: int = 100
) -> Sequence[SealedRow]:
    """Rows of a kind that this key sealed, in the order of their primary keys."""
    return _some(tx, kind, _key_of(PLACES[kind]) == bytes.fromhex(key_id), after, limit)


def _some(
    tx: Tx, kind: str, is_wanted: sa.ColumnElement[bool], after: Any, limit: int
) -> Sequence[SealedRow]:
    column, primary = PLACES[kind], _primary(kind)
    wanted = sa.select(column.table).where(*_is_sealed(column), is_wanted)
    if after is not None:
        wanted = wanted.where(primary > after)
    rows = tx.execute(wanted.order_by(primary).limit(limit)).mappings()
    return [SealedRow(kind, dict(row), row[column.name]) for row in rows]


def put(tx: Tx, sealed: SealedRow, blob: bytes) -> bool:
    """Put a new seal in the place of the one that was read; False when that has changed since."""
    column, primary = PLACES[sealed.kind], _primary(sealed.kind)
    same = primary == sealed.key, column == sealed.blob
    return bool(tx.execute(sa.update(column.table).where(*same).values({column: blob})).rowcount)


def _primary(kind: str) -> sa.Column[Any]:
    [found] = PLACES[kind].table.primary_key
    return found


def _is_sealed(column: sa.Column[bytes]) -> tuple[sa.ColumnElement[bool], ...]:
    return column.is_not(None), sa.func.length(column) > 0


def _key_of(column: sa.Column[bytes]) -> sa.Function[bytes]:
    # NOTE: numbers in the text, not bound: PostgreSQL must see that two of these are the same.
    return sa.func.substr(column, _KEY_AT, _KEY_BYTES, type_=sa.LargeBinary())
