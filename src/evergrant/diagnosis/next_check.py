"""Which check would settle it: the unknown fact that tells most for its cost."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from heapq import nlargest
from math import log2

from evergrant.catalog import Catalog, Cause, FactKind
from evergrant.diagnosis.likelihood import distribution, facts_of, spoken_of

CANDIDATES = 8
"""How many causes a check is asked to tell apart."""
FAINT = 0.0005
"""Share below which a cause is not worth telling from others."""
WORTH = 0.02
"""Bits per unit of cost below which a check is not worth the asking."""
STEPS = 1_000_000
"""Steps of one bit in which checks are compared, so that equal ones keep the vocabulary's order."""


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
    leading = nlargest(CANDIDATES, shares, key=shares.__getitem__)
    causes = [(catalog.causes[id_], shares[id_]) for id_ in leading if shares[id_] >= FAINT]
    spoken = frozenset[str]().union(*(facts_of(cause) for cause, _ in causes))
    best: tuple[int, float, FactKind] | None = None
    for name, kind in catalog.facts.items():
        if name not in spoken or not kind.ask:
            continue
        if name in known or catalog.in_group(name) in known:
            continue
        gain = _gain(causes, kind)
        worth = round(gain / kind.cost * STEPS)
        if worth > WORTH * STEPS and (best is None or worth > best[0]):
            best = (worth, gain, kind)
    if best is None:
        return None
    _, gain, kind = best
    return NextCheck(kind.name, kind.check, kind.ask, kind.level, round(gain, 3))


def _gain(causes: list[tuple[Cause, float]], kind: FactKind) -> float:
    """Expected fall of the entropy over the leading causes when the fact becomes known.

    Values that none of the causes speaks of tell them apart all alike, so they count as one.
    """
    spoken = frozenset[str]().union(*(spoken_of(cause, kind) for cause, _ in causes))
    whole = sum(share for _, share in causes)
    joint = [(share / whole, distribution(cause, kind)) for cause, share in causes]
    columns = [[share * values[key] for share, values in joint] for key in spoken]
    if len(spoken) < len(kind.background):
        columns.append([share - sum(column) for (share, _), column in
                        zip(joint, zip(*columns, strict=True), strict=True)])  # fmt: skip
    after = sum(sum(column) * _entropy(column) for column in columns)
    return _entropy([share for share, _ in joint]) - after


def _entropy(weights: list[float]) -> float:
    whole = sum(weights)
    if whole <= 0:
        return 0.0
    return -sum(w / whole * log2(w / whole) for w in weights if w > 0)
