"""Credential rows as they lie in the table; only the vault can open what is sealed in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.prepared import Prepared
from evergrant.store.tables import credential as table

Status = Literal["live", "held", "retired"]

WIPED = b""
"""What stands in `sealed` when the secrets are gone."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the vault must know of a credential to open it."""

    id: str
    tenant: str
    connection: str
    part: str
    epoch: int
    generation: int
    status: Status
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CredentialRow(Sealed):
    """One credential; the columns beside `sealed` are for looking, never for calling Salesforce."""

    refresh_fingerprint: str
    access_fingerprint: str
    scopes: tuple[str, ...]
    org_id: str
    user_id: str
    username: str
    instance_url: str
    issued_at: datetime | None
    created_at: datetime


_TEXT, _NUMBER = sa.String(), sa.Integer()
_CURRENT = Prepared(
    sa.select(table).where(
        table.c.connection == sa.bindparam("connection_id", type_=_TEXT),
        table.c.part == sa.bindparam("which_part", type_=_TEXT),
        table.c.status == sa.bindparam("which_status", type_=_TEXT),
    )
)
_CHANGED = tuple(each.name for each in fields(CredentialRow) if each.name != "id")
_SWAP = Prepared(
    sa.update(table)
    .where(
        table.c.id == sa.bindparam("before_id", type_=_TEXT),
        table.c.epoch == sa.bindparam("before_epoch", type_=_NUMBER),
        table.c.generation == sa.bindparam("before_generation", type_=_NUMBER),
        table.c.status == sa.bindparam("before_status", type_=_TEXT),
    )
    .values({name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in _CHANGED})
)


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a refresh puts in the place of a generation; whose the credential is stays."""

    id: str
    epoch: int
    generation: int
    """The one that it follows."""
    status: Status
    sealed: bytes = field(repr=False)
    refresh_fingerprint: str
    access_fingerprint: str
    scopes: tuple[str, ...]
    instance_url: str
    issued_at: datetime | None


_RENEWED = {each.name: f"the_{each.name}" for each in fields(Renewal)}
_KNOWN = ("id", "epoch", "generation", "status")
_THE = {name: sa.bindparam(known, type_=table.c[name].type) for name, known in _RENEWED.items()}
_RENEW = Prepared(
    sa.update(table)
    .where(*(table.c[name] == _THE[name] for name in _KNOWN))
    .values(
        {name: new for name, new in _THE.items() if name not in _KNOWN}
        | {"generation": table.c.generation + sa.literal_column("1")}
    )
)


def add(tx: Tx, row: CredentialRow) -> None:
    """Add a row; the table refuses a second live or held one of the same part."""
    tx.execute(
        sa.insert(table).values({each.name: getattr(row, each.name) for each in fields(row)})
    )


def current(tx: Tx, connection_id: str, part: str, status: Status) -> CredentialRow | None:
    """The live or the held row of a part."""
    row = _CURRENT.one(tx, connection_id=connection_id, which_part=part, which_status=status)
    return CredentialRow(**row) if row else None


def of(tx: Tx, connection_id: str) -> Sequence[CredentialRow]:
    """Every row of a connection, newest first, retired ones among them."""
    wanted = sa.select(table).where(table.c.connection == connection_id)
    newest = wanted.order_by(table.c.epoch.desc(), table.c.created_at.desc(), table.c.id)
    return [_read(row) for row in tx.execute(newest)]


def swap(tx: Tx, before: CredentialRow, after: CredentialRow) -> bool:
    """Put a newer content in the place of a row, if it is still the one we know.

    Compare-and-set on id, epoch, generation and status: False when somebody was faster.
    """
    known = {
        "before_id": before.id,
        "before_epoch": before.epoch,
        "before_generation": before.generation,
        "before_status": before.status,
    }
    return bool(_SWAP.run(tx, **known, **{f"new_{n}": getattr(after, n) for n in _CHANGED}))


def renew_each(tx: Tx, renewals: Sequence[Renewal]) -> list[bool]:
    """Put newer tokens in the place of those of the generation before.

    Compare-and-set on id, epoch, generation and status: False for one where somebody was faster.
    """
    many = [{the: getattr(each, name) for name, the in _RENEWED.items()} for each in renewals]
    return [bool(touched) for touched in _RENEW.run_each(tx, many)]


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
    return CredentialRow(**row._mapping)
