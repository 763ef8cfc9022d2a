"""The review for a terminal: by kind and by rule, few lines unless more is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

from evergrant.audit.checklist import Checked, Standing, checklist
from evergrant.audit.output.document import KINDS, NOTHING, by_rule, fixes_for
from evergrant.catalog.rules import Severity

if TYPE_CHECKING:
    from evergrant.audit.model import Finding, Problem
    from evergrant.audit.review import Review

WIDTH = 80
FEW = 3
"""Places that are shown of one rule when nobody asked for all."""
HEADINGS = {"breaks": "Breaks", "risk": "Risk", "hygiene": "Hygiene"}
Part = Literal["decision", "heading", "quote", "warning", "faint", "text"]
"""What a piece of a line is, for whoever gives it a colour."""
Paint = Callable[[Part, str], str]
Line = tuple[tuple[Part, str], ...]
COLOURS: dict[Severity, Part] = {
    "critical": "warning",
    "high": "warning",
    "medium": "decision",
    "low": "text",
    "info": "faint",
}
_INDENT = 12
"""Columns of a severity and the blanks around it."""


def plain(_part: Part, text: str) -> str:
    """No colour."""
    return text


def text(
    review: Review, *, is_whole: bool = False, width: int = WIDTH, paint: Paint = plain
) -> str:
    """The review; `is_whole` shows every place, why, the way out, and the sources.

    No line is longer than `width`, but for a path or an address that is so itself.
    """
    blocks = [
        _checklist(review, width),
        *(_kind(review, kind, is_whole, width) for kind in KINDS),
        _undecided(review, is_whole, width),
        _problems(review.report.problems, width),
        _unjudged(review, is_whole, width),
        _suppressions(review, is_whole, width),
        _summary(review, width),
    ]
    shown = ("\n".join(drawn(line, paint) for line in block) for block in blocks if block)
    return "\n\n".join(shown) + "\n"


def drawn(line: Line, paint: Paint) -> str:
    """A line with its colours."""
    return "".join(paint(part, piece) for part, piece in line)


MARKS: dict[Standing, tuple[str, Part]] = {
    "fail": ("✗", "warning"),
    "answered for": ("~", "text"),
    "unknown": ("?", "decision"),
    "pass": ("✓", "text"),
    "ask": ("→", "decision"),
}


def _checklist(review: Review, width: int) -> list[Line]:
    if review.profile is None:
        return []
    lines: list[Line] = [(("heading", review.profile.title),)]
    for each in checklist(review, review.profile):
        mark, part = MARKS[each.standing]
        first, *more = wrapped(said(each), width, 4)
        lines += [((part, f"  {mark} "), ("text", first[0][1].lstrip())), *more]
    return lines


def said(checked: Checked) -> str:
    """A point of a checklist in one sentence: its title, what fails, what would decide the rest."""
    codes = Counter(each.code for each in checked.findings)
    told = ", ".join(f"{code} ×{count}" if count > 1 else code for code, count in codes.items())
    asks = f"show {checked.point.asks}" if checked.point.asks else ""
    needs = f"undecided without {', '.join(checked.needs)}" if checked.needs else ""
    parts = "; ".join(each for each in (told, needs, asks) if each)
    return f"{checked.point.title}: {parts}" if parts else checked.point.title


def _kind(review: Review, kind: str, is_whole: bool, width: int) -> list[Line]:
    found = by_rule(each for each in review.failed if each.kind == kind)
    if not found:
        return []
    lines: list[Line] = [(("heading", HEADINGS[kind]),)]
    for group in found.values():
        lines += _rule(group, width)
        if kind != "hygiene" or is_whole:
            lines += _places(group, is_whole, width)
        if is_whole:
            lines += _explained(group, width)
    return lines


def _rule(group: Sequence[Finding], width: int) -> Iterator[Line]:
    first = group[0]
    count = f" ×{len(group)}" if len(group) > 1 else ""
    told = f"{first.title} ({first.code} {first.rule}){count}"
    head, *more = wrap(told, width - _INDENT, break_long_words=False, break_on_hyphens=False)
    yield ((COLOURS[first.severity], f"  {first.severity:<{_INDENT - 2}}"), ("text", head))
    yield from ((("text", f"{'':{_INDENT}}{each}"),) for each in more)


def _places(group: Sequence[Finding], is_whole: bool, width: int) -> Iterator[Line]:
    shown = group if is_whole or len(group) == FEW + 1 else group[:FEW]
    for finding in shown:
        where = str(finding.place) or finding.name
        yield (("quote", f"{'':{_INDENT}}{where}"),)
        if is_whole or finding.kind == "breaks":
            yield from wrapped(finding.message, width, _INDENT + 2)
    if len(shown) < len(group):
        yield (("faint", f"{'':{_INDENT}}and {len(group) - len(shown)} more"),)


def _explained(group: Sequence[Finding], width: int) -> Iterator[Line]:
    rule = group[0].by
    yield from wrapped(f"Why: {rule.why}", width, _INDENT)
    if rule.inferred:
        yield from wrapped(f"Inferred, not documented: {rule.inferred}.", width, _INDENT)
    for fix in fixes_for(group):
        at = f" At {fix.where}." if fix.where else ""
        kind = "" if fix.app == "any" else f" ({fix.app})"
        yield from wrapped(f"Fix, {fix.who}{kind}: {fix.do}.{at}".replace("..", "."), width,
                            _INDENT)  # fmt: skip
    for source in rule.sources:
        yield (("faint", f"{'':{_INDENT}}{source.url} ({source.checked})"),)


def _undecided(review: Review, is_whole: bool, width: int) -> list[Line]:
    """By what is missing, which is what one would add; whole by rule and place."""
    if not review.undecided:
        return []
    lines: list[Line] = [(("heading", f"Not known: {_many(len(review.undecided), 'answer')}"),)]
    for reason, codes in _by_part((each.reason, each.code) for each in review.undecided):
        lines += wrapped(reason, width, 2)
        lines += wrapped(", ".join(codes), width, 4, "faint")
    for group in by_rule(review.undecided).values() if is_whole else ():
        lines += [*_rule(group, width), *_places(group, is_whole, width)]
    return lines


def _by_part(told: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Reason → codes that rest on it, the most first; a reason may be several, apart by `;`."""
    codes: dict[str, set[str]] = {}
    for reason, code in told:
        for part in reason.split("; "):
            codes.setdefault(part, set()).add(code)
    return sorted(
        ((part, sorted(held)) for part, held in codes.items()), key=lambda e: (-len(e[1]), e[0])
    )


