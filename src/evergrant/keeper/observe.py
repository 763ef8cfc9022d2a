"""Taking in a failure: its facts join the incident, the judge speaks, the state follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evergrant import evidence
from evergrant.diagnosis import Diagnosis, diagnose
from evergrant.errors import EvergrantError, Refused
from evergrant.health import Signal
from evergrant.keeper.classify import signal_of
from evergrant.keeper.incident import feed
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import learn, note
from evergrant.model import Connection, Fact, FlowId, Integration
from evergrant.store import Tx, connections, events


@dataclass(frozen=True, slots=True)
class Observed:
    """What a failure came to."""

    connection: Connection
    signal: Signal
    diagnosis: Diagnosis
    error: str


def observe(
    keeper: Keeper, connection_id: str, failure: EvergrantError, *, flow: FlowId, doing: str
) -> Observed:
    """Take in a failure of a token request or a call.

    `flow` is how the client came to Salesforce, `doing` a few words for the history.
    """
    facts = evidence.of_failure(failure, flow=flow, at=keeper.clock.now())
    return take(keeper, connection_id, facts, failure, doing=doing)


def observe_text(
    keeper: Keeper, connection_id: str, text: str, *, flow: FlowId, doing: str
) -> Observed:
    """Take in what a person saw: Salesforce's own error page, its address, or any text."""
    facts = evidence.of_text(text, flow=flow, at=keeper.clock.now())
    words = {fact.name: str(fact.value) for fact in facts}
    error = words.get("token_reply.error") or words.get("page.error") or "no callback came"
    failure = Refused(error, words.get("token_reply.description", ""), channel="html")
    return take(keeper, connection_id, facts, failure, doing=doing)


def take(
    keeper: Keeper,
    connection_id: str,
    facts: Sequence[Fact],
    failure: EvergrantError,
    *,
    doing: str,
) -> Observed:
    """Feed facts to the connection's incident and let the state follow from the diagnosis."""
    with keeper.writing() as tx:
        connection = connections.get(tx, connection_id)
        integration = keeper.vault.integration(tx, connection.integration)
        known = [*facts, *own_facts(keeper, tx, connection, integration)]
        diagnosis = diagnose(known, keeper.catalog)
        signal = signal_of(failure, diagnosis, keeper.catalog)
        note(keeper, tx, connection.id, "refused", f"{doing}: {failure.what}", **_words(failure))
        if signal is not Signal.TROUBLED or not _passes_by_itself(diagnosis, keeper):
            feed(keeper, tx, connection.id, facts, diagnosis, failure)
        connection = learn(keeper, tx, connection, signal, why=failure.what)
    return Observed(connection, signal, diagnosis, failure.what)


def own_facts(
    keeper: Keeper, tx: Tx, connection: Connection, integration: Integration
) -> list[Fact]:
    """What the connection knows about itself."""
    history = events.recent(tx, connection.id, limit=200)
    return evidence.of_history(connection, integration, history, now=keeper.clock.now())


def _passes_by_itself(diagnosis: Diagnosis, keeper: Keeper) -> bool:
    if not diagnosis.ranked:
        return True
    return keeper.catalog.causes[diagnosis.ranked[0].cause].remedy in ("retry", "wait")


def _words(failure: EvergrantError) -> dict[str, str]:
    if isinstance(failure, Refused):
        return {"error": failure.error, "description": failure.description}
    return {"error": type(failure).__name__}
