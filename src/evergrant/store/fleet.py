"""What all connections together have been through: changes of state, beginnings, incidents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.tables import connection, event, incident, integration


@dataclass(frozen=True, slots=True)
class Change:
    """One connection became something else."""

    connection: str
    at: datetime
    text: str
    """`connected → degraded`."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """One connection was made."""

    connection: str
    at: datetime
    state: str
    """What it is now."""


@dataclass(frozen=True, slots=True)
class Break:
    """One incident, with what it is counted by."""

    connection: str
    integration: str
    """Id."""
    name: str
    """The integration's name."""
    opened_at: datetime
    closed_at: datetime | None
    cause: str
    error: str


def changes(tx: Tx, since: datetime) -> Sequence[Change]:
    """Every change of state since then, oldest first."""
    # NOTE: the kind stands in the statement itself, else SQLite does not use the index on it.
    told = sa.select(event.c.connection, event.c.at, event.c.text).where(
        event.c.kind == sa.literal_column("'state changed'"), event.c.at >= since
    )
    rows = tx.execute(told.order_by(event.c.at, event.c.seq))
    return [Change(*row) for row in rows]


def beginnings(tx: Tx, since: datetime) -> Sequence[Beginning]:
    """The connections that were made since then, oldest first: by the first line of their past."""
    firsts = sa.select(sa.func.min(event.c.seq)).group_by(event.c.connection)
    told = (
        sa.select(event.c.connection, event.c.at, connection.c.state)
        .join(connection, connection.c.id == event.c.connection)
        .where(event.c.seq.in_(firsts), event.c.at >= since)
    )
    return [Beginning(*row) for row in tx.execute(told.order_by(event.c.at))]


def breaks(tx: Tx, since: datetime) -> Sequence[Break]:
    """Every incident that was opened since then or is open, oldest first."""
    told = (
        sa.select(
            incident.c.connection,
            connection.c.integration,
            integration.c.name,
            incident.c.opened_at,
            incident.c.closed_at,
            incident.c.cause,
            incident.c.error,
        )
        .join(connection, connection.c.id == incident.c.connection)
        .join(integration, integration.c.id == connection.c.integration)
        .where(sa.or_(incident.c.opened_at >= since, incident.c.closed_at.is_(None)))
    )
    rows = tx.execute(told.order_by(incident.c.opened_at, incident.c.id))
    return [Break(**row._mapping) for row in rows]