def _problems(problems: Iterable[Problem], width: int) -> list[Line]:
    lines: list[Line] = []
    for each in problems:
        where = str(each.place)
        lines += wrapped(f"{where}: {each.what}" if where else each.what, width, 2, "warning")
        if each.hides:
            lines += wrapped(f"hides {each.hides}", width, 4, "faint")
    return [(("heading", "Could not be read"),), *lines] if lines else []


def _unjudged(review: Review, is_whole: bool, width: int) -> list[Line]:
    unjudged = review.report.unjudged
    if not unjudged:
        return []
    head = f"Not judged: {_many(len(unjudged), 'rule')}, for want of"
    lines: list[Line] = [(("heading", head),)]
    needs = _by_part((each.needs, each.by.code) for each in unjudged)
    for need, codes in needs if is_whole else needs[:FEW]:
        lines += wrapped(f"{need} ({len(codes)})", width, 2, "faint")
        if is_whole:
            lines += wrapped(", ".join(codes), width, 4, "faint")
    if not is_whole and len(needs) > FEW:
        lines += wrapped(f"and {len(needs) - FEW} more: see --explain", width, 2, "faint")
    return lines


def _suppressions(review: Review, is_whole: bool, width: int) -> list[Line]:
    lines: list[Line] = []
    for each in review.over:
        lines += wrapped(f"no longer counts: {each}", width, 2, "warning")
    for each in review.idle:
        lines += wrapped(f"covers nothing: {each}", width, 2, "faint")
    if is_whole:
        for done in review.suppressed:
            where = str(done.finding.place) or done.finding.name
            told = f"{where}: {done.finding.code} {done.by.reason} ({done.by.owner}, "
            lines += wrapped(f"{told}until {done.by.until})", width, 2, "faint")
    return [(("heading", "Suppressions"),), *lines] if lines else []


def _summary(review: Review, width: int) -> list[Line]:
    report = review.report
    if report.is_empty:
        return list(wrapped(NOTHING, width, 0, "warning"))
    kinds = Counter(each.kind for each in review.failed)
    told = [f"{kinds['breaks']} break", f"{kinds['risk']} risk", f"{kinds['hygiene']} hygiene"]
    more = {
        "not known": len(review.undecided),
        "in the baseline": len(review.known),
        "suppressed": len(review.suppressed),
        "gone since the baseline": len(review.gone),
    }
    told += [f"{count} {what}" for what, count in more.items() if count]
    judged = _many(report.apps, "app"), _many(report.files, "file")
    profile = f", profile {report.profile}" if report.profile else ""
    return list(wrapped(f"{', '.join(told)}; {', '.join(judged)}{profile}.", width, 0))


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def wrapped(told: str, width: int, indent: int, part: Part = "text") -> Iterator[Line]:
    """A text as lines of that width, indented; words, paths and addresses stay whole."""
    for line in wrap(" ".join(told.split()), width - indent, break_long_words=False,
                     break_on_hyphens=False):  # fmt: skip
        yield ((part, f"{'':{indent}}{line}"),)
