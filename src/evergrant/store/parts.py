"""Parts: what of an integration has to be authorized, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.tables import connection
from evergrant.store.tables import part as table


@dataclass(frozen=True, slots=True)
class Part:
    """A credential that we hold, or a step inside the org that evidence revalidates."""

    id: str
    integration: str
    name: str
    kind: Literal["credential", "step"]
    position: int


def add(tx: Tx, part: Part) -> None:
    """Remember a part of an integration."""
    tx.execute(
        sa.insert(table).values({each.name: getattr(part, each.name) for each in fields(part)})
    )


def of(tx: Tx, integration_id: str) -> Sequence[Part]:
    """The parts of an integration, in the order in which they are authorized."""
    wanted = sa.select(table).where(table.c.integration == integration_id)
    return [Part(**row._mapping) for row in tx.execute(wanted.order_by(table.c.position))]


def of_connection(tx: Tx, connection_id: str, name: str) -> Part | None:
    """The part of that name of a connection's integration."""
    joined = table.join(connection, connection.c.integration == table.c.integration)
    wanted = sa.select(table).select_from(joined)
    row = tx.execute(wanted.where(connection.c.id == connection_id, table.c.name == name))
    found = row.one_or_none()
    return Part(**found._mapping) if found else None
