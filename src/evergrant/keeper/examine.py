"""Why is it broken: the incident's facts, the connection's own history, and, if an admin lends a
session, the org itself."""

from __future__ import annotations

from datetime import timedelta

from evergrant import evidence
from evergrant.diagnosis import Diagnosis, diagnose
from evergrant.evidence.joined import joined
from evergrant.keeper.by_time import reach
from evergrant.keeper.incident import facts_of, judged
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.observe import own_facts
from evergrant.keeper.record import AUTHORIZED, note
from evergrant.model import Connection, Fact, Incident, Integration, Session
from evergrant.store import connections, events, incidents
from evergrant.wire import Conversation

BEFORE = timedelta(days=2)
"""How far before an incident's first failure the org is searched for what changed."""


def examine(keeper: Keeper, connection_id: str, session: Session | None = None) -> Diagnosis:
    """Judge a connection on all that can be seen now; the diagnosis joins the open incident.

    Without `session` the level is *own*; with an admin's evidence session it is *admin*.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        integration = keeper.vault.integration(tx, connection.integration)
        incident = incidents.open_for(tx, connection.id)
        facts = facts_of(tx, incident)
        facts += own_facts(keeper, tx, connection, integration)
    if session is not None:
        facts += _org_facts(keeper, connection, integration, incident, session)
    facts += [*joined(facts), *reach(keeper, connection.id)]
    diagnosis = diagnose(facts, keeper.catalog)
    with keeper.writing() as tx:
        note(
            keeper, tx, connection.id, "diagnosed", f"{diagnosis.cause} at level {diagnosis.level}"
        )
        if incident is not None:
            judged(tx, incident, diagnosis)
    return diagnosis


def _org_facts(
    keeper: Keeper,
    connection: Connection,
    integration: Integration,
    incident: Incident | None,
    session: Session,
) -> list[Fact]:
    return keeper.say(look_for(keeper, connection, integration, incident, session))


def look_for(
    keeper: Keeper,
    connection: Connection,
    integration: Integration,
    incident: Incident | None,
    session: Session,
    *,
    only: str = "",
) -> Conversation[list[Fact]]:
    """The look at the org that concerns a connection, or one check of it."""
    who, now = connection.identity, keeper.clock.now()
    began = incident.opened_at if incident else now
    with keeper.reading() as tx:
        history = events.recent(tx, connection.id, limit=200)
    authorized = next((each.at for each in history if each.kind in AUTHORIZED), None)
    return evidence.look_at_org(
        session,
        app_label=integration.app_label,
        consumer_key=integration.app.consumer_key,
        user_id=who.user_id if who else "",
        username=who.username if who else integration.subject,
        since=began - BEFORE,
        authorized_at=authorized,
        failed_at=incident.opened_at if incident else None,
        worked_at=connection.last_success,
        at=now,
        only=only,
    )
