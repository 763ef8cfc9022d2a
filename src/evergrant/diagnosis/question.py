"""What to find out next: a check that the tool may run, or a question with choices for a person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isinf

from evergrant.catalog import Catalog, FactKind
from evergrant.catalog.condition import bounds
from evergrant.catalog.entries import OTHER
from evergrant.diagnosis.likelihood import distribution
from evergrant.diagnosis.missing import answered
from evergrant.diagnosis.next_check import CANDIDATES, NextCheck, next_check
from evergrant.diagnosis.rank import posterior
from evergrant.model import Fact, Value

MOST_CHOICES = 6
"""Of Salesforce's own words, which are many."""
NOTHING = "Nothing of the kind"
"""How the answer *none* is offered: that somebody looked, and nothing is there."""
WORTH_ASKING = 0.1
"""Bits that an answer must be expected to bring before a person is troubled for it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that may be given."""

    value: str | bool | float
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked; *I do not know* is always an answer."""

    fact: str
    check: str
    """Id of the check that would settle it; empty when only a person can know."""
    ask: str
    choices: tuple[Choice, ...]
    takes_text: bool
    """Whether Salesforce's own words may be given instead of a choice."""


def next_look(facts: Sequence[Fact], checks: Collection[str], catalog: Catalog) -> NextCheck | None:
    """The check that tells most among those that may be run; None when none is worth running."""
    others = {kind.name for kind in catalog.facts.values() if kind.check not in checks}
    return _next(facts, others, catalog)


def next_question(facts: Sequence[Fact], catalog: Catalog) -> Question | None:
    """The question that tells most; None when no answer would tell much."""
    check = _next(facts, (), catalog)
    if check is None or check.gain < WORTH_ASKING:
        return None
    kind = catalog.facts[check.fact]
    return question_of(kind, posterior(facts, catalog).shares, catalog)


def question_of(kind: FactKind, shares: Mapping[str, float], catalog: Catalog) -> Question:
    """How a fact is asked, the causes having these shares."""
    return Question(kind.name, kind.check, kind.ask, choices(kind, shares, catalog), kind.open)


def _next(facts: Sequence[Fact], others: Iterable[str], catalog: Catalog) -> NextCheck | None:
    shares = posterior(facts, catalog).shares
    return next_check(shares, answered(facts, catalog).union(others), catalog)


def choices(kind: FactKind, shares: Mapping[str, float], catalog: Catalog) -> tuple[Choice, ...]:
    """The answers among which a person chooses, the likeliest first.

    Of Salesforce's own words only the likeliest are offered: any of them may be given as it is.
    """
    keys = [key for key in kind.background if key != OTHER]
    if kind.kind == "text":
        weights = _weights(kind, shares, catalog)
        keys.sort(key=weights.__getitem__, reverse=True)
    offered = keys[:MOST_CHOICES] if kind.open else keys
    return tuple(Choice(_value(kind, key), _shown(kind, key)) for key in offered)


def _value(kind: FactKind, key: str) -> str | bool | float:
    if kind.kind == "bool":
        return key == "true"
    return _inside(key) if kind.kind == "number" else key


def _shown(kind: FactKind, key: str) -> str:
    if key in kind.choices:
        return kind.choices[key]
    if kind.kind == "bool":
        return "yes" if key == "true" else "no"
    if kind.kind == "number":
        return f"{key} {kind.unit}".strip()
    return NOTHING if key == "none" else key[:1].upper() + key[1:]


def _weights(kind: FactKind, shares: Mapping[str, float], catalog: Catalog) -> Mapping[str, float]:
    leading = sorted(shares, key=shares.__getitem__, reverse=True)[:CANDIDATES]
    spread = [(shares[id_], distribution(catalog.causes[id_], kind)) for id_ in leading]
    return {key: sum(share * values[key] for share, values in spread) for key in kind.background}


def _inside(band: str) -> float:
    """A number that lies in a band."""
    low, high = bounds(band) or (0.0, 0.0)
    if isinf(low):
        return high / 2
    return low if isinf(high) else (low + high) / 2


def read_answer(question: Question, words: str) -> Value | None:
    """What a person wrote: the number of a choice, its text, or Salesforce's own words.

    None when it is neither.
    """
    said = " ".join(words.split())
    for number, choice in enumerate(question.choices, start=1):
        if said.casefold() in (str(number), choice.text.casefold()):
            return choice.value
    return said if said and question.takes_text and not said.isdigit() else None
