"""How an explanation is laid out: sections of plain lines, wrapped to a width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from textwrap import wrap
from typing import Literal

from evergrant.catalog import Catalog, Cause, Fix

WIDTH = 80
REMEDIES = {
    "retry": "try again; nothing needs to be changed",
    "reauthorize": "a new authorization is needed",
    "admin-change": "an admin must change something first",
    "client-change": "the client must be changed",
    "wait": "waiting helps",
}

Title = Literal[
    "Evidence",
    "Cause",
    "Causes",
    "Meaning",
    "Why",
    "Speaks for it",
    "Speaks against it",
    "Not known",
    "Next check",
    "What to do",
    "Do not",
    "Afterwards",
    "Next gate",
    "Other causes",
    "Sources",
]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines; a line stands for itself."""

    title: Title
    lines: tuple[str, ...]


def laid_out(sections: Iterable[Section], width: int = WIDTH) -> str:
    """Sections as text, no line longer than `width`; empty sections are left out."""
    blocks = []
    for section in sections:
        lines = [each for line in section.lines for each in _wrapped(line, width)]
        if lines:
            blocks.append("\n".join([section.title, *lines]))
    return "\n\n".join(blocks) + "\n"


def of_cause(cause: Cause, catalog: Catalog) -> tuple[Section, ...]:
    """A catalog entry, whole."""
    return (
        Section("Cause", (f"{cause.title} ({cause.id})", f"Remedy: {REMEDIES[cause.remedy]}.")),
        Section("Why", why(cause)),
        *way_out(cause, cause.next_gate, catalog),
        Section("Sources", tuple(f"{s.url} ({s.kind}, {s.checked})" for s in cause.sources)),
    )


def why(cause: Cause) -> tuple[str, ...]:
    """What happened, and which part of that is our deduction."""
    marked = f"Inferred, not documented: {cause.inferred}."
    return (cause.why, marked) if cause.inferred else (cause.why,)


def way_out(cause: Cause, next_gate: str, catalog: Catalog) -> tuple[Section, ...]:
    """What to do, what not, what to look at afterwards, and what may refuse next."""
    after = tuple(f"{each.do} → {each.expect}" for each in cause.verify)
    return (
        Section("What to do", tuple(_fixes(cause.fixes))),
        Section("Do not", cause.avoid),
        Section("Afterwards", after),
        Section("Next gate", (catalog.gates[next_gate].title,) if next_gate else ()),
    )


def _fixes(fixes: Iterable[Fix]) -> Iterator[str]:
    for fix in fixes:
        kind = "" if fix.app == "any" else f" ({fix.app})"
        mark = " (inferred)" if fix.mark == "inferred" else ""
        yield f"{fix.who}{kind}: {fix.do}.{mark}"
        if fix.where:
            yield f"  at {fix.where}{f' ({fix.link})' if fix.link else ''}"
        if fix.permission:
            yield f"  needs {fix.permission}"
        if fix.proof:
            yield f"  done when {fix.proof.fact} {fix.proof.condition}"


def _wrapped(line: str, width: int) -> list[str]:
    """A line as an item; one that begins with blanks belongs to the item before."""
    first, rest = ("      ", "      ") if line.startswith("  ") else ("  - ", "    ")
    return wrap(
        line.strip(),
        max(width, 20),
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
    )
