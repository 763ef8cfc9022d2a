"""What tellings taught: the words by which people tell of each cause, and what they weigh.

`tellings/*.txt` hold, in our own words, how people tell of each cause.  `benchmarks/tellings.py`
weighs their words and writes `lessons.txt`, which is all that is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

NAME = "lessons.txt"
TELLING = "telling.words"
"""The fact that holds the words of a telling, as they were said."""
MOST_WORDS = 200
"""Words of a telling that are listened to; what comes behind is a log."""
STEP = 0.15
"""What one step of a weight stands for, in natural logarithms of odds."""
BASE = 36
"""Numbers of the file are written in this base."""
_PACKED = 3
"""Characters of one weight: two for the number of the cause, one for the steps."""

_ENDING = re.compile(r"(?<=[a-z]{3})(?:(?:at)?(?:ions?|ings?|ed|es?)|i?es|ied|edly|ly|s|y)$")
_DOUBLED = re.compile(r"(?<=[a-z]{2})([a-z])\1$")

Weights = Mapping[int, float]
"""Number of a cause → the logarithm of the odds that a word adds to it."""


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A word without its ending: *refreshed*, *refreshes* and *refreshing* are one word."""
    return _DOUBLED.sub(r"\1", _ENDING.sub("", word))


@dataclass(frozen=True, slots=True, eq=False)  # itself and no other: a key for tables
class Lessons:
    """What each known word says of the causes."""

    causes: tuple[str, ...]
    """Ids of the causes that tellings exist for; weights number them."""
    packed: Mapping[str, str]
    """Stem → its weights, as the file writes them."""
    _read: dict[str, Weights] = field(default_factory=dict)

    def heard(self, words: Iterable[str]) -> Iterator[str]:
        """The words that it knows, as they were said; nothing else of a text passes here."""
        return (word for word in words if stem(word) in self.packed)

    def weights(self, word: str) -> Weights:
        """What a word says; nothing when it is not known."""
        key = stem(word)
        if key not in self._read:
            self._read[key] = dict(_unpacked(self.packed.get(key, "")))
        return self._read[key]


def read_lessons(text: str) -> Lessons:
    """The lessons of a file; of an empty one, none.  Weights are unpacked when first asked for."""
    causes, *rows = text.splitlines() or [""]
    return Lessons(tuple(causes.split()), dict(row.split(" ", 1) for row in rows))


def _unpacked(row: str) -> Iterator[tuple[int, float]]:
    for at in range(0, len(row), _PACKED):
        yield int(row[at : at + 2], BASE), int(row[at + 2], BASE) * STEP


def packed(weights: Mapping[int, float]) -> str:
    """Weights, none below 0, as the file writes them; those that round to nothing are left out."""
    steps = {cause: round(weight / STEP) for cause, weight in sorted(weights.items())}
    return "".join(
        _digit(cause // BASE) + _digit(cause % BASE) + _digit(min(BASE - 1, step))
        for cause, step in steps.items()
        if step
    )


def _digit(number: int) -> str:
    return "0123456789abcdefghijklmnopqrstuvwxyz"[number]
