"""The verdict as a person reads it: sections of plain words, and their text in 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from textwrap import wrap
from typing import Literal

from evergrant.catalog import Catalog, Cause, Fix
from evergrant.diagnosis.terms import Explanation, explain_term
from evergrant.diagnosis.verdict import Diagnosis, Missing, Ranked, Reason
from evergrant.model import Fact

__all__ = ["Explanation", "Section", "explain_term", "render", "render_cause", "sections"]

MOST = 6
"""Reasons and gaps that are shown of each kind."""
LEVELS = {
    "text": "the text alone",
    "own": "the text and the connection's own history",
    "admin": "an admin's view of the org",
}
REMEDIES = {
    "retry": "try again; nothing needs to be changed",
    "reauthorize": "a new authorization is needed",
    "admin-change": "an admin must change something first",
    "client-change": "the client must be changed",
    "wait": "waiting helps",
}
NOTHING = "Nothing in this is known to the catalog."

Title = Literal[
    "Evidence", "Cause", "Why", "Speaks for it", "Speaks against it", "Not known", "Next check",
    "What to do", "Do not", "Afterwards", "Next gate", "Other causes", "Sources",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines; a line stands for itself."""

    title: Title
    lines: tuple[str, ...]


def sections(diagnosis: Diagnosis, catalog: Catalog) -> tuple[Section, ...]:
    """The explanation of a diagnosis; empty sections are left out."""
    first = diagnosis.first
    if first is None:
        return (Section("Cause", (NOTHING,)),)
    cause = catalog.causes[first.refined or first.cause]
    made = (
        Section("Evidence", _evidence(first, diagnosis)),
        Section("Cause", _cause(first, diagnosis)),
        Section("Why", (cause.why, *_inferred(cause))),
        Section("Speaks for it", _reasons(first.supports, catalog)),
        Section("Speaks against it", _reasons(first.refutes, catalog)),
        Section("Not known", _unknown(first.unknown)),
        Section("Next check", _next_check(diagnosis)),
        *_way_out(cause, diagnosis.next_gate, catalog),
        Section("Other causes", _others(diagnosis)),
    )
    return tuple(section for section in made if section.lines)


def render(diagnosis: Diagnosis, catalog: Catalog, *, width: int = 80) -> str:
    """The explanation as plain text, no line longer than `width` (but for unbreakable words)."""
    return _text(sections(diagnosis, catalog), width)


def render_cause(cause: Cause, catalog: Catalog, *, width: int = 80) -> str:
    """A catalog entry as plain text."""
    made = (
        Section("Cause", (f"{cause.title} ({cause.id})", f"Remedy: {REMEDIES[cause.remedy]}.")),
        Section("Why", (cause.why, *_inferred(cause))),
        *_way_out(cause, cause.next_gate, catalog),
        Section("Sources", tuple(f"{s.url} ({s.kind}, {s.checked})" for s in cause.sources)),
    )
    return _text([section for section in made if section.lines], width)


def _way_out(cause: Cause, next_gate: str, catalog: Catalog) -> tuple[Section, ...]:
    after = tuple(f"{each.do} → {each.expect}" for each in cause.verify)
    return (
        Section("What to do", tuple(_fixes(cause.fixes))),
        Section("Do not", cause.avoid),
        Section("Afterwards", after),
        Section("Next gate", (catalog.gates[next_gate].title,) if next_gate else ()),
    )


def _evidence(first: Ranked, diagnosis: Diagnosis) -> tuple[str, ...]:
    """The very words, in the order of the text; what speaks for the cause comes first."""
    speaking = [reason.fact for reason in first.supports]
    rest = [fact for fact in diagnosis.facts if fact.quote and fact not in speaking]
    quotes: dict[str, None] = {}
    for fact in [*speaking, *rest]:
        if fact.quote:
            quotes.setdefault(f"{_place(fact)}{fact.quote}")
    return tuple(quotes)[:MOST]


def _place(fact: Fact) -> str:
    return f"line {fact.line}: " if fact.line else f"{fact.source}: " if fact.source else ""


def _cause(first: Ranked, diagnosis: Diagnosis) -> tuple[str, ...]:
    return (
        f"{first.title} ({first.refined or first.cause}): {first.word}.",
        f"Remedy: {REMEDIES[diagnosis.remedy]}.",
        f"Judged from {LEVELS[diagnosis.level]}.",
    )


def _inferred(cause: Cause) -> tuple[str, ...]:
    return (f"Inferred, not documented: {cause.inferred}.",) if cause.inferred else ()


def _reasons(reasons: Iterable[Reason], catalog: Catalog) -> tuple[str, ...]:
    lines = (_said(reason.fact, catalog) for reason in reasons)
    return tuple(dict.fromkeys(lines))[:MOST]


def _said(fact: Fact, catalog: Catalog) -> str:
    mark = " (inferred)" if fact.mark == "inferred" else ""
    if isinstance(fact.value, bool):
        return f"{catalog.facts[fact.name].title}: {'yes' if fact.value else 'no'}{mark}"
    unit = catalog.facts[fact.name].unit
    return f"{catalog.facts[fact.name].title}: {fact.value}{f' {unit}' if unit else ''}{mark}"


def _unknown(missing: Iterable[Missing]) -> tuple[str, ...]:
    return tuple(
        f"{gap.title}: {gap.reason}" + (f" — {gap.next_step}" if gap.next_step else "")
        for gap in missing
    )[:MOST]


def _next_check(diagnosis: Diagnosis) -> tuple[str, ...]:
    check = diagnosis.next_check
    return (check.ask,) if check else ()


def _fixes(fixes: Iterable[Fix]) -> Iterator[str]:
    for fix in fixes:
        yield f"{fix.who}{_kind(fix)}: {fix.do}."
        if fix.where:
            yield f"  at {fix.where}{f' ({fix.link})' if fix.link else ''}"
        if fix.permission:
            yield f"  needs {fix.permission}"
        if fix.proof:
            yield f"  done when {fix.proof.fact} {fix.proof.condition}"


def _kind(fix: Fix) -> str:
    return "" if fix.app == "any" else f" ({fix.app})"


def _others(diagnosis: Diagnosis) -> tuple[str, ...]:
    others = (f"{each.title} ({each.cause}): {each.word}" for each in diagnosis.ranked[1:])
    none = f"none of these: {diagnosis.none_of_these:.0%}"
    return (*others, none)


def _text(made: Iterable[Section], width: int) -> str:
    blocks = []
    for section in made:
        lines = [each for line in section.lines for each in _wrapped(line, width)]
        blocks.append("\n".join([section.title, *lines]))
    return "\n\n".join(blocks) + "\n"


def _wrapped(line: str, width: int) -> list[str]:
    is_detail = line.startswith("  ")
    first, rest = ("      ", "      ") if is_detail else ("  - ", "    ")
    return wrap(line.strip(), width, initial_indent=first, subsequent_indent=rest,
                break_on_hyphens=False, break_long_words=True) or [first.rstrip()]  # fmt: skip
