"""Taking in a failure: its facts join the incident, the judge speaks, the state follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from evergrant import evidence
from evergrant.diagnosis import Diagnosis, diagnose
from evergrant.errors import EvergrantError, Refused, WireError
from evergrant.health import BROKEN, LIVE, WATCHED, Signal, State
from evergrant.keeper.classify import signal_of
from evergrant.keeper.incident import feed
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.parts import is_of, part_of
from evergrant.keeper.record import CHECK, learn, note
from evergrant.model import Connection, Fact, FlowId, Integration
from evergrant.store import Tx, connections, due, events, incidents
from evergrant.store.parts import MAIN, named


@dataclass(frozen=True, slots=True)
class Observed:
    """What a failure came to."""

    connection: Connection
    signal: Signal
    diagnosis: Diagnosis
    error: str


@dataclass(frozen=True, slots=True)
class _How:
    """The circumstances of a failure."""

    doing: str
    of_credential: bool
    trail: Mapping[str, Any] = field(default_factory=dict)
    part: str = MAIN


def observe(
    keeper: Keeper,
    connection_id: str,
    failure: EvergrantError,
    *,
    flow: FlowId,
    doing: str,
    of_credential: bool = True,
    trail: Mapping[str, Any] | None = None,
    told: Sequence[Fact] = (),
    part: str = MAIN,
) -> Observed:
    """Take in a failure of a token request or a call.

    `flow` is how the client came to Salesforce, `doing` a few words for the history;
    `of_credential` says whether the credential in use was refused, or only a new authorization.
    `trail` is what the client knows of the request: fingerprints (`spent`, `code`), `code_age_s`,
    `overlapped`, `secret_sent`, `key_fits_certificate`, `certificate_ended`, `complaint` and what
    else `evidence.own_history` reads; never a secret.
    `told` are facts of the request that failed (`evidence.requests.sent`).
    """
    facts = [*evidence.of_failure(failure, flow=flow, at=keeper.clock.now()), *told]
    how = _How(doing, of_credential, trail or {}, part)
    return take(keeper, connection_id, facts, failure, how)


def observe_success(
    keeper: Keeper, connection_id: str, kind: str, text: str, trail: Mapping[str, Any]
) -> None:
    """Take in that a client did something that worked (`renewed`, `call succeeded`).

    For clients that hold their own tokens: what they spent and what they got, as fingerprints.
    """
    with keeper.writing() as tx:
        note(keeper, tx, connections.get(tx, connection_id).id, kind, text, **trail)


def observe_text(
    keeper: Keeper,
    connection_id: str,
    text: str,
    *,
    flow: FlowId,
    doing: str,
    told: Sequence[Fact] = (),
    part: str = MAIN,
) -> Observed:
    """Take in what a person saw where no callback came: an error page, its address, any text."""
    facts = [*evidence.of_text(text, flow=flow, at=keeper.clock.now()), *told]
    words = {fact.name: str(fact.value) for fact in facts}
    room, channel = ("token_reply", "json") if "token_reply.error" in words else ("page", "html")
    error = words.get(f"{room}.error", "no callback came")
    failure = Refused(error, words.get(f"{room}.description", ""), channel=channel)
    return take(keeper, connection_id, facts, failure, _How(doing, of_credential=False, part=part))


def take(
    keeper: Keeper,
    connection_id: str,
    facts: Sequence[Fact],
    failure: EvergrantError,
    how: _How,
) -> Observed:
    """Feed facts to the connection's incident and let the state follow from the diagnosis.

    A connection that is paused, on hold or removed learns nothing; its history does.
    """
    with keeper.writing() as tx:
        connection = connections.get(tx, connection_id)
        stands = part_of(tx, connection, how.part)
        integration = stands.part.view(keeper.vault.integration(tx, connection.integration))
        known = [*facts, *own_facts(keeper, tx, connection, integration, part=how.part)]
        diagnosis = diagnose(known, keeper.catalog)
        signal = signal_of(failure, diagnosis, keeper.catalog)
        told = {**how.trail, **_words(failure), **named(how.part)}
        note(keeper, tx, connection.id, "refused", f"{how.doing}: {failure.what}", **told)
        if connection.state in LIVE:
            part = replace(connection, state=stands.state)
            if not _passes_by_itself(keeper, part, failure, diagnosis):
                feed(keeper, tx, connection.id, facts, diagnosis, failure, part=how.part)
            connection = _follow(keeper, tx, part, signal, failure.what, how)
    return Observed(connection, signal, diagnosis, failure.what)


def _follow(
    keeper: Keeper, tx: Tx, connection: Connection, signal: Signal, why: str, how: _How
) -> Connection:
    """Let the state follow; a credential is dead only by evidence about itself.

    A person who pressed Deny, or a page about a new authorization, says nothing about the
    credential in use: whether that one works is looked at soon.
    """
    bears = how.of_credential or (signal is Signal.REFUSED_BY_POLICY and connection.state in BROKEN)
    if bears:
        return learn(keeper, tx, connection, signal, why=why, part=how.part)
    if connection.state in WATCHED:
        due.schedule(tx, CHECK, connection.id, keeper.clock.now())
    return connections.by_id(tx, connection.id)


def own_facts(
    keeper: Keeper,
    tx: Tx,
    connection: Connection,
    integration: Integration,
    *,
    part: str = "",
) -> list[Fact]:
    """What the connection knows about itself, as far as it is about one part.

    '' for the part that the open incident is about.
    """
    incident = None if part else incidents.open_for(tx, connection.id)
    about = part or (incident.part if incident else MAIN)
    integration = part_of(tx, connection, about).part.view(integration)
    past = events.recent(tx, connection.id, limit=200)
    history = [each for each in past if is_of(each, about)]
    return evidence.of_history(connection, integration, history, now=keeper.clock.now())


def _passes_by_itself(
    keeper: Keeper, connection: Connection, failure: EvergrantError, diagnosis: Diagnosis
) -> bool:
    """Whether a failure is no incident: nobody needs to act, and it is not here to stay."""
    if connection.state is State.DEGRADED:
        return False
    if isinstance(failure, WireError) or not diagnosis.ranked:
        return True
    return keeper.catalog.causes[diagnosis.cause].remedy in ("retry", "wait")


def _words(failure: EvergrantError) -> dict[str, str]:
    if isinstance(failure, Refused):
        return {
            "error": failure.error,
            "description": failure.description,
            "channel": failure.channel,
        }
    return {"error": type(failure).__name__, "why": failure.why}
