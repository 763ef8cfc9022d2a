"""How often the diagnosis is right on real failures; the figures are printed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

import diagnosis
from rivals.cases import rows_of, score

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("EVERGRANT_SHARED", ROOT / ".." / "shared"))
CONFIRMED, OPEN = SHARED / "corpus" / "dev.jsonl", SHARED / "corpus" / "dev-unconfirmed.jsonl"

needs_corpus = pytest.mark.skipif(
    not CONFIRMED.exists(), reason=f"no corpus at {CONFIRMED}: set EVERGRANT_SHARED"
)


@pytest.mark.shared
@needs_corpus
@pytest.mark.parametrize(
    ("path", "with_context", "top1", "top3", "brier"),
    [
        (CONFIRMED, True, 0.78, 0.86, 0.15),
        (CONFIRMED, False, 0.65, 0.80, 0.24),
        (OPEN, True, 0.74, 0.86, 0.26),
        (OPEN, False, 0.60, 0.80, 0.26),
    ],
    ids=["confirmed", "confirmed, symptom alone", "open", "open, symptom alone"],
)
def test_the_diagnosis_of_real_failures_stays_as_good_as_it_is(
    path: Path, with_context: bool, top1: float, top3: float, brier: float
) -> None:
    rows = rows_of(path)
    found = score(rows, diagnosis.answers(rows, with_context=with_context))
    print(path.name, "with context" if with_context else "symptom alone", found)
    assert found.answered > 0.95
    assert found.top1 >= top1
    assert found.top3 >= top3
    assert found.brier <= brier


@pytest.mark.shared
@needs_corpus
def test_a_diagnosis_takes_milliseconds() -> None:
    rows = rows_of(CONFIRMED)
    list(diagnosis.answers(rows, with_context=True))
    begun = time.process_time()
    list(diagnosis.answers(rows, with_context=True))
    assert (time.process_time() - begun) / len(rows) < 0.05
