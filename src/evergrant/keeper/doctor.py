"""The doctor: evidence → posterior → next check, until the first cause is clear.

What it may look at it looks at itself: the connection's own history, a live check with the
connection's own credential, the org with an admin's evidence session.  What it may not, it asks a
person.  When nobody answers, it says what is missing and what would settle it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from evergrant import evidence
from evergrant.diagnosis import Diagnosis, diagnose
from evergrant.diagnosis.gates import Passage, walk
from evergrant.diagnosis.question import Question, next_look, next_question
from evergrant.diagnosis.verdict import CERTAIN
from evergrant.keeper.doctor_checks import (
    LIVE_CHECK,
    ORG_CHECKS,
    OWN_HISTORY,
    SETTINGS,
    Looked,
    Way,
    looked,
    title_of,
    way_to,
)
from evergrant.keeper.doctor_live import live_check
from evergrant.keeper.doctor_visit import (
    Examination,
    Status,
    Visit,
    all_facts,
    saved,
    subject_of,
    with_facts,
)
from evergrant.keeper.examine import BEFORE, look_for
from evergrant.keeper.incident import judged
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import note
from evergrant.keeper.way import WAYS
from evergrant.model import Connection, Fact, Proof, Session, Subject, Unknown, Value
from evergrant.store import connections, incidents

ORG, OWN, PERSON = "live_org", "own_history", "person"
MOST_MISSING = 4
PATIENCE = 8
"""Questions that a person is asked at most about one refusal."""


@dataclass(frozen=True, slots=True)
class Looking:
    """A look that begins."""

    title: str


Watch = Callable[[Looking | Looked], None]
"""Hears what is being looked at, and what that came to."""


@dataclass(frozen=True, slots=True)
class Means:
    """What the doctor may use in one sitting."""

    session: Session | None = None
    """An admin's evidence session; only read with."""
    brought: tuple[Fact, ...] = ()
    """What files and pasted texts showed."""
    watch: Watch = field(default=lambda _: None, repr=False)


def look_further(keeper: Keeper, examination: Examination, means: Means) -> Visit:
    """Look at all that may be looked at; answers with a verdict, or with a question for a person.

    At the beginning of a sitting: the connection is tried, unless that could do harm.
    """
    examination, proofs = _tried(keeper, examination, means)
    if proofs:
        return _works(keeper, examination, proofs)
    examination = _through_org(keeper, examination, means)
    return visit(keeper, saved(keeper, examination))


def visit(keeper: Keeper, examination: Examination) -> Visit:
    """How an examination stands, judged anew; nothing is looked at, the incident is told."""
    seen = consult(keeper, examination)
    return replace(seen, connection=_judged(keeper, examination, seen.diagnosis))


def consult(keeper: Keeper, examination: Examination) -> Visit:
    """How an examination stands, judged anew; nothing is looked at, and nothing is written."""
    facts = all_facts(keeper, examination)
    diagnosis, connection = diagnose(facts, keeper.catalog), None
    if examination.connection:
        with keeper.reading() as tx:
            connection = connections.get(tx, examination.connection)
    gates = _gates(keeper, diagnosis)
    if _is_clear(diagnosis):
        return Visit(examination, connection, "clear", diagnosis, gates)
    question = _question(keeper, facts)
    status: Status = "asks" if question else "unclear"
    missing = tuple(_missing(keeper, examination, diagnosis))
    return Visit(examination, connection, status, diagnosis, gates, question, missing)


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
    kept = tuple(fact for fact in known if means.session is None or fact.source != ORG)
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


def _through_org(keeper: Keeper, examination: Examination, means: Means) -> Examination:
    """One check after the other, the most telling first; at last the settings of later gates."""
    if means.session is None:
        return examination
    left = set(ORG_CHECKS)
    while left and (check := _next_check(keeper, examination, left)):
        means.watch(Looking(title_of(check)))
        facts = _asked(keeper, examination, means.session, check)
        examination = _taken_in(keeper, examination, means, facts, left)
        left.discard(check)
    return examination


def _taken_in(
    keeper: Keeper, examination: Examination, means: Means, facts: Sequence[Fact], left: set[str]
) -> Examination:
    """What one look showed, check by check: on the way, it may have answered others."""
    by_check: dict[str, list[Fact]] = {}
    for fact in facts:
        by_check.setdefault(keeper.catalog.facts[fact.name].check, []).append(fact)
    looks = [looked(check, found) for check, found in by_check.items() if check in left]
    for look in looks:
        means.watch(look)
        left.discard(look.check)
    return with_facts(examination, facts, *looks)


def _next_check(keeper: Keeper, examination: Examination, left: set[str]) -> str:
    facts = all_facts(keeper, examination)
    diagnosis = diagnose(facts, keeper.catalog)
    first = diagnosis.first
    if first is None or first.word != "certain":
        wanted = next_look(facts, left, keeper.catalog)
        if wanted is not None:
            return wanted.check
    return next((check for check in SETTINGS if check in left), "")


def _asked(
    keeper: Keeper, examination: Examination, session: Session, check: str
) -> Sequence[Fact]:
    if not examination.connection:
        now = keeper.clock.now()
        return keeper.say(
            evidence.look_at_org(
                session, app_label=examination.app, username=examination.user,
                since=now - BEFORE, at=now, only=check,
            )
        )  # fmt: skip
    with keeper.reading() as tx:
        connection = connections.get(tx, examination.connection)
        integration = keeper.vault.integration(tx, connection.integration)
        incident = incidents.open_for(tx, connection.id)
    return keeper.say(look_for(keeper, connection, integration, incident, session, only=check))


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
    app, user = subject_of(keeper, examination)
    gaps = diagnosis.first.unknown[:MOST_MISSING]
    since = examination.at - BEFORE
    return [way_to(gap, keeper.catalog, app=app, user=user, since=since) for gap in gaps]
