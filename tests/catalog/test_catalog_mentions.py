"""How people put it: phrases of the vocabulary are general, and none is one case's own wording."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from evergrant.catalog import load
from evergrant.evidence.normalise import plain, sought, words
from rivals.cases import rows_of

SHARED = Path(os.environ.get("EVERGRANT_SHARED", Path(__file__).parents[2] / ".." / "shared"))
FILES = [SHARED / "corpus" / name for name in ("dev.jsonl", "dev-unconfirmed.jsonl")]
LONG = 4
"""Words from which a phrase is somebody's sentence rather than an idiom."""
PROGRAMS = ("network.failure", "client.complaint", "request.flow")
"""Facts whose phrases are what libraries and Salesforce itself print: long ones are quotations."""

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not FILES[0].exists(), reason=f"no corpus at {FILES[0]}: set EVERGRANT_SHARED"
    ),
]


def served() -> Iterator[tuple[str, str, int]]:
    """Each phrase with its fact and the number of cases that use it."""
    texts = [
        words(plain(f"{row['symptom']} {row.get('context', '')}".replace("\n", " ")))
        for path in FILES
        for row in rows_of(path)
    ]
    for kind in load().facts.values():
        for phrases in kind.mentions.values():
            for phrase in phrases:
                yield kind.name, phrase, sum(sought(phrase) in text for text in texts)


def test_no_phrase_about_the_circumstances_is_one_case_s_own_sentence() -> None:
    told = [row for row in served() if not row[0].startswith(PROGRAMS)]
    counts = [count for _, _, count in told]
    print(f"{len(told)} phrases: {counts.count(0)} serve no case, {counts.count(1)} serve one")
    own = [phrase for _, phrase, count in told if count == 1 and len(phrase.split()) > LONG]
    assert own == []


def test_most_phrases_were_not_learned_from_the_corpus() -> None:
    counts = [count for _, _, count in served()]
    assert counts.count(0) > len(counts) / 2
