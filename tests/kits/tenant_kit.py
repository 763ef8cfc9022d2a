"""Two tenants of one service: the first, who is signed in, and another with everything to hide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from evergrant import keeper as verbs
from evergrant.drills.stage import Stage
from evergrant.keeper import Keeper
from evergrant.model import Connection
from evergrant.store.scope import Only
from evergrant.store.tables import metadata
from keeper_kit import BROWSER_APP, SERVER_APP, Ground

THEIRS = "rival"
NOTHING: Mapping[str, str] = {
    "connection_id": "con_0123456789abcdef", "integration_id": "orbit-sync@nobody",
    "flow_id": "flow_0123456789abcdef", "link_id": "link_0123456789abcdef",
    "reading_id": "read_0123456789abcdef", "examination_id": "exam_0123456789abcdef",
    "incident": "inc_0123456789abcdef",
}  # fmt: skip
"""What each parameter of a path is that names nothing at all."""


@dataclass(frozen=True, slots=True)
class Rival:
    """The other tenant."""

    ground: Ground
    ids: Mapping[str, str]
    """Parameter of a path → what it is called of theirs."""

    @property
    def keeper(self) -> Keeper:
        return self.ground.keeper

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row that they have, but for what the watch does by itself."""
        with self.keeper.store.read(Only(THEIRS)) as tx:
            return {
                table.name: [tuple(row) for row in tx.execute(sa.select(table))]
                for table in metadata.sorted_tables
                if table.name not in ("outbox", "due")
            }


def ground_of(ground: Ground, tenant: str = THEIRS) -> Ground:
    """The same org, worked with by a tenant that is there from now on."""
    verbs.add_tenant(ground.house, tenant)
    own = ground.house.of(tenant)
    return Ground(ground.org, Stage(ground.control, own, ground.org.url))


def rival(ground: Ground, name: str = "Zebra Trading") -> Rival:
    """Another tenant with a broken connection, and something of every kind."""
    theirs = ground_of(ground)
    connection = theirs.connected(name, app=SERVER_APP)
    integration = theirs.integration(BROWSER_APP)
    begun = verbs.begin(theirs.keeper, integration.id, name="Zebra Growing")
    link = verbs.make_link(theirs.keeper, spoken(theirs).id)
    reading = verbs.read_text(theirs.keeper, "invalid_grant", connection_id=connection.id)
    examination = verbs.begin_sitting(theirs.keeper, connection.id)
    ground.control.act("block_app", app=SERVER_APP)
    verbs.check(theirs.keeper, connection.id, renew=True)
    incident = theirs.incident(connection)
    assert incident
    ids = {
        "connection_id": connection.id, "integration_id": integration.id,
        "flow_id": begun.flow.id, "link_id": link.link.id, "reading_id": reading.id,
        "examination_id": examination, "incident": incident.id,
    }  # fmt: skip
    assert ids.keys() == NOTHING.keys()
    return Rival(theirs, ids)


def spoken(ground: Ground, name: str = "Zebra Spoken") -> Connection:
    """A connection that was made at a browser, as reconnect links need."""
    return ground.connected(name)
