"""How often the diagnosis is right on real failures: `python benchmarks/diagnosis.py FILE`.

FILE holds one JSON object a line with `symptom`, `context`, `flow` and `causes` (or `plausible`):
any one of them named counts as right.  Prints, with the reporter's context and from the symptom
alone: cases answered, right at first, right among the first three, and the Brier score of the first
answer's confidence (0 is perfect, 0.25 is a coin).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evergrant.catalog import load
from evergrant.diagnosis import Diagnosis, diagnose
from evergrant.evidence.text import read


@dataclass(frozen=True, slots=True)
class Score:
    """Shares over all cases of a file."""

    cases: int
    answered: float
    top1: float
    top3: float
    brier: float

    def __str__(self) -> str:
        return (
            f"{self.cases} cases  answered {self.answered:.0%}  first {self.top1:.0%}"
            f"  first three {self.top3:.0%}  Brier {self.brier:.3f}"
        )


def cases(path: Path) -> list[dict[str, Any]]:
    """The rows of a corpus file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def right(row: Mapping[str, Any]) -> set[str]:
    """The labels that count as right."""
    return set(row.get("causes") or row.get("plausible") or ())


def judged(
    rows: Iterable[Mapping[str, Any]], *, with_context: bool
) -> Iterator[tuple[Mapping[str, Any], Diagnosis]]:
    """Each case with its diagnosis."""
    catalog = load()
    for row in rows:
        context = str(row.get("context", "")) if with_context else ""
        facts = read(str(row["symptom"]), flow=str(row.get("flow", "unknown")), context=context)
        yield row, diagnose(facts, catalog)


def score(rows: Iterable[Mapping[str, Any]], *, with_context: bool) -> Score:
    """The figures over a corpus."""
    verdicts = list(judged(rows, with_context=with_context))
    named = [([r.cause for r in d.ranked], right(row), d) for row, d in verdicts]
    count = len(named) or 1
    return Score(
        len(named),
        sum(bool(causes) for causes, _, _ in named) / count,
        sum(bool(set(causes[:1]) & truth) for causes, truth, _ in named) / count,
        sum(bool(set(causes[:3]) & truth) for causes, truth, _ in named) / count,
        sum(_brier(causes, truth, d) for causes, truth, d in named) / count,
    )


def _brier(causes: list[str], truth: set[str], diagnosis: Diagnosis) -> float:
    confidence = diagnosis.ranked[0].confidence if diagnosis.ranked else 0.0
    return (confidence - bool(set(causes[:1]) & truth)) ** 2


def main(arguments: list[str]) -> int:
    """Score the files named on the command line."""
    for name in arguments:
        rows = cases(Path(name))
        print(name)
        print("  with context      ", score(rows, with_context=True))
        print("  from symptom alone", score(rows, with_context=False))
    return 0 if arguments else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
