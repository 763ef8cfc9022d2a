"""How an explanation is laid out: sections of plain lines, wrapped to a width."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from textwrap import wrap
from typing import Literal, get_args

from evergrant.catalog import Catalog, Cause, Fix, Source
from evergrant.catalog.changes import Change

WIDTH = 80
REMEDIES = {
    "retry": "try again; nothing needs to be changed",
    "reauthorize": "a new authorization is needed",
    "admin-change": "an admin must change something first",
    "client-change": "the client must be changed",
    "wait": "waiting helps",
}

NONE, NOTHING = "None", "Nothing"
"""How the catalog begins to say that a step has no side effect, and no way back to go."""

Decision = Literal["Retry", "Wait", "Reauthorize", "Admin change", "Client change", "Look first"]
"""The first word of every answer; *Look first* where nothing may be advised yet."""
Title = Literal[
    Decision,
    "Evidence",
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
    "Disputed",
    "Sources",
    "Timeline",
    "What was read",
]
DECISIONS: dict[str, Decision] = {
    "retry": "Retry",
    "wait": "Wait",
    "reauthorize": "Reauthorize",
    "admin-change": "Admin change",
    "client-change": "Client change",
}
"""Remedy → the word for it; without a remedy one looks first."""

Part = Literal["decision", "heading", "quote", "warning", "faint", "text"]
"""What a line is, for whoever gives it a colour."""
Paint = Callable[[Part, str], str]
_PARTS: dict[str, Part] = {
    "Evidence": "quote",
    "Speaks against it": "warning",
    "Do not": "warning",
    "Not known": "faint",
    "Other causes": "faint",
    "Sources": "faint",
    **dict.fromkeys(get_args(Decision), "text"),
}


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its lines; a line stands for itself."""

    title: Title
    lines: tuple[str, ...]


def laid_out(
    sections: Iterable[Section], width: int = WIDTH, paint: Paint = lambda _part, text: text
) -> str:
    """Sections as text, no line longer than `width`; empty sections are left out.

    `paint` is given every line when its length is settled, with what it is.
    """
    blocks = []
    for section in sections:
        part = _PARTS.get(section.title, "text")
        lines = [paint(part, each) for line in section.lines for each in _wrapped(line, width)]
        if lines:
            head: Part = "decision" if section.title in get_args(Decision) else "heading"
            blocks.append("\n".join([paint(head, section.title), *lines]))
    return "\n\n".join(blocks) + "\n"


def decision(remedy: str) -> Decision:
    """The word with which an answer begins."""
    return DECISIONS.get(remedy, "Look first")


def of_cause(cause: Cause, catalog: Catalog, today: date | None = None) -> tuple[Section, ...]:
    """A catalog entry, whole; `today` lets it say whether a release has come since it was read."""
    told = (
        f"{cause.title} ({cause.id})",
        f"{REMEDIES[cause.remedy].capitalize()}.",
        *([f"A narrower case of {cause.broader}."] if cause.broader else ()),
    )
    return (
        Section(decision(cause.remedy), told),
        Section("Why", why(cause)),
        *way_out(cause, cause.next_gate, catalog, is_whole=True),
        Section("Disputed", tuple(_disputed(cause))),
        sources(cause.sources, *_outdated(cause, today)),
    )


def sources(read: Iterable[Source], *more: str) -> Section:
    """Where the knowledge comes from."""
    return Section("Sources", (*(f"{s.url} ({s.kind}, {s.checked})" for s in read), *more))


def _disputed(cause: Cause) -> Iterator[str]:
    for each in cause.disputed:
        yield f"Playbooks say: {each.playbook}"
        yield f"  the documentation says: {each.documentation} ({each.url})"


def _outdated(cause: Cause, today: date | None) -> Iterator[str]:
    release = cause.outdated_by(today) if today else None
    if release:
        yield f"Read before {release.name} (about {release.day}): look whether it still holds."


def why(cause: Cause) -> tuple[str, ...]:
    """What happened, and which part of that is our deduction."""
    marked = f"Inferred, not documented: {cause.inferred}."
    return (cause.why, marked) if cause.inferred else (cause.why,)


def way_out(
    cause: Cause,
    next_gate: str,
    catalog: Catalog,
    *,
    is_whole: bool = False,
    avoid: tuple[str, ...] | None = None,
) -> tuple[Section, ...]:
    """What to do, what not, what to look at afterwards, and what may refuse next.

    `is_whole` adds what each step does besides, and how it is taken back.  `avoid` is given where
    other causes have warnings, too.
    """
    after = tuple(f"{each.do} → {each.expect}" for each in cause.verify)
    steps = (line for fix in cause.fixes for line in _step(fix, catalog, is_whole))
    return (
        Section("What to do", tuple(steps)),
        Section("Do not", cause.avoid if avoid is None else avoid),
        Section("Afterwards", after),
        Section("Next gate", (catalog.gates[next_gate].title,) if next_gate else ()),
    )


def _step(fix: Fix, catalog: Catalog, is_whole: bool) -> Iterator[str]:
    kind = "" if fix.app == "any" else f" ({fix.app})"
    mark = " (inferred)" if fix.mark == "inferred" else ""
    yield f"{fix.who}{kind}: {fix.do}.{mark}"
    if fix.where:
        yield f"  at {fix.where}{f' ({fix.link})' if fix.link else ''}"
    if fix.permission:
        yield f"  needs {fix.permission}"
    if is_whole:
        yield from _besides(catalog.change_of(fix))
    if fix.proof:
        yield f"  done when {fix.proof.fact} {fix.proof.condition}"


def _besides(change: Change) -> Iterator[str]:
    """Side effects and the way back, where there are any."""
    if not change.effects.startswith(NONE):
        yield f"  besides: {change.effects}"
    if not change.rollback.startswith(NOTHING):
        yield f"  to take it back: {change.rollback}"


def _wrapped(line: str, width: int) -> list[str]:
    """A line as an item; one that begins with blanks belongs to the item before.

    An address is never broken: it is there to be copied.
    """
    first, rest = ("      ", "      ") if line.startswith("  ") else ("  - ", "    ")
    return wrap(
        line.strip(),
        max(width, 20),
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words="https://" not in line,
    )
