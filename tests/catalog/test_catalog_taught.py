"""What tellings taught is small, comes from our own lines alone, and is written the same again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tellings
from evergrant.catalog import load
from evergrant.catalog.taught import BASE, STEP, Lessons, packed, read_lessons, stem

MOST_BYTES = 300_000
FEWEST = 15
"""Tellings that each cause has at least."""


def test_teaching_anew_writes_the_very_lessons_that_the_catalog_has() -> None:
    taught = tellings.written(tellings.teach(tellings.tellings()))
    assert taught == tellings.FILE.read_text("ascii"), "run benchmarks/tellings.py --write"
    assert len(taught) <= MOST_BYTES


def test_every_cause_is_told_of_and_no_telling_is_of_a_cause_that_nobody_knows() -> None:
    told = [each.cause for each in tellings.tellings()]
    assert set(told) == set(load().causes)
    assert min(told.count(cause) for cause in set(told)) >= FEWEST


def test_no_line_is_told_twice() -> None:
    lines = [f"{each.text} {each.context}".lower() for each in tellings.tellings()]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(
    "words",
    [
        ("refresh", "refreshed", "refreshes", "refreshing"),
        ("expires", "expired", "expiration"),
        ("rotate", "rotated", "rotation"),
        ("policy", "policies"),
        ("stop", "stops", "stopped"),
        ("install", "installed", "installation"),
    ],
)
def test_the_forms_of_a_word_are_one(words: tuple[str, ...]) -> None:
    assert len({stem(word) for word in words}) == 1


@given(st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=1))
def test_a_stem_is_the_beginning_of_its_word_and_never_empty(word: str) -> None:
    assert word.startswith(stem(word))
    assert stem(word)


weights = st.dictionaries(
    st.integers(0, BASE * BASE - 1), st.floats(STEP, STEP * (BASE - 1)), max_size=20
)


@given(weights)
def test_weights_are_read_as_they_were_written_to_within_half_a_step(
    given_: dict[int, float],
) -> None:
    lessons = Lessons((), {"word": packed(given_)})
    assert lessons.weights("words") == pytest.approx(given_, abs=STEP / 2 + 1e-9)


def test_lessons_hear_only_the_words_that_they_know() -> None:
    lessons = read_lessons("one-cause another-cause\nsandbox 00a\nkey 01k\n")
    assert lessons.causes == ("one-cause", "another-cause")
    assert list(lessons.heard(["Sandbox", "sandboxes", "hunter2", "keys"])) == ["sandboxes", "keys"]
    assert lessons.weights("hunter2") == {}


def test_an_empty_file_teaches_nothing() -> None:
    assert read_lessons("").causes == ()
    assert list(read_lessons("").heard(["sandbox"])) == []
