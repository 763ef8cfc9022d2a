"""How often the diagnosis is right on real failures: `python benchmarks/diagnosis.py FILE...`.

FILE holds one JSON object a line with `symptom`, `context`, `flow` and `causes` (or `plausible`):
any one of them named counts as right.  Prints one table a file, the diagnosis with the reporter's
context and from the symptom alone beside three tables that people use instead; how often a stated
confidence is right; every label with its hits; and how many cases are judged in a second.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from evergrant.catalog import load
from evergrant.diagnosis import Diagnosis, diagnose
from evergrant.evidence.text import read
from rivals import tables
from rivals.cases import Answer, Row, Score, is_right, right, rows_of, score

BANDS = (0.0, 0.3, 0.5, 0.7, 0.9, 1.01)
"""Edges of the reliability table."""
SHOWN = 50
"""Causes asked of the diagnosis, so that its whole distribution is scored."""


def judged(row: Row, *, with_context: bool) -> Diagnosis:
    """One case, diagnosed."""
    context = str(row.get("context", "")) if with_context else ""
    facts = read(str(row["symptom"]), flow=str(row.get("flow", "unknown")), context=context)
    return diagnose(facts, load(), limit=SHOWN)


def answers(rows: Sequence[Row], *, with_context: bool) -> Iterator[Answer]:
    """The diagnosis of each case, as an answer."""
    for row in rows:
        found = judged(row, with_context=with_context)
        first = found.first
        yield Answer(
            {ranked.cause: ranked.confidence for ranked in found.ranked},
            is_likely=first is not None and first.word != "possible",
        )


def main(arguments: list[str]) -> int:
    """Score the files named on the command line."""
    console = Console(width=100, highlight=False)
    for name in arguments:
        rows = rows_of(Path(name))
        console.print(f"{Path(name).name}: {len(rows)} cases", style="bold")
        with_context = list(answers(rows, with_context=True))
        console.print(_figures(rows, with_context))
        console.print(_reliability(rows, with_context))
        console.print(_labels(rows, with_context))
        console.print(_speed(rows))
    return 0 if arguments else 2


def _figures(rows: Sequence[Row], with_context: Sequence[Answer]) -> Table:
    table = _table(
        "", "answered", "first", "first three", "Brier", "of all", "likely", "of those right"
    )
    for title, given in (
        ("with context", with_context),
        ("symptom alone", list(answers(rows, with_context=False))),
        ("most frequent per code", list(tables.most_frequent(rows))),
        ("base rate", list(tables.base_rate(rows))),
        ("community playbook", list(tables.playbook(rows))),
    ):
        table.add_row(title, *_cells(score(rows, given)))
    return table


def _cells(found: Score) -> Iterator[str]:
    yield from (f"{share:.0%}" for share in (found.answered, found.top1, found.top3))
    yield f"{found.brier:.3f}"
    yield f"{found.brier_all:.2f}"
    yield f"{found.said_likely:.0%}"
    yield f"{found.right_when_likely:.0%}" if found.said_likely else "-"


def _reliability(rows: Sequence[Row], given: Sequence[Answer]) -> Table:
    table = _table("confidence", "cases", "mean", "right")
    for low, high in pairwise(BANDS):
        inside = [
            (answer.confidence, is_right(row, answer))
            for row, answer in zip(rows, given, strict=True)
            if low <= answer.confidence < high
        ]
        if inside:
            mean, hits = (sum(each) / len(inside) for each in zip(*inside, strict=True))
            band = f"{low:.1f} to {min(high, 1.0):.1f}"
            table.add_row(band, str(len(inside)), f"{mean:.2f}", f"{hits:.2f}")
    return table


def _labels(rows: Sequence[Row], given: Sequence[Answer]) -> Table:
    cases, hits, near = Counter[str](), Counter[str](), Counter[str]()
    for row, answer in zip(rows, given, strict=True):
        for label in right(row):
            cases[label] += 1
            hits[label] += answer.causes[:1] == [label]
            near[label] += label in answer.causes[:3]
    table = _table("label", "cases", "first", "first three")
    for label, count in sorted(cases.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(label, str(count), str(hits[label]), str(near[label]))
    return table


def _speed(rows: Sequence[Row]) -> str:
    begun, done = time.perf_counter(), 0
    while time.perf_counter() - begun < 1.0:
        done += len(list(answers(rows, with_context=True)))
    return f"{done / (time.perf_counter() - begun):.0f} cases a second, one core, catalog loaded\n"


def _table(*heads: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left")
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
