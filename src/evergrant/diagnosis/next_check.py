"""Which check would settle it: the unknown fact that tells most for its cost."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import log2

from evergrant.catalog import Catalog, Cause, FactKind
from evergrant.diagnosis.likelihood import distribution

CANDIDATES = 8
"""How many causes a check is asked to tell apart."""
WORTH = 0.02
"""Bits per unit of cost below which a check is not worth the asking."""


@dataclass(frozen=True, slots=True)
class NextCheck:
    """The cheapest most informative thing to find out."""

    fact: str
    check: str
    """Id of the check that the tool may run itself; empty when only a person can answer."""
    ask: str
    level: str
    gain: float
    """Bits that the answer is expected to take from the doubt."""


def next_check(
    shares: Mapping[str, float], known: Collection[str], catalog: Catalog
) -> NextCheck | None:
    """The check with the best expected gain for its cost, or None when nothing is worth asking.

    `known` holds names of facts (and of groups) that need not be asked again.
    """
    leading = sorted(shares, key=shares.__getitem__, reverse=True)[:CANDIDATES]
    causes = [(catalog.causes[id_], shares[id_]) for id_ in leading]
    best: tuple[float, FactKind] | None = None
    for kind in catalog.facts.values():
        if kind.name in known or catalog.in_group(kind.name) in known or not kind.ask:
            continue
        gain = _gain(causes, kind)
        if gain / kind.cost > WORTH and (best is None or gain / kind.cost > best[0] / best[1].cost):
            best = (gain, kind)
    if best is None:
        return None
    gain, kind = best
    return NextCheck(kind.name, kind.check, kind.ask, kind.level, round(gain, 3))


def _gain(causes: list[tuple[Cause, float]], kind: FactKind) -> float:
    """Expected fall of the entropy over the leading causes when the fact becomes known."""
    if not any(signal.fact == kind.name for cause, _ in causes for signal in cause.signals):
        return 0.0
    whole = sum(share for _, share in causes)
    joint = [(share / whole, distribution(cause, kind)) for cause, share in causes]
    after = 0.0
    for key in kind.background:
        column = [share * values[key] for share, values in joint]
        after += sum(column) * _entropy(column)
    return _entropy([share for share, _ in joint]) - after


def _entropy(weights: list[float]) -> float:
    whole = sum(weights)
    if whole <= 0:
        return 0.0
    return -sum(w / whole * log2(w / whole) for w in weights if w > 0)
