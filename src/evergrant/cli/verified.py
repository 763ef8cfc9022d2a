"""A comparison as a person reads it, in 80 columns, and as a program does."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from evergrant.cli.output import columns, say, table

if TYPE_CHECKING:
    from evergrant.fidelity import Difference, Judgement, Report

GRADES = ("official", "recorded", "inferred")
VERDICTS = {"confirmed": "confirmed", "refuted": "refuted", "not_seen": "not seen"}
STYLES = {"refuted": "red", "confirmed": "green"}
KINDS = {
    "sandbox": "a sandbox or scratch org",
    "developer": "a Developer Edition org",
    "production": "a production org",
}
MOST, MANY = 6, 24
"""Differences of one mark, and marks in a row, that are shown; all stand in the recording."""


def as_data(report: Report) -> dict[str, Any]:
    """The comparison for programs."""
    recording = report.recording
    return {
        "recorded_at": recording.at,
        "org": {"kind": recording.org_kind, "edition": recording.edition},
        "api_version": recording.api_version,
        "counts": {verdict: dict(_by_grade(report, verdict)) for verdict in VERDICTS},
        "marks": [asdict(each) for each in report.judged],
        "left_out": {id_: each.reason for id_, each in recording.seen.items()
                     if hasattr(each, "reason")},
        "more_in_the_org": {id_: list(found) for id_, found in report.more.items()},
    }  # fmt: skip


def lines(report: Report, kept: str) -> None:
    """Print the comparison: what was compared, counts, and what the org contradicts."""
    recording = report.recording
    say(f"The emulator, compared with {KINDS[recording.org_kind]} of {recording.at:%d %B %Y}.")
    say()
    rows = [_count_row(report, verdict) for verdict in VERDICTS]
    table(("marks", *GRADES, "all"), rows, STYLES)
    for judged, title in (
        (report.refuted, "Refuted"),
        (_newly_known(report), "Inferred until now, and confirmed"),
    ):
        if judged:
            say(f"\n{title}")
            _marks(judged)
    _left_out(report)
    if report.more:
        say("\nThe org shows more than the emulator states (no contradiction)")
        _wrapped(", ".join(f"{id_} ({len(found)})" for id_, found in report.more.items()))
    say(f"\nRecording: {kept}")


def _count_row(report: Report, verdict: str) -> tuple[str, ...]:
    counted = _by_grade(report, verdict)
    numbers = (*(counted[grade] for grade in GRADES), counted.total())
    return (VERDICTS[verdict], *(str(each) for each in numbers))


def _by_grade(report: Report, verdict: str) -> Counter[str]:
    return Counter(each.grade for each in report.judged if each.verdict == verdict)


def _newly_known(report: Report) -> list[Judgement]:
    return [
        each for each in report.judged if each.verdict == "confirmed" and each.grade == "inferred"
    ]


def _marks(judged: list[Judgement]) -> None:
    """Marks, with what differs said once for all that rest on the same."""
    for differences, group in groupby(judged, key=lambda each: each.differences):
        marks = list(group)
        if not differences:
            more = f" and {len(marks) - MANY} more, in the recording" if marks[MANY:] else ""
            _wrapped(", ".join(each.mark for each in marks[:MANY]) + more)
            continue
        for each in marks:
            say(f"  {each.mark} ({each.grade})")
        _wrapped(f"asked by {', '.join(marks[0].behaviours)}", 4)
        for line in _differing(differences):
            _wrapped(line, 6)


def _differing(differences: tuple[Difference, ...]) -> Iterator[str]:
    for each in differences[:MOST]:
        yield f"{each.aspect}: emulator {_shown(each.emulator)}, org {_shown(each.org)}"
    if (more := len(differences) - MOST) > 0:
        yield f"and {more} more, in the recording"


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)


def _left_out(report: Report) -> None:
    reasons = Counter(
        each.reason for each in report.recording.seen.values() if hasattr(each, "reason")
    )
    if reasons:
        say(f"\nLeft out: {reasons.total()} of {len(report.recording.seen)} behaviours")
    for reason, count in reasons.most_common():
        _wrapped(f"{count} × {reason}")


def _wrapped(text: str, indent: int = 2) -> None:
    say(
        textwrap.fill(
            text, columns(), initial_indent=" " * indent, subsequent_indent=" " * (indent + 2),
            break_long_words=False, break_on_hyphens=False,
        )
    )  # fmt: skip
