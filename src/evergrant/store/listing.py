"""Connections as a list: searched, filtered, page by page, whatever their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa

from evergrant.health import State
from evergrant.model import Connection, Incident
from evergrant.store import connections, incidents
from evergrant.store.engine import Tx
from evergrant.store.tables import connection as table
from evergrant.store.tables import incident, integration

Order = Literal["name", "newest"]
UNKNOWN: Final = "unknown"
"""A cause to filter by: the incidents of which nobody knows why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which connections are wanted; what is left empty does not narrow."""

    words: str = ""
    """Part of a name, a username, an org's id or its address."""
    states: tuple[State, ...] = ()
    """Empty: all but removed ones."""
    integration: str = ""
    org: str = ""
    """Org id, of 15 or 18 characters."""
    cause: str = ""
    """Of the open incident, or of one that was opened within the window; `UNKNOWN` for none."""
    since_from: datetime | None = None
    since_to: datetime | None = None
    """In their present state since then."""
    broke_from: datetime | None = None
    broke_to: datetime | None = None
    """An incident was opened within this window, whether or not it is over; bounds included."""
    order: Order = "name"


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list."""

    connection: Connection
    integration: str
    """The integration's name."""
    incident: Incident | None
    """The open one."""


def page(tx: Tx, wanted: Wanted, *, after: str = "", limit: int) -> Sequence[Listed]:
    """The lines behind the connection with the id `after`, or the first ones; in one statement."""
    key = _key(wanted.order)
    told = _COLUMNS.where(*_conditions(wanted))
    if after:
        told = told.where(_behind(key, after, wanted.order))
    way = key.desc() if wanted.order == "newest" else key
    rows = tx.execute(told.order_by(way, table.c.id).limit(limit)).mappings()
    return [_read(dict(row)) for row in rows]


def counts(tx: Tx, wanted: Wanted) -> Mapping[State, int]:
    """How many connections fit, by state."""
    told = sa.select(table.c.state, sa.func.count()).where(*_conditions(wanted))
    return {State(state): count for state, count in tx.execute(told.group_by(table.c.state))}


def open_causes(tx: Tx) -> Mapping[str, int]:
    """Cause → open incidents that it has, the most frequent first; '' where it is not known."""
    count = sa.func.count()
    told = sa.select(incident.c.cause, count).where(incident.c.closed_at.is_(None))
    grouped = told.group_by(incident.c.cause).order_by(count.desc(), incident.c.cause)
    return {row.cause: row[1] for row in tx.execute(grouped)}


def by_integration(tx: Tx) -> Mapping[str, Mapping[State, int]]:
    """Integration → how many connections it has, by state; removed ones do not count."""
    told = sa.select(table.c.integration, table.c.state, sa.func.count()).where(
        table.c.state != State.REMOVED.value
    )
    found: dict[str, dict[State, int]] = {}
    for whose, state, count in tx.execute(told.group_by(table.c.integration, table.c.state)):
        found.setdefault(whose, {})[State(state)] = count
    return found


def names(tx: Tx, ids: Sequence[str]) -> Mapping[str, str]:
    """Id → name, of those that are connections."""
    told = sa.select(table.c.id, table.c.name).where(table.c.id.in_(ids))
    return {row.id: row.name for row in tx.execute(told)}


_OLDER: Final = incident.alias("older")
_OPEN: Final = (
    sa.select(_OLDER.c.id)
    .where(_OLDER.c.connection == table.c.id, _OLDER.c.closed_at.is_(None))
    .order_by(_OLDER.c.opened_at, _OLDER.c.id)
    .limit(1)
    .correlate(table)
    .scalar_subquery()
)
"""The open incident of a connection: of several parts, the one that broke first."""
_COLUMNS: Final = sa.select(
    *(each.label(f"connection.{each.name}") for each in table.c),
    *(
        each.label(f"incident.{each.name}")
        for each in incident.c
        if each.name not in ("facts", "diagnosis")
    ),
    integration.c.name.label("integration.name"),
).select_from(
    table.join(integration, integration.c.id == table.c.integration).outerjoin(
        incident, incident.c.id == _OPEN
    )
)


def _read(row: Mapping[str, Any]) -> Listed:
    mine, broken = (
        {name.removeprefix(room): value for name, value in row.items() if name.startswith(room)}
        for room in ("connection.", "incident.")
    )
    return Listed(
        connections.from_row(mine),
        row["integration.name"],
        incidents.from_row(broken) if broken["id"] else None,
    )


def _key(order: Order) -> sa.ColumnElement[str]:
    """What the list is sorted by; `Moment`s are text that sorts as time does."""
    if order == "newest":
        return sa.func.coalesce(sa.type_coerce(table.c.since, sa.String), "")
    return sa.type_coerce(table.c.name, sa.String)


def _behind(key: sa.ColumnElement[str], after: str, order: Order) -> sa.ColumnElement[bool]:
    other = table.alias("other")
    column = other.c.since if order == "newest" else other.c.name
    told = sa.func.coalesce(sa.type_coerce(column, sa.String), "")
    there = sa.select(told).where(other.c.id == after).scalar_subquery()
    further = key < there if order == "newest" else key > there
    return sa.or_(further, sa.and_(key == there, table.c.id > after))


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    found = [_in_states(wanted.states)]
    if wanted.words:
        places = (table.c.name, table.c.username, table.c.org_id, table.c.instance_url)
        found.append(sa.or_(*(each.icontains(wanted.words, autoescape=True) for each in places)))
    if wanted.integration:
        found.append(table.c.integration == wanted.integration)
    if wanted.org:
        found.append(table.c.org_id.startswith(wanted.org[:15], autoescape=True))
    if wanted.since_from:
        found.append(table.c.since >= wanted.since_from)
    if wanted.since_to:
        found.append(table.c.since <= wanted.since_to)
    if wanted.cause or wanted.broke_from or wanted.broke_to:
        found.append(_broken(wanted))
    return found


def _in_states(states: Sequence[State]) -> sa.ColumnElement[bool]:
    if not states:
        return table.c.state != State.REMOVED.value
    return table.c.state.in_([each.value for each in states])


def _broken(wanted: Wanted) -> sa.ColumnElement[bool]:
    """Whether it has such an incident: within the window, or open where there is no window."""
    theirs = incident.alias("theirs")
    within = [theirs.c.connection == table.c.id]
    if wanted.cause:
        within.append(theirs.c.cause == ("" if wanted.cause == UNKNOWN else wanted.cause))
    if wanted.broke_from is None and wanted.broke_to is None:
        within.append(theirs.c.closed_at.is_(None))
    if wanted.broke_from:
        within.append(theirs.c.opened_at >= wanted.broke_from)
    if wanted.broke_to:
        within.append(theirs.c.opened_at <= wanted.broke_to)
    return sa.exists().where(*within)
