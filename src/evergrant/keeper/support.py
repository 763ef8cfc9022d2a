"""A support bundle: what is known of one break, redacted, for whoever helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from evergrant.errors import NotFound
from evergrant.evidence import Wanted
from evergrant.evidence.bundle_file import pack
from evergrant.evidence.joined import joined
from evergrant.keeper.by_time import by_time
from evergrant.keeper.deeds import did
from evergrant.keeper.incident import facts_of
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.observe import own_facts
from evergrant.model import Incident
from evergrant.store import connections, incidents

MOST_STANDINGS: Final = 200
"""Other connections of the integration whose standing goes along."""


@dataclass(frozen=True, slots=True)
class Support:
    """A bundle, ready to be handed over."""

    incident: Incident | None
    """What it is about; None where the connection never broke."""
    made_at: datetime
    content: Mapping[str, Any]
    """As `evergrant bundle judge` reads it."""


def support_bundle(keeper: Keeper, connection_id: str, incident_id: str = "") -> Support:
    """The evidence of an incident, of the open one or else the newest; nothing is asked or changed.

    That it was taken stands in the audit log.  Raises `NotFound`, also for an incident of another
    connection.
    """
    now = keeper.clock.now()
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        integration = keeper.vault.integration(tx, connection.integration)
        known = incidents.of(tx, connection.id)
        about = _meant(known, connection.id, incident_id)
        facts = facts_of(tx, about)
        if about is None or about.closed_at is None:
            # What it knows of itself today says nothing about a break that is over.
            facts += own_facts(keeper, tx, connection, integration)
    gathered = by_time(keeper, connection.id, [*facts, *joined(facts)]).gathered
    who = connection.identity
    wanted = Wanted(
        integration.app_label,
        (who.username or who.user_id) if who else integration.subject,
        at=about.opened_at if about else None,
        now=now,
        flow=integration.flow,
    )
    fewer = replace(gathered, standings=gathered.standings[:MOST_STANDINGS])
    with keeper.writing() as tx:
        text = f"of {about.id}" if about else ""
        did(keeper, tx, "support bundle taken", subject=connection.id, text=text)
    return Support(about, now, pack(fewer, wanted, made_at=now))


def _meant(known: Sequence[Incident], connection_id: str, incident_id: str) -> Incident | None:
    if not incident_id:
        return known[0] if known else None
    found = next((each for each in known if each.id == incident_id), None)
    if found is None:
        raise NotFound(
            f"connection {connection_id} has no incident {incident_id!r}",
            next_step="choose one on the connection’s page",
        )
    return found
