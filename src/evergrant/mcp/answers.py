"""What the tools answer: plain values whose shape is the tools' output schema; never a secret.

NOTE: without slots: the SDK reads the defaults of fields from the class, where slots would stand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evergrant.catalog import Catalog
from evergrant.diagnosis import Diagnosis
from evergrant.diagnosis.explain import sections
from evergrant.diagnosis.layout import laid_out as text_of
from evergrant.diagnosis.terms import Explanation
from evergrant.drills import Row
from evergrant.keeper import Case, Checked, Standing, Visit
from evergrant.log import mask
from evergrant.model import Connection, as_json


@dataclass(frozen=True)
class ExplainedTerm:
    """A word of Salesforce's, or a cause."""

    term: str
    kind: str
    decision: str
    says: str
    causes: list[str]
    text: str


@dataclass(frozen=True)
class RankedCause:
    """One cause in the ranking; `confidence` is a share of 1."""

    id: str
    title: str
    word: str
    confidence: float


@dataclass(frozen=True)
class Judgement:
    """Why it is broken.  `decision` comes first; `text` has evidence, reasons and the way out."""

    decision: str
    level: str
    is_named: bool
    causes: list[RankedCause]
    none_of_these: float
    next_check: str
    do_not: list[str]
    text: str


@dataclass(frozen=True)
class Gate:
    """One gate that a request passes."""

    title: str
    how: str
    cause: str


@dataclass(frozen=True)
class Asked:
    """A question for a person: answer with `answers={fact: value}`."""

    fact: str
    ask: str
    choices: list[str]


@dataclass(frozen=True)
class Consultation:
    """How far the doctor has come without touching anything."""

    status: str
    judgement: Judgement
    gates: list[Gate]
    question: Asked | None
    missing: list[str]


@dataclass(frozen=True)
class Listed:
    """A connection in a list."""

    id: str
    name: str
    integration: str
    state: str
    cause: str
    last_success: str


@dataclass(frozen=True)
class Connections:
    """The connections, and how to go on where there are more."""

    connections: list[Listed]
    total: int
    next_offset: int | None


@dataclass(frozen=True)
class Happened:
    """One line of a connection's history."""

    at: str
    kind: str
    text: str


@dataclass(frozen=True)
class Shown:
    """One connection, whole."""

    connection: Listed
    org_id: str
    user: str
    login_host: str
    judgement: Judgement | None
    history: list[Happened]


@dataclass(frozen=True)
class Look:
    """Whether a connection works now."""

    connection: str
    works: bool
    state: str
    error: str
    cause: str


@dataclass(frozen=True)
class Begun:
    """A reauthorization that waits for a person: the link is good once, for ten minutes."""

    flow: str
    link: str
    tell: str


@dataclass(frozen=True)
class Drills:
    """What can be drilled."""

    scenarios: list[str]


@dataclass(frozen=True)
class DrillRow:
    """One level of evidence of one drill."""

    scenario: str
    level: str
    cause: str
    first: str
    confidence: float
    reproduced: bool
    fixed: bool
    proven: bool


@dataclass(frozen=True)
class Drilled:
    """A drill, from break to proof."""

    rows: list[DrillRow]


def of_term(found: Explanation) -> ExplainedTerm:
    """An explanation."""
    return ExplainedTerm(
        found.term, found.kind, found.decision, found.says, list(found.causes), found.text
    )


def of_diagnosis(found: Diagnosis, catalog: Catalog) -> Judgement:
    """A diagnosis; every text in it is masked already, and once more here."""
    told = sections(found, catalog)
    return Judgement(
        decision=told[0].title,
        level=found.level,
        is_named=found.is_named,
        causes=[
            RankedCause(
                each.refined or each.cause, each.title, each.word, round(each.confidence, 4)
            )
            for each in found.ranked
        ],
        none_of_these=round(found.none_of_these, 4),
        next_check=found.next_check.ask if found.next_check else "",
        do_not=[line for each in told if each.title == "Do not" for line in each.lines],
        text=mask(text_of(told)),
    )


def of_visit(seen: Visit, catalog: Catalog) -> Consultation:
    """A consultation."""
    asked = seen.question
    return Consultation(
        status=seen.status,
        judgement=of_diagnosis(seen.diagnosis, catalog),
        gates=[Gate(each.title, each.how, each.cause) for each in seen.gates],
        question=Asked(asked.fact, asked.ask, [each.text for each in asked.choices])
        if asked
        else None,
        missing=[f"{each.title}: {each.click or each.query}" for each in seen.missing],
    )


def of_standing(standing: Standing) -> Listed:
    """A connection in a list."""
    cause = standing.incident.cause if standing.incident else ""
    return _listed(standing.connection, standing.integration, cause)


def of_case(case: Case, catalog: Catalog) -> Shown:
    """One connection, whole."""
    who = case.connection.identity
    cause = case.diagnosis.cause if case.diagnosis else ""
    return Shown(
        connection=_listed(case.connection, case.integration.name, cause),
        org_id=who.org_id if who else "",
        user=(who.username or who.user_id) if who else case.integration.subject,
        login_host=case.connection.login_host,
        judgement=of_diagnosis(case.diagnosis, catalog) if case.diagnosis else None,
        history=[Happened(as_json(e.at), e.kind, mask(e.text)) for e in case.events],
    )


def of_check(found: Checked) -> Look:
    """A check."""
    return Look(
        connection=found.connection.id,
        works=found.failure is None,
        state=str(found.connection.state),
        error=mask(found.failure.what) if found.failure else "",
        cause=found.diagnosis.cause if found.diagnosis else "",
    )


def of_rows(rows: Iterable[Row]) -> Drilled:
    """A drill."""
    return Drilled(
        [
            DrillRow(
                row.id, row.level, row.cause, row.first, row.confidence, row.reproduced, row.fixed,
                row.proven,
            )
            for row in rows
        ]
    )  # fmt: skip


def _listed(connection: Connection, integration: str, cause: str) -> Listed:
    last = as_json(connection.last_success) or ""
    state = str(connection.state)
    return Listed(connection.id, connection.name, integration, state, cause, last)
