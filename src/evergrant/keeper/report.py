"""The report of an incident: error → cause → fix, settings changed, assignments changed, proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evergrant.catalog import Cause
from evergrant.errors import Malformed, Refused, WireError
from evergrant.keeper.examine import BEFORE
from evergrant.keeper.findings import leading_to
from evergrant.keeper.incident import facts_of
from evergrant.keeper.keeper import Keeper
from evergrant.log import mask
from evergrant.model import Connection, Event, Fact, Incident, Integration, Session, Unknown
from evergrant.org.setup_trail import Act, acts_between
from evergrant.store import Tx, connections, events, incidents
from evergrant.store.org_audits import Found

AFTER = timedelta(hours=1)
"""How long after the end the audit trail is read: its rows may come late."""
MOST_EVENTS = 1_000
ASSIGNMENTS = ("permset", "profileforuser", "frozeuser", "deactivateduser", "activateduser")
"""Parts of audit trail actions that change who has what; all others change settings."""
OURS = frozenset({"configured", "reauthorized", "reauthorization begun", "held", "released"})
"""Kinds of our own events that change something."""
TOLD = ("incident opened", "incident closed", "refused", "state changed", "diagnosed", "proofs")
NOT_LENT = Unknown(
    "no admin's session was lent",
    "give an admin's session, or look at Setup > View Setup Audit Trail",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was changed, by whom, and where that is written."""

    at: datetime
    by: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """A cause as it was judged when the incident was judged last."""

    cause: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a troubleshooter owes."""

    incident: Incident
    connection: Connection
    integration: Integration
    cause: Cause | None
    ranked: tuple[Ranked, ...]
    level: str
    evidence: tuple[Fact, ...]
    """Facts with the very words they rest on, oldest first."""
    settings: tuple[Change, ...] | Unknown
    assignments: tuple[Change, ...] | Unknown
    """In the org; not known without an admin's session."""
    ours: tuple[Change, ...]
    """What was changed on our side."""
    history: tuple[Event, ...]
    """The incident as it went, oldest first."""
    findings: tuple[Found, ...] = ()
    """What audits of the org found that leads to the cause, and still stands."""


def list_incidents(keeper: Keeper, connection_id: str = "") -> list[tuple[Incident, Connection]]:
    """Incidents of one connection or of all, newest first.  Raises `NotFound`."""
    with keeper.reading() as tx:
        known = [connections.get(tx, connection_id)] if connection_id else connections.every(tx)
        found = [(each, of) for of in known for each in incidents.of(tx, of.id)]
    return sorted(found, key=lambda pair: pair[0].opened_at, reverse=True)


def report(keeper: Keeper, incident_id: str, session: Session | None = None) -> Report:
    """The report of an incident, open or closed.

    With an admin's session the org's audit trail is read for the time of the incident.
    Raises `NotFound`.
    """
    with keeper.reading() as tx:
        incident = incidents.get(tx, incident_id)
        connection = connections.by_id(tx, incident.connection)
        integration = keeper.vault.integration(tx, connection.integration)
        told = incidents.case(tx, incident.id).diagnosis or {}
        facts, history = facts_of(tx, incident), _history(tx, incident)
        found = leading_to(tx, keeper.catalog, connection, integration, incident.cause)
    acts = _acts(keeper, incident, session)
    ours = tuple(
        Change(e.at, "evergrant", e.text or e.kind, "history") for e in history if e.kind in OURS
    )
    return Report(
        incident=incident,
        connection=connection,
        integration=integration,
        cause=keeper.catalog.causes.get(incident.cause),
        ranked=tuple(Ranked(r["cause"], r["confidence"]) for r in told.get("ranked", ())),
        level=told.get("level", ""),
        evidence=tuple(sorted((f for f in facts if f.quote), key=_when)),
        settings=acts if isinstance(acts, Unknown) else _changes(acts, assigning=False),
        assignments=acts if isinstance(acts, Unknown) else _changes(acts, assigning=True),
        ours=ours,
        history=tuple(each for each in history if each.kind in TOLD or each.kind in OURS),
        findings=found,
    )


def _when(fact: Fact) -> str:
    return fact.observed_at.isoformat() if fact.observed_at else ""


def _history(tx: Tx, incident: Incident) -> list[Event]:
    """The connection's events of that time, oldest first."""
    newest = events.recent(tx, incident.connection, limit=MOST_EVENTS)
    until = incident.closed_at
    return [
        each
        for each in reversed(newest)
        if each.at >= incident.opened_at and (until is None or each.at <= until)
    ]


def _acts(keeper: Keeper, incident: Incident, session: Session | None) -> list[Act] | Unknown:
    if session is None:
        return NOT_LENT
    until = (incident.closed_at or keeper.clock.now()) + AFTER
    try:
        return keeper.say(acts_between(session, incident.opened_at - BEFORE, until))
    except (Refused, Malformed, WireError) as error:
        return Unknown(mask(error.what), "look with View Setup and Configuration")


def _changes(acts: Sequence[Act], *, assigning: bool) -> tuple[Change, ...]:
    return tuple(
        Change(act.at, act.by or "Salesforce", mask(act.display or act.action), "audit trail")
        for act in acts
        if any(part in act.action.lower() for part in ASSIGNMENTS) is assigning
    )
