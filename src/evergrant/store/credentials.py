"""Credential rows as they lie in the table; only the vault can open what is sealed in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.tables import credential as table

Status = Literal["live", "held", "retired"]

WIPED = b""
"""What stands in `sealed` when the secrets are gone."""


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """One credential; the columns beside `sealed` are for looking, never for calling Salesforce."""

    id: str
    tenant: str
    connection: str
    part: str
    epoch: int
    generation: int
    status: Status
    sealed: bytes = field(repr=False)
    refresh_fingerprint: str
    access_fingerprint: str
    scopes: tuple[str, ...]
    org_id: str
    user_id: str
    username: str
    instance_url: str
    issued_at: datetime | None
    created_at: datetime


def add(tx: Tx, row: CredentialRow) -> None:
    """Add a row; the table refuses a second live or held one of the same part."""
    tx.execute(
        sa.insert(table).values({each.name: getattr(row, each.name) for each in fields(row)})
    )


def current(tx: Tx, connection_id: str, part: str, status: Status) -> CredentialRow | None:
    """The live or the held row of a part."""
    row = tx.execute(sa.select(table).where(*_which(connection_id, part, status))).one_or_none()
    return _read(row) if row else None


def of(tx: Tx, connection_id: str) -> Sequence[CredentialRow]:
    """Every row of a connection, newest first, retired ones among them."""
    wanted = sa.select(table).where(table.c.connection == connection_id)
    newest = wanted.order_by(table.c.epoch.desc(), table.c.created_at.desc(), table.c.id)
    return [_read(row) for row in tx.execute(newest)]


def swap(tx: Tx, before: CredentialRow, after: CredentialRow) -> bool:
    """Put a newer content in the place of a row, if it is still the one we know.

    Compare-and-set on id, epoch, generation and status: False when somebody was faster.
    """
    same = (
        table.c.id == before.id,
        table.c.epoch == before.epoch,
        table.c.generation == before.generation,
        table.c.status == before.status,
    )
    values = {each.name: getattr(after, each.name) for each in fields(after) if each.name != "id"}
    return bool(tx.execute(sa.update(table).where(*same).values(values)).rowcount)


def promote(tx: Tx, credential_id: str) -> None:
    """Make a held row the live one; retire the live one before."""
    held = table.c.id == credential_id, table.c.status == "held"
    tx.execute(sa.update(table).where(*held).values(status="live"))


def retire(tx: Tx, connection_id: str, part: str, status: Status) -> int:
    """Retire the live or held row of a part and wipe its secrets; returns how many there were."""
    return _retire(tx, *_which(connection_id, part, status))


def retire_all(tx: Tx, connection_id: str) -> int:
    """Retire every row of a connection and wipe its secrets; returns how many still had some."""
    return _retire(tx, table.c.connection == connection_id, table.c.sealed != WIPED)


def _retire(tx: Tx, *which: sa.ColumnElement[bool]) -> int:
    gone: Mapping[str, Any] = {"status": "retired", "sealed": WIPED}
    return tx.execute(sa.update(table).where(*which).values(gone)).rowcount


def _which(connection_id: str, part: str, status: Status) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        table.c.connection == connection_id,
        table.c.part == part,
        table.c.status == status,
    )


def _read(row: sa.Row[Any]) -> CredentialRow:
    return CredentialRow(**{**row._mapping, "scopes": tuple(row.scopes)})
