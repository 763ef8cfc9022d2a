"""Integration rows as they lie in the table; only the vault can open what is sealed in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from evergrant.errors import BadInput
from evergrant.model import FlowId
from evergrant.store.engine import Tx
from evergrant.store.prepared import Prepared
from evergrant.store.rows import not_found
from evergrant.store.tables import integration as table
from evergrant.store.tables import tenant as tenants


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


_BY = tuple(
    Prepared(
        sa.select(table).where(
            table.c.tenant == sa.bindparam("of_tenant", type_=sa.String),
            column == sa.bindparam("key", type_=sa.String),
        )
    )
    for column in (table.c.id, table.c.name)
)


def get(tx: Tx, key: str, *, tenant: str = "default") -> IntegrationRow:
    """The integration with that id, or else with that name.  Raises `NotFound` with near misses."""
    for wanted in _BY:
        if row := wanted.one(tx, key=key, of_tenant=tenant):
            return IntegrationRow(**{**row, "scopes": tuple(row["scopes"])})
    known = tx.execute(sa.select(table.c.id, table.c.name).where(table.c.tenant == tenant))
    raise not_found("integration", key, (text for row in known for text in row))


def find(tx: Tx, id_: str) -> IntegrationRow | None:
    """The integration with that id, of any tenant."""
    row = tx.execute(sa.select(table).where(table.c.id == id_)).mappings().first()
    return IntegrationRow(**{**row, "scopes": tuple(row["scopes"])}) if row else None


def every(tx: Tx, *, tenant: str = "default") -> Sequence[IntegrationRow]:
    """All integrations of a tenant, by name."""
    wanted = sa.select(table).where(table.c.tenant == tenant)
    return [_read(row) for row in tx.execute(wanted.order_by(table.c.name))]


def canary(tx: Tx, tenant: str = "default") -> bytes | None:
    """The tenant's sealed canary; None before the vault was first opened on this database."""
    wanted = sa.select(tenants.c.canary).where(tenants.c.id == tenant)
    return tx.execute(wanted).scalar_one_or_none()


def hold_canary(tx: Tx, tenant: str = "default") -> None:
    """Keep every other transaction that does the same waiting until this one has ended."""
    tx.execute(sa.update(tenants).where(tenants.c.id == tenant).values(canary=tenants.c.canary))


def keep_canary(tx: Tx, sealed: bytes, tenant: str = "default") -> None:
    """Keep the tenant's sealed canary."""
    tx.execute(sa.update(tenants).where(tenants.c.id == tenant).values(canary=sealed))


def _read(row: sa.Row[Any]) -> IntegrationRow:
    return IntegrationRow(**{**row._mapping, "scopes": tuple(row.scopes)})
