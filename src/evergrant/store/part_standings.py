"""How each part of a connection stands; rows only where an integration has several credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from evergrant.health import State
from evergrant.store.engine import Tx
from evergrant.store.tables import connection
from evergrant.store.tables import part_standing as table


@dataclass(frozen=True, slots=True)
class PartStanding:
    """What is known of one part of one connection."""

    connection: str
    part: str
    state: State
    since: datetime
    last_success: datetime | None = None


def of(tx: Tx, connection_id: str) -> Mapping[str, PartStanding]:
    """Part → how it stands; a part of which nothing was learned yet is not there."""
    wanted = sa.select(table).where(table.c.connection == connection_id)
    found = [PartStanding(**row._mapping) for row in tx.execute(wanted)]
    return {each.part: replace(each, state=State(each.state)) for each in found}


def by_part(tx: Tx, integration_id: str) -> Mapping[str, Mapping[State, int]]:
    """Part → how many connections of an integration have it in each state."""
    joined = table.join(connection, connection.c.id == table.c.connection)
    mine = connection.c.integration == integration_id, connection.c.state != State.REMOVED.value
    count = sa.select(table.c.part, table.c.state, sa.func.count()).select_from(joined).where(*mine)
    found: dict[str, dict[State, int]] = {}
    for part, state, number in tx.execute(count.group_by(table.c.part, table.c.state)):
        found.setdefault(part, {})[State(state)] = number
    return found


def put(tx: Tx, row: PartStanding) -> None:
    """Write down how a part stands now; whoever does is alone with the connection."""
    same = table.c.connection == row.connection, table.c.part == row.part
    values = {"state": row.state.value, "since": row.since, "last_success": row.last_success}
    if not tx.execute(sa.update(table).where(*same).values(values)).rowcount:
        named = {"connection": row.connection, "part": row.part}
        tx.execute(sa.insert(table).values(**named, **values))
