"""The doctor: evidence → posterior → next check, until the first cause is clear.

What it may look at it looks at itself: the connection's own history, a live check with the
connection's own credential, the org with an admin's evidence session.  What it may not, it asks a
person.  When nobody answers, it says what is missing and what would settle it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from evergrant.diagnosis import Diagnosis, diagnose
from evergrant.diagnosis.gates import Passage, walk
from evergrant.diagnosis.question import Question, next_question
from evergrant.diagnosis.verdict import CERTAIN
from evergrant.evidence.gathered import Gathered
from evergrant.keeper.doctor_checks import (
    LIVE_CHECK,
    OWN_HISTORY,
    Looked,
    Looking,
    Watch,
    looked,
    title_of,
)
from evergrant.keeper.doctor_live import live_check
from evergrant.keeper.doctor_org import LIVE_ORG, doubts, shut_out, through_org
from evergrant.keeper.doctor_visit import (
    Examination,
    Status,
    Visit,
    all_facts,
    by_times,
    saved,
    subject_of,
    with_facts,
)
from evergrant.keeper.doctor_ways import Way, way_from_there, way_to
from evergrant.keeper.examine import BEFORE
from evergrant.keeper.incident import judged
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import note
from evergrant.keeper.way import WAYS
from evergrant.model import Connection, Fact, Proof, Session, Subject, Unknown, Value
from evergrant.store import connections, incidents

OWN, PERSON = "own_history", "person"
WAY = "network"
"""Gate of the way to Salesforce: whoever does not get that far is in no log of the org."""
MOST_MISSING = 4
PATIENCE = 8
"""Questions that a person is asked at most about one refusal."""


@dataclass(frozen=True, slots=True)
class Means:
    """What the doctor may use in one sitting."""

    session: Session | None = None
    """An admin's evidence session; only read with."""
    brought: tuple[Fact, ...] = ()
    """What files and pasted texts showed."""
    gathered: Gathered = field(default_factory=Gathered)
    """What they brought besides: moments, and what was read."""
    watch: Watch = field(default=lambda _: None, repr=False)


def look_further(keeper: Keeper, examination: Examination, means: Means) -> Visit:
    """Look at all that may be looked at; answers with a verdict, or with a question for a person.

    At the beginning of a sitting: the connection is tried, unless that could do harm.
    """
    if means.gathered.readings:
        examination = replace(examination, gathered=means.gathered)
    examination, proofs = _tried(keeper, examination, means)
    if proofs:
        return _works(keeper, examination, proofs)
    examination = through_org(keeper, examination, means.session, means.watch)
    return visit(keeper, saved(keeper, examination))


def visit(keeper: Keeper, examination: Examination) -> Visit:
    """How an examination stands, judged anew; nothing is looked at, the incident is told."""
    seen = consult(keeper, examination)
    return replace(seen, connection=_judged(keeper, examination, seen.diagnosis))


def consult(keeper: Keeper, examination: Examination) -> Visit:
    """How an examination stands, judged anew; nothing is looked at, and nothing is written."""
    facts = all_facts(keeper, examination)
    warnings, shut = doubts(examination), shut_out(examination)
    diagnosis, connection = diagnose(facts, keeper.catalog), None
    diagnosis = _of_nobody(diagnosis) if warnings else diagnosis
    if examination.connection:
        with keeper.reading() as tx:
            connection = connections.get(tx, examination.connection)
    gates = _gates(keeper, diagnosis)
    told = (shut, *warnings) if shut else warnings
    seen = Visit(
        examination, connection, "clear", diagnosis, gates, warnings=told, is_shut_out=bool(shut),
        evidence=by_times(keeper, examination, facts),
    )  # fmt: skip
    if _is_clear(diagnosis) and not warnings:
        return seen
    question = _question(keeper, facts)
    status: Status = "asks" if question else "unclear"
    missing = tuple(_missing(keeper, examination, diagnosis))
    return replace(seen, status=status, question=question, missing=missing)


def _of_nobody(diagnosis: Diagnosis) -> Diagnosis:
    """What the org showed may be of somebody else: nothing is certain then."""
    ranked = tuple(
        replace(each, word="likely") if each.word == "certain" else each
        for each in diagnosis.ranked
    )
    return replace(diagnosis, ranked=ranked)


def take_answer(
    keeper: Keeper, examination: Examination, question: Question, value: Value | None
) -> Visit:
    """Take in what a person answered; None means that nobody knows.  It is not asked again."""
    kind = keeper.catalog.facts[question.fact]
    told: Value = Unknown("nobody could tell", kind.ask) if value is None else value
    quote = "" if value is None else f"{kind.title}: {_shown(value)}"
    now = keeper.clock.now()
    fact = Fact(kind.name, told, Subject(kind.about), PERSON, now, quote=quote)
    return visit(keeper, saved(keeper, with_facts(examination, [fact])))


