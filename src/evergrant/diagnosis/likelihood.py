"""How likely a fact is, given a cause: the signals of the catalog, completed to distributions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from evergrant.catalog import Cause, FactKind, Signal
from evergrant.catalog.entries import OTHER

CEILING = 0.99
"""What the mentioned values of a fact may have together; the rest stays for surprises."""


def _spread(signals: tuple[Signal, ...], common: Mapping[str, float]) -> dict[str, float]:
    """A distribution over all values of one fact, from what a cause says of some of them.

    A signal over several values is shared by their background.  Values that the cause does not
    mention share what is left over, by their background too.
    """
    said: dict[str, float] = {}
    for signal in signals:
        weight = sum(common[key] for key in signal.keys)
        for key in signal.keys:
            share = signal.likelihood * common[key] / weight
            said[key] = max(said.get(key, 0.0), share)
    rest = {key: weight for key, weight in common.items() if key not in said}
    ceiling = CEILING if rest else 1.0
    whole = sum(said.values())
    if whole > ceiling or not rest:
        said = {key: share * ceiling / whole for key, share in said.items()}
    left, common_left = 1.0 - sum(said.values()), sum(rest.values())
    return said | {key: left * weight / common_left for key, weight in rest.items()}


@cache
def distribution(cause: Cause, kind: FactKind) -> Mapping[str, float]:
    """P(value | cause) for every value of a fact; the background where the cause says nothing."""
    signals = tuple(signal for signal in cause.signals if signal.fact == kind.name)
    return _spread(signals, kind.background) if signals else kind.background


@cache
def spoken_of(cause: Cause, kind: FactKind) -> frozenset[str]:
    """The values of a fact that a cause says something of."""
    return frozenset(
        key for signal in cause.signals if signal.fact == kind.name for key in signal.keys
    )


@cache
def facts_of(cause: Cause) -> frozenset[str]:
    """The facts that a cause says something of."""
    return frozenset(signal.fact for signal in cause.signals)


def ratio(cause: Cause, kind: FactKind, key: str) -> float:
    """How much more likely the fact is under the cause than over all failures.

    A value that nobody listed may refute a cause that shows another one; it supports none.
    """
    said = distribution(cause, kind)[key] / kind.background[key]
    return min(said, 1.0) if key == OTHER else said
