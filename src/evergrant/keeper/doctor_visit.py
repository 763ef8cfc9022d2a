"""An examination: what is known of one failure so far; kept in the store, so that it can go on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from evergrant import evidence
from evergrant.diagnosis import Diagnosis
from evergrant.diagnosis.gates import Passage
from evergrant.diagnosis.question import Question
from evergrant.evidence import Evidence, bundle
from evergrant.evidence.gathered import Gathered, Moment, Reading, Standing, Wanted
from evergrant.evidence.stale import without_stale
from evergrant.keeper.by_time import by_time
from evergrant.keeper.doctor_checks import Looked
from evergrant.keeper.doctor_ways import Way
from evergrant.keeper.incident import facts_of
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.observe import own_facts
from evergrant.model import Connection, Fact, Proof, as_json
from evergrant.store import connections, examinations, incidents
from evergrant.store.rows import new_id

Status = Literal["works", "clear", "asks", "unclear"]
"""It works, proven; the first cause is clear; a person is asked; something is missing."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What the doctor has of one failure, apart from what the connection itself remembers."""

    id: str
    at: datetime
    connection: str = ""
    """Id; empty when only evidence was brought."""
    app: str = ""
    """Label of the app, where there is no connection to know it."""
    user: str = ""
    """Username, likewise."""
    refusal: str = ""
    """What Salesforce said last; another refusal begins a new round."""
    facts: tuple[Fact, ...] = ()
    looked: tuple[Looked, ...] = ()
    gathered: Gathered = field(default_factory=Gathered)
    """What files brought besides facts: moments, standings, and what was read of them."""


@dataclass(frozen=True, slots=True)
class Visit:
    """How an examination stands."""

    examination: Examination
    connection: Connection | None
    status: Status
    diagnosis: Diagnosis
    gates: tuple[Passage, ...] = ()
    """From the one that refuses on, as far as they were seen."""
    question: Question | None = None
    missing: tuple[Way, ...] = ()
    proofs: tuple[Proof, ...] = ()
    warnings: tuple[str, ...] = ()
    """What must be said first: a session that is over, a name that the org does not know."""
    evidence: Evidence | None = None
    """All of it by time, with what was read; None where it works."""
    is_shut_out: bool = False
    """Whether the org could not be looked at with the session that was given."""


def begin_examination(
    keeper: Keeper,
    *,
    connection_id: str = "",
    app: str = "",
    user: str = "",
) -> Examination:
    """A new examination, stored.  Raises `NotFound` for a connection that is not there."""
    with keeper.writing() as tx:
        id_ = connections.get(tx, connection_id).id if connection_id else ""
        made = Examination(new_id("exam"), keeper.clock.now(), id_, app, user)
        examinations.add(tx, _row(made))
    return made


def resume_examination(
    keeper: Keeper, examination_id: str, *, ask_again: bool = True
) -> Examination:
    """An examination as it was left; what could not be learned then may be asked again.

    Without `ask_again`, what nobody could tell stays asked.

    Raises `NotFound`.
    """
    with keeper.reading() as tx:
        row = examinations.get(tx, examination_id)
    state = row.state
    known = tuple(fact for fact in bundle.load(state["facts"]) if fact.is_known or not ask_again)
    return Examination(
        row.id,
        row.at,
        row.connection,
        app=str(state["app"]),
        user=str(state["user"]),
        refusal=str(state["refusal"]),
        facts=known,
        gathered=_gathered(state.get("gathered") or {}),
    )


def saved(keeper: Keeper, examination: Examination) -> Examination:
    """Write down how far it has come."""
    with keeper.writing() as tx:
        examinations.update(tx, _row(examination))
    return examination


def with_facts(examination: Examination, facts: Iterable[Fact], *looks: Looked) -> Examination:
    """What was found joins what was known; of one source, the newer word counts."""
    fresh = tuple(facts)
    names = {(fact.name, fact.source) for fact in fresh}
    kept = tuple(fact for fact in examination.facts if (fact.name, fact.source) not in names)
    return replace(examination, facts=(*kept, *fresh), looked=(*examination.looked, *looks))


def subject_of(keeper: Keeper, examination: Examination) -> tuple[str, str]:
    """Label of the app and id (else name) of the user that it is about; empty where not known."""
    if not examination.connection:
        return examination.app, examination.user
    with keeper.reading() as tx:
        connection = connections.get(tx, examination.connection)
        integration = keeper.vault.integration(tx, connection.integration)
    who = connection.identity
    return integration.app_label, who.user_id if who else integration.subject


def all_facts(keeper: Keeper, examination: Examination) -> list[Fact]:
    """Everything: the open incident, the connection's own history, and what was found and told."""
    if not examination.connection:
        return without_stale(examination.facts)
    with keeper.reading() as tx:
        connection = connections.get(tx, examination.connection)
        integration = keeper.vault.integration(tx, connection.integration)
        told = facts_of(tx, incidents.open_for(tx, connection.id))
        told += own_facts(keeper, tx, connection, integration)
    return without_stale([*told, *examination.facts])


def by_times(keeper: Keeper, examination: Examination, facts: Iterable[Fact]) -> Evidence:
    """Everything by time: own events, what the org showed, and what files brought."""
    if examination.connection:
        return by_time(keeper, examination.connection, facts, brought=examination.gathered)
    whole = Gathered(tuple(facts)).with_(examination.gathered)
    wanted = Wanted(examination.app, examination.user, now=keeper.clock.now())
    return evidence.together(whole, wanted)


def _gathered(state: Mapping[str, Any]) -> Gathered:
    """As `_row` wrote it down."""
    moments = (
        each | {"at": datetime.fromisoformat(each["at"])} for each in state.get("moments", ())
    )
    readings = (each | {"notes": tuple(each["notes"])} for each in state.get("readings", ()))
    return Gathered(
        moments=tuple(Moment(**each) for each in moments),
        standings=tuple(Standing(**each) for each in state.get("standings", ())),
        readings=tuple(Reading(**each) for each in readings),
    )


def _row(examination: Examination) -> examinations.Examination:
    state: dict[str, Any] = {
        "app": examination.app,
        "user": examination.user,
        "refusal": examination.refusal,
        "facts": bundle.save(examination.facts),
        "looked": [as_json(each) for each in examination.looked],
        "gathered": as_json(replace(examination.gathered, facts=())),
    }
    return examinations.Examination(examination.id, examination.at, examination.connection, state)
