"""Which check would settle it: the unknown fact that tells most for its cost."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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


def _gain(causes: Sequence[tuple[Cause, float]], kind: FactKind) -> float:
    """Bits that the fact is expected to tell of the leading causes (their mutual information).

    Causes that say nothing of the fact expect the same values of it, so they count as one; values
    that no cause speaks of tell them apart all alike, so they count as one too.
    """
    speaking = [(share, cause) for cause, share in causes if kind.name in facts_of(cause)]
    spoken = frozenset[str]().union(*(spoken_of(cause, kind) for _, cause in speaking))
    silent = sum(share for cause, share in causes if kind.name not in facts_of(cause))
    views = [(share, distribution(cause, kind)) for share, cause in speaking]
    views += [(silent, kind.background)] if silent else []
    whole = sum(share for share, _ in views)
    joint = [(share / whole, [view[key] for key in spoken]) for share, view in views]
    if len(spoken) < len(kind.background):
        joint = [(share, [*view, max(0.0, 1 - sum(view))]) for share, view in joint]
    common = [sum(column) for column in zip(*_weighed(joint), strict=True)]
    return sum(share * _apart(view, common) for share, view in joint)


def _weighed(joint: Iterable[tuple[float, list[float]]]) -> Iterator[list[float]]:
    for share, view in joint:
        yield [share * each for each in view]


def _apart(view: list[float], common: list[float]) -> float:
    """How far a cause's view of a fact lies from that of all causes, in bits."""
    return sum(v * log2(v / c) for v, c in zip(view, common, strict=True) if v > 0)
