"""Looking without touching: what pages show of connections and of pasted texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evergrant import evidence
from evergrant.diagnosis import Diagnosis, diagnose
from evergrant.errors import BadInput
from evergrant.evidence import bundle
from evergrant.keeper.incident import facts_of
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.observe import own_facts
from evergrant.model import Connection, Event, Fact, Identity, Incident, Integration
from evergrant.store import Tx, connections, events, incidents, readings
from evergrant.store.readings import Reading
from evergrant.store.rows import new_id

SHOWN_EVENTS = 30


@dataclass(frozen=True, slots=True)
class Standing:
    """A connection in a list: how it is, and why."""

    connection: Connection
    integration: str
    """The integration's name."""
    incident: Incident | None


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that one connection's page tells."""

    connection: Connection
    integration: Integration
    incident: Incident | None
    """The open one."""
    past: Sequence[Incident]
    """Those that were closed, newest first."""
    diagnosis: Diagnosis | None
    """Of the open incident; None when nothing is broken."""
    events: Sequence[Event]
    held: Identity | None
    """Who came back from a reauthorization and waits for a choice."""


def overview(keeper: Keeper) -> list[Standing]:
    """Every connection by name, removed ones among them."""
    with keeper.reading() as tx:
        names = {each.id: each.name for each in keeper.vault.integrations(tx)}
        return [
            Standing(each, names.get(each.integration, ""), incidents.open_for(tx, each.id))
            for each in connections.every(tx)
        ]


def case_of(keeper: Keeper, connection_id: str) -> Case:
    """One connection, whole, judged anew.  Raises `NotFound`."""
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        integration = keeper.vault.integration(tx, connection.integration)
        incident = incidents.open_for(tx, connection.id)
        held = keeper.vault.any_held(tx, connection.id)
        return Case(
            connection,
            integration,
            incident,
            [each for each in incidents.of(tx, connection.id) if each.closed_at],
            _judged(keeper, tx, connection, integration, incident) if incident else None,
            events.recent(tx, connection.id, limit=SHOWN_EVENTS),
            held.identity if held else None,
        )


def integrations_of(keeper: Keeper) -> Sequence[Integration]:
    """Every integration by name."""
    with keeper.reading() as tx:
        return keeper.vault.integrations(tx)


def read_text(keeper: Keeper, text: str, *, connection_id: str = "", note: str = "") -> Reading:
    """Read a pasted text of any kind and keep its facts, never the text; no state changes.

    Raises `BadInput` for a text without a word in it, `NotFound` for an unknown connection.
    """
    if not text.strip():
        raise BadInput(
            "there is nothing to read", next_step="paste the error text that you got", whose="you"
        )
    facts = list(evidence.of_pasted(text, evidence.Wanted(now=keeper.clock.now())).facts)
    with keeper.writing() as tx:
        about = connections.get(tx, connection_id).id if connection_id else ""
        made = Reading(new_id("read"), keeper.clock.now(), about, bundle.save(facts), note)
        readings.add(tx, made)
    return made


def reading_of(keeper: Keeper, reading_id: str) -> tuple[Reading, Diagnosis, Connection | None]:
    """A reading, what the judge says of it, and what it is about.  Raises `NotFound`."""
    with keeper.reading() as tx:
        found = readings.get(tx, reading_id)
        facts = bundle.load(found.facts)
        if not found.connection:
            return found, diagnose(facts, keeper.catalog), None
        connection = connections.by_id(tx, found.connection)
        integration = keeper.vault.integration(tx, connection.integration)
        facts += own_facts(keeper, tx, connection, integration)
    return found, diagnose(facts, keeper.catalog), connection


def _judged(
    keeper: Keeper, tx: Tx, connection: Connection, integration: Integration, incident: Incident
) -> Diagnosis:
    facts: list[Fact] = facts_of(tx, incident)
    return diagnose([*facts, *own_facts(keeper, tx, connection, integration)], keeper.catalog)
