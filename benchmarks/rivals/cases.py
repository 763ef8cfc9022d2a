"""The rows of a corpus file, and an answer to one of them, whoever gives it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]
"""`symptom`, `context`, `flow`, and `causes` or `plausible`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Causes in order of rank, each with its share, and whether the first was called likely."""

    shares: Mapping[str, float] = field(default_factory=dict)
    is_likely: bool = False

    @property
    def causes(self) -> list[str]:
        """The causes, the likeliest first."""
        return list(self.shares)

    @property
    def confidence(self) -> float:
        """The share of the first; 0 where there is none."""
        return next(iter(self.shares.values()), 0.0)


@dataclass(frozen=True, slots=True)
class Score:
    """Shares over all cases of a file."""

    cases: int
    answered: float
    top1: float
    top3: float
    brier: float
    brier_all: float
    said_likely: float
    """Share of the cases in which the first cause was called *likely* or better."""
    right_when_likely: float
    """Share of those answers that are right; 0 where there are none."""


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a corpus file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def right(row: Row) -> frozenset[str]:
    """The labels that count as right."""
    return frozenset(row.get("causes") or row.get("plausible") or ())


def is_right(row: Row, answer: Answer, among: int = 1) -> bool:
    """Whether one of the first so many causes counts as right."""
    return not right(row).isdisjoint(answer.causes[:among])


def score(rows: Sequence[Row], answers: Iterable[Answer]) -> Score:
    """The figures of one answerer over a file."""
    pairs = list(zip(rows, answers, strict=True))
    likely = [is_right(row, answer) for row, answer in pairs if answer.is_likely]
    return Score(
        len(pairs),
        _share([bool(answer.causes) for _, answer in pairs]),
        _share([is_right(row, answer) for row, answer in pairs]),
        _share([is_right(row, answer, 3) for row, answer in pairs]),
        _share([brier(row, answer) for row, answer in pairs]),
        _share([brier_all(row, answer) for row, answer in pairs]),
        _share([answer.is_likely for _, answer in pairs]),
        _share(likely),
    )


def brier(row: Row, answer: Answer) -> float:
    """Squared error of the confidence in the first cause: 0 is perfect, 0.25 is a coin."""
    return (answer.confidence - is_right(row, answer)) ** 2


def brier_all(row: Row, answer: Answer) -> float:
    """Squared error over all causes, where the best placed right one is the truth: 0 to 2.

    Unlike the error of the first alone it does not reward a table for doubting what it gets wrong.
    """
    truth = max(sorted(right(row)), key=lambda label: answer.shares.get(label, 0.0))
    others = sum(share**2 for label, share in answer.shares.items() if label != truth)
    return others + (1.0 - answer.shares.get(truth, 0.0)) ** 2


def _share(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
