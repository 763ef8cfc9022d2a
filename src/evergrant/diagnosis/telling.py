"""How much the words of a telling say of each cause: a small factor beside what the facts say.

The words were weighed over tellings that we wrote ourselves (`catalog/taught.py`), so what they
say is inferred.  They shift odds among causes that the facts leave open: the factor is bounded,
leaves *none of these* where it was, and is never a kind of evidence of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import exp, log, sqrt

from evergrant.catalog import Catalog
from evergrant.catalog.taught import Lessons, stem

TRUST = 0.8
"""What the words count beside the facts: people who speak of one thing use many of its words."""
MOST = 1.2
"""The logarithm of the factor that the words reach at most, either way, before all is put back to
the share that it had together."""
ALONE = 2.0
"""How many times as much they count, bound and all, where nothing else is known."""
SUBJECT = frozenset({
    "api", "authoriz", "connect", "consumer", "credential", "integr", "jwt", "login", "oauth",
    "org", "password", "refresh", "salesforc", "sandbox", "scop", "ses", "sign", "token",
})  # fmt: skip
"""Stems of words about connections; who uses none of them tells of something else."""
MOST_SHOWN = 6
WORTH_SHOWING = 0.3


def is_of_connections(words: str) -> bool:
    """Whether words that stand alone tell of a connection at all: two of its words at least."""
    return len(SUBJECT.intersection(map(stem, words.split()))) >= 2


def factors(
    words: str, shares: Sequence[float], catalog: Catalog, *, is_alone: bool = False
) -> list[float]:
    """By how much the words multiply the odds of each cause, in the catalog's order.

    `shares` are the weights that the causes have by the facts.  A cause that nobody told of keeps
    what it has.
    """
    times = ALONE if is_alone else 1.0
    numbers, scores = _numbers(catalog), _scores(words, TRUST * times, catalog.lessons)
    told = [(share, scores[n]) for share, n in zip(shares, numbers, strict=True) if n is not None]
    whole = sum(share for share, _ in told)
    if not whole:
        return [1.0] * len(numbers)
    middle, most = log(sum(share * exp(score) for share, score in told) / whole), MOST * times
    bounded = [exp(max(-most, min(most, score - middle))) for score in scores]
    after = sum(
        share * bounded[n] for share, n in zip(shares, numbers, strict=True) if n is not None
    )
    return [1.0 if n is None else bounded[n] * whole / after for n in numbers]


def speaking(words: str, cause: str, known: Lessons) -> tuple[str, ...]:
    """The words that speak for a cause, the most telling first."""
    if cause not in known.causes:
        return ()
    number = known.causes.index(cause)
    said = {word: known.weights(word).get(number, 0.0) for word in _once(words)}
    ranked = sorted((word for word in said if said[word] >= WORTH_SHOWING), key=lambda w: -said[w])
    return tuple(ranked[:MOST_SHOWN])


def _scores(words: str, trust: float, known: Lessons) -> list[float]:
    sums, once = [0.0] * len(known.causes), _once(words)
    for word in once:
        for number, weight in known.weights(word).items():
            sums[number] += weight
    scale = trust / sqrt(max(1, len(once)))
    return [each * scale for each in sums]


def _once(words: str) -> list[str]:
    """Each word once, whatever its ending, as it was first said."""
    first: dict[str, str] = {}
    for word in words.split():
        first.setdefault(stem(word), word)
    return list(first.values())


@lru_cache(maxsize=8)
def _numbers(catalog: Catalog) -> tuple[int | None, ...]:
    """The number under which the lessons have each cause of the catalog."""
    place = {id_: number for number, id_ in enumerate(catalog.lessons.causes)}
    return tuple(place.get(id_) for id_ in catalog.causes)
