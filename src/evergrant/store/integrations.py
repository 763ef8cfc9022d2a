"""Integration rows as they lie in the table; only the vault can open what is sealed in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from evergrant.errors import BadInput
from evergrant.model import FlowId
from evergrant.store.engine import Tx
from evergrant.store.prepared import Prepared
from evergrant.store.rows import not_found
from evergrant.store.scope import FIRST, owner_in
from evergrant.store.tables import integration as table

LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class IntegrationRow:
    """One integration; consumer secret and private key are in `sealed`."""

    id: str
    tenant: str
    name: str
    app_label: str
    app_owner: str
    consumer_key: str
    redirect_uri: str
    scopes: tuple[str, ...]
    flow: FlowId
    login_host: str
    subject: str
    support_contact: str
    sealed: bytes = field(repr=False)


def save(tx: Tx, row: IntegrationRow) -> bool:
    """Add the row, or put it in place of the one with its id; True when it is new.

    Raises `BadInput` when another integration of the tenant has that name.
    """
    values = {each.name: getattr(row, each.name) for each in fields(row)}
    try:
        with tx.begin_nested():
            if tx.execute(sa.update(table).where(table.c.id == row.id).values(values)).rowcount:
                return False
            tx.execute(sa.insert(table).values(values))
            return True
    except IntegrityError as error:
        raise BadInput(
            f"there is an integration {row.name!r} already",
            next_step="choose another name, or change the one that is there",
        ) from error


_OF_ROW = tuple(table.c[each.name] for each in fields(IntegrationRow))
_BY_ID = Prepared(sa.select(*_OF_ROW).where(table.c.id == sa.bindparam("key", type_=sa.String)))


def id_in(tenant: str, word: str) -> str:
    """The id of the integration that a tenant calls so: ids are everybody's, words are not.

    Raises `BadInput` for a word that leaves no room, or that could be another tenant's id.
    """
    if "@" in word:
        raise BadInput(f"{word!r} has an @ in it", next_step="choose an id without one")
    made = word if tenant == FIRST else f"{word}@{tenant}"
    if len(made) > LONGEST_ID:
        raise BadInput(f"{word!r} is too long for an id", next_step="choose a shorter one")
    return made


def get(tx: Tx, key: str) -> IntegrationRow:
    """The integration with that id, or else with that name.

    Raises `NotFound` with near misses, `BadInput` when several tenants have one of that name.
    """
    if row := _BY_ID.one(tx, key=key) or _BY_ID.one(tx, key=f"{key}@{owner_in(tx)}"):
        return IntegrationRow(**row)
    found = [_read(row) for row in tx.execute(sa.select(table).where(table.c.name == key))]
    if len(found) > 1:
        raise BadInput(
            f"{len(found)} integrations are named {key!r}",
            next_step=f"use one of their ids: {', '.join(each.id for each in found)}",
        )
    if not found:
        known = tx.execute(sa.select(table.c.id, table.c.name))
        raise not_found("integration", key, (text for row in known for text in row))
    return found[0]


def find(tx: Tx, id_: str) -> IntegrationRow | None:
    """The integration with that id."""
    row = tx.execute(sa.select(table).where(table.c.id == id_)).mappings().first()
    return IntegrationRow(**row) if row else None


def by_ids(tx: Tx, ids: Iterable[str]) -> dict[str, IntegrationRow]:
    """The integrations with these ids, by id."""
    rows = _BY_ID.cells_each(tx, [{"key": each} for each in ids])
    return {row[0]: IntegrationRow(*row) for row in rows if row}


def every(tx: Tx) -> Sequence[IntegrationRow]:
    """All integrations, by name."""
    return [_read(row) for row in tx.execute(sa.select(table).order_by(table.c.name, table.c.id))]


def _read(row: sa.Row[Any]) -> IntegrationRow:
    return IntegrationRow(**row._mapping)
