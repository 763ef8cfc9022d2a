"""The verdict as a person reads it: sections of plain words, and their text in 80 columns."""

from __future__ import annotations

from collections.abc import Iterable

from evergrant.catalog import Catalog
from evergrant.catalog.entries import OTHER
from evergrant.diagnosis.layout import (
    REMEDIES,
    WIDTH,
    Section,
    decision,
    laid_out,
    way_out,
    why,
)
from evergrant.diagnosis.missing import Missing
from evergrant.diagnosis.terms import Explanation, explain_term, near_misses
from evergrant.diagnosis.verdict import Diagnosis, Ranked, Reason
from evergrant.model import Fact

__all__ = ["Explanation", "Section", "explain_term", "near_misses", "render", "sections"]

MOST = 6
"""Reasons and gaps that are shown of each kind."""
WORTH_NAMING = 0.02
LEVELS = {
    "text": "the text alone",
    "own": "the text and the connection's own history",
    "admin": "an admin's view of the org",
}
NOTHING = "Nothing in this is known to the catalog."
STRANGE = " (the catalog does not know these words: they support no cause)"
PERSON = "person"
NO_ONE = "Nothing in this tells one cause from the others."


def render(diagnosis: Diagnosis, catalog: Catalog, *, width: int = WIDTH) -> str:
    """The explanation as plain text, no line longer than `width` (20 at least)."""
    return laid_out(sections(diagnosis, catalog), width)


def sections(diagnosis: Diagnosis, catalog: Catalog) -> tuple[Section, ...]:
    """The explanation of a diagnosis, in the order in which a person needs it."""
    first = diagnosis.first
    if first is None:
        return (Section("Look first", (NOTHING,)),)
    if not diagnosis.is_named:
        return _undecided(diagnosis, catalog)
    cause = catalog.causes[first.refined or first.cause]
    return (
        Section(decision(diagnosis.remedy), _cause(first, diagnosis)),
        Section("Evidence", _evidence(first.supports, diagnosis, catalog)),
        Section("Why", why(cause)),
        Section("Speaks for it", _reasons(first.supports, catalog)),
        Section("Speaks against it", _reasons(first.refutes, catalog)),
        Section("Not known", _unknown(first.unknown)),
        Section("Next check", _next_check(diagnosis)),
        *way_out(cause, diagnosis.next_gate, catalog, avoid=diagnosis.avoid),
        Section("Other causes", _others(diagnosis)),
    )


def _undecided(diagnosis: Diagnosis, catalog: Catalog) -> tuple[Section, ...]:
    """No cause stands out: advice for one of many would be a guess, so only the next step is."""
    return (
        Section("Look first", (NO_ONE, f"Judged from {LEVELS[diagnosis.level]}.")),
        Section("Evidence", _evidence((), diagnosis, catalog)),
        Section("Next check", _next_check(diagnosis)),
        Section("Do not", diagnosis.avoid),
        Section("Causes", _named(diagnosis.ranked)),
    )


def _next_check(diagnosis: Diagnosis) -> tuple[str, ...]:
    return (diagnosis.next_check.ask,) if diagnosis.next_check else ()


def _evidence(
    supports: Iterable[Reason], diagnosis: Diagnosis, catalog: Catalog
) -> tuple[str, ...]:
    """The very words; those that speak for the cause come first."""
    speaking = [reason.fact for reason in supports]
    rest = [fact for fact in diagnosis.facts if fact not in speaking]
    quotes = (
        f"{_place(fact)}{_quoted(fact, catalog)}" for fact in [*speaking, *rest] if fact.quote
    )
    return tuple(dict.fromkeys(quotes))[:MOST]


def _quoted(fact: Fact, catalog: Catalog) -> str:
    """The very words; what a person answered is marked where the catalog knows no such value."""
    kind = catalog.facts.get(fact.name)
    if fact.source != PERSON or kind is None or not kind.open or not fact.is_known:
        return fact.quote
    return f"{fact.quote}{STRANGE}" if kind.key_of(fact.value) == OTHER else fact.quote


def _place(fact: Fact) -> str:
    return f"line {fact.line}: " if fact.line else f"{fact.source}: " if fact.source else ""


def _cause(first: Ranked, diagnosis: Diagnosis) -> tuple[str, ...]:
    return (
        f"{first.title} ({first.refined or first.cause}): {first.word}.",
        f"{REMEDIES[diagnosis.remedy].capitalize()}.",
        f"Judged from {LEVELS[diagnosis.level]}.",
    )


def _reasons(reasons: Iterable[Reason], catalog: Catalog) -> tuple[str, ...]:
    lines = (_said(reason.fact, catalog) for reason in reasons)
    return tuple(dict.fromkeys(lines))[:MOST]


def _said(fact: Fact, catalog: Catalog) -> str:
    kind = catalog.facts[fact.name]
    mark = " (inferred)" if fact.mark == "inferred" else ""
    if isinstance(fact.value, bool):
        return f"{kind.title}: {'yes' if fact.value else 'no'}{mark}"
    return f"{kind.title}: {fact.value}{f' {kind.unit}' if kind.unit else ''}{mark}"


def _unknown(missing: Iterable[Missing]) -> tuple[str, ...]:
    lines = (f"{gap.title}: {gap.reason} — {gap.next_step}" for gap in missing)
    return tuple(lines)[:MOST]


def _others(diagnosis: Diagnosis) -> tuple[str, ...]:
    return (*_named(diagnosis.ranked[1:]), f"none of these: {diagnosis.none_of_these:.0%}")


def _named(causes: Iterable[Ranked]) -> tuple[str, ...]:
    worth = (each for each in causes if each.confidence >= WORTH_NAMING)
    return tuple(f"{each.title} ({each.refined or each.cause}): {each.word}" for each in worth)
