"""Connections: one customer's org for one integration; settings outlive credentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from evergrant.errors import BadInput, Misuse
from evergrant.health import State
from evergrant.model import Connection, Identity
from evergrant.store.engine import Tx
from evergrant.store.holding import hold
from evergrant.store.prepared import Prepared
from evergrant.store.rows import not_found
from evergrant.store.tables import connection as table

_BY_ID = Prepared(
    sa.select(table).where(table.c.id == sa.bindparam("connection_id", type_=sa.String))
)

_COLUMNS = table.c.keys()


class Changes(TypedDict, total=False):
    """What may change about a connection; what is left out stays as it is."""

    name: str
    state: State
    login_host: str
    identity: Identity | None
    instance_url: str
    settings: Mapping[str, str]
    epoch: int
    since: datetime | None
    last_success: datetime | None


def add(tx: Tx, new: Connection) -> None:
    """Remember a connection.

    Raises `BadInput` when the integration has a connection of that name that is not removed, or
    when there is no such integration.
    """
    columns = {
        "id": new.id,
        "tenant": new.tenant,
        "integration": new.integration,
        "name": new.name,
        "state": new.state.value,
        "login_host": new.login_host,
        "instance_url": new.instance_url,
        "settings": dict(new.settings),
        "epoch": new.epoch,
        "since": new.since,
        "last_success": new.last_success,
    }
    try:
        with tx.begin_nested():
            tx.execute(sa.insert(table).values(columns | _identity_columns(new.identity)))
    except IntegrityError as error:
        raise _refused(new.name, error) from error


def get(tx: Tx, key: str) -> Connection:
    """The connection with that id, or with that name when only one has it.

    A removed connection answers to its name only when none in use does.  Raises `NotFound` with
    near misses, `BadInput` when several integrations have a connection of that name.
    """
    hold(tx, key)
    if (found := _BY_ID.one(tx, connection_id=key)) is not None:
        return from_row(found)
    called = sa.select(table).where(table.c.name == key).order_by(table.c.id)
    named = [from_cells(row) for row in tx.execute(called)]
    meant = [each for each in named if each.state is not State.REMOVED] or named
    if len(meant) > 1:
        raise BadInput(
            f"{len(meant)} connections are named {key!r}",
            next_step=f"use one of their ids: {', '.join(each.id for each in meant)}",
        )
    if not meant:
        known = tx.execute(sa.select(table.c.id, table.c.name))
        raise not_found("connection", key, (text for row in known for text in row))
    return by_id(tx, meant[0].id)


def by_id(tx: Tx, connection_id: str) -> Connection:
    """The connection with that id: for our own references.  Raises `NotFound`."""
    hold(tx, connection_id)
    row = _BY_ID.one(tx, connection_id=connection_id)
    if row is None:
        raise not_found("connection", connection_id, ())
    return from_row(row)


def named(tx: Tx, integration_id: str, name: str) -> Connection | None:
    """The connection of an integration that has that name and is not removed."""
    wanted = sa.select(table).where(
        table.c.integration == integration_id,
        table.c.name == name,
        table.c.state != State.REMOVED.value,
    )
    row = tx.execute(wanted).one_or_none()
    return from_cells(row) if row else None


def tenant_of(tx: Tx, connection_id: str) -> str:
    """Whose it is; '' where there is no such connection."""
    wanted = sa.select(table.c.tenant).where(table.c.id == connection_id)
    return tx.execute(wanted).scalar_one_or_none() or ""


def every(tx: Tx, *, integration: str = "") -> Sequence[Connection]:
    """All connections by name, removed ones among them; of one integration when it is given."""
    wanted = sa.select(table)
    if integration:
        wanted = wanted.where(table.c.integration == integration)
    return [from_cells(row) for row in tx.execute(wanted.order_by(table.c.name, table.c.id))]


def update(tx: Tx, connection_id: str, **changes: Unpack[Changes]) -> Connection:
    """Write only what changed, and return the connection as it is now.

    Raises `NotFound` for an unknown id, `BadInput` for a name that is taken.
    """
    columns: dict[str, Any] = dict(changes)
    if "identity" in changes:
        columns |= _identity_columns(columns.pop("identity"))
    if "state" in changes:
        columns["state"] = changes["state"].value
    if columns:
        changed = sa.update(table).where(table.c.id == connection_id).values(columns)
        if "name" not in changes and "state" not in changes:
            tx.execute(changed)
            return by_id(tx, connection_id)
        try:
            with tx.begin_nested():
                tx.execute(changed)
        except IntegrityError as error:
            raise _refused(changes.get("name", connection_id), error) from error
    return by_id(tx, connection_id)


def _identity_columns(identity: Identity | None) -> dict[str, str]:
    who = identity or Identity("", "")
    return {"org_id": who.org_id, "user_id": who.user_id, "username": who.username}


def from_row(row: Mapping[str, Any]) -> Connection:
    """The connection that a row of the table says."""
    return from_cells([row[name] for name in _COLUMNS])


def from_cells(cells: Sequence[Any]) -> Connection:
    """The same from a row's cells, in the order of the table's columns."""
    id_, tenant, integration, name, state, host, *whose, url, settings, epoch, since, last = cells
    known = Identity(*whose) if whose[0] else None
    return Connection(
        id_, integration, name, State(state), host, known, url, settings, epoch, since, last, tenant
    )


def _refused(name: str, error: IntegrityError) -> Misuse:
    if "FOREIGN KEY" in str(error.orig).upper():
        return BadInput(
            f"connection {name!r} belongs to an integration that is not there",
            next_step="add the integration first",
        )
    return BadInput(
        f"there is a connection {name!r} already",
        why="Within one integration a name belongs to one connection that is not removed.",
        next_step="choose another name, or reauthorize the one that is there",
    )