def _shown(value: Value) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


# --- what it looks at itself -----------------------------------------------------------------


def _tried(
    keeper: Keeper, examination: Examination, means: Means
) -> tuple[Examination, tuple[Proof, ...]]:
    """Own history, and the connection itself; with another refusal a new round begins."""
    if not examination.connection:
        return with_facts(examination, means.brought), ()
    means.watch(Looking(title_of(OWN_HISTORY)))
    means.watch(_own(keeper, examination))
    means.watch(Looking(title_of(LIVE_CHECK)))
    tried = live_check(keeper, examination.connection)
    means.watch(tried.look)
    if tried.proofs:
        return examination, tried.proofs
    known = () if _is_another(examination, tried.refusal) else examination.facts
    # What the org showed is looked at anew where it can be: somebody may have repaired something.
    kept = tuple(fact for fact in known if means.session is None or fact.source != LIVE_ORG)
    examination = replace(examination, refusal=tried.refusal, facts=kept)
    examination = with_facts(examination, means.brought, tried.look)
    return _on_the_way(keeper, examination, means), ()


def _on_the_way(keeper: Keeper, examination: Examination, means: Means) -> Examination:
    """The way to Salesforce, and what Salesforce says of itself: no credential is needed."""
    for check, look in WAYS.items():
        means.watch(Looking(title_of(check)))
        facts = look(keeper, examination.connection)
        means.watch(looked(check, facts))
        examination = with_facts(examination, facts, looked(check, facts))
    return examination


def _is_another(examination: Examination, refusal: str) -> bool:
    return bool(examination.refusal) and examination.refusal != refusal


def _own(keeper: Keeper, examination: Examination) -> Looked:
    own = [
        (fact.observed_at, fact.quote)
        for fact in all_facts(keeper, examination)
        if fact.source == OWN and fact.observed_at and fact.quote
    ]
    told = max(own)[1] if own else "it remembers nothing yet"
    return Looked(OWN_HISTORY, title_of(OWN_HISTORY), told)


# --- how it stands ---------------------------------------------------------------------------


def _works(keeper: Keeper, examination: Examination, proofs: tuple[Proof, ...]) -> Visit:
    with keeper.reading() as tx:
        connection = connections.get(tx, examination.connection)
    nothing = diagnose((), keeper.catalog)
    return Visit(saved(keeper, examination), connection, "works", nothing, proofs=proofs)


def _is_clear(diagnosis: Diagnosis) -> bool:
    """Whether more questions would only trouble somebody."""
    first = diagnosis.first
    return first is not None and first.confidence >= CERTAIN


def _question(keeper: Keeper, facts: Sequence[Fact]) -> Question | None:
    """What the org would not show may still be asked of a person; what nobody could tell, not."""
    if sum(fact.source == PERSON for fact in facts) >= PATIENCE:
        return None
    heard = [fact for fact in facts if fact.is_known or fact.source == PERSON]
    return next_question(heard, keeper.catalog)


def _judged(keeper: Keeper, examination: Examination, diagnosis: Diagnosis) -> Connection | None:
    """The incident learns what the judge says; the connection, as it is now."""
    if not examination.connection:
        return None
    with keeper.writing() as tx:
        connection = connections.get(tx, examination.connection)
        told = f"{diagnosis.cause or 'no cause'} at level {diagnosis.level}"
        note(keeper, tx, connection.id, "diagnosed", told)
        if incident := incidents.open_for(tx, connection.id):
            judged(tx, incident, diagnosis)
    return connection


def _gates(keeper: Keeper, diagnosis: Diagnosis) -> tuple[Passage, ...]:
    if not diagnosis.is_named or diagnosis.first is None:
        return ()
    first = keeper.catalog.causes[diagnosis.first.refined or diagnosis.first.cause]
    return walk(first, diagnosis.next_gate, diagnosis.facts, keeper.catalog)


def _missing(keeper: Keeper, examination: Examination, diagnosis: Diagnosis) -> Sequence[Way]:
    if diagnosis.first is None:
        return ()
    if keeper.catalog.causes[diagnosis.first.cause].gate == WAY:
        return [way_from_there(_host(keeper, examination))]
    app, user = subject_of(keeper, examination)
    gaps = diagnosis.first.unknown[:MOST_MISSING]
    since = examination.at - BEFORE
    return [way_to(gap, keeper.catalog, app=app, user=user, since=since) for gap in gaps]


def _host(keeper: Keeper, examination: Examination) -> str:
    if not examination.connection:
        return ""
    with keeper.reading() as tx:
        return connections.get(tx, examination.connection).login_host
