"""How often the diagnosis is right on real failures; the figures are printed."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("EVERGRANT_SHARED", ROOT / ".." / "shared"))
CONFIRMED, OPEN = SHARED / "corpus" / "dev.jsonl", SHARED / "corpus" / "dev-unconfirmed.jsonl"

needs_corpus = pytest.mark.skipif(
    not CONFIRMED.exists(), reason=f"no corpus at {CONFIRMED}: set EVERGRANT_SHARED"
)


def benchmark() -> ModuleType:
    """`benchmarks/diagnosis.py` as a module."""
    spec = importlib.util.spec_from_file_location("bench", ROOT / "benchmarks" / "diagnosis.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench"] = module
    spec.loader.exec_module(module)
    return module


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
    bench = benchmark()
    found = bench.score(bench.cases(path), with_context=with_context)
    print(path.name, "with context" if with_context else "symptom alone", found)
    assert found.answered > 0.95
    assert found.top1 >= top1
    assert found.top3 >= top3
    assert found.brier <= brier


@pytest.mark.shared
@needs_corpus
def test_a_diagnosis_takes_milliseconds() -> None:
    bench = benchmark()
    rows = bench.cases(CONFIRMED)
    list(bench.judged(rows, with_context=True))
    begun = time.perf_counter()
    list(bench.judged(rows, with_context=True))
    assert (time.perf_counter() - begun) / len(rows) < 0.05
