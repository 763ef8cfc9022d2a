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

Shares = Sequence[tuple[Cause, float]]
"""The leading causes, each with its share."""


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
    best, worth = _Gain(0.0, None), round(WORTH * STEPS)
    for kind, speaking in _asked(causes, catalog):
        if kind.name in known or catalog.in_group(kind.name) in known:
            continue
        views = _views(causes, speaking, kind)
        # NOTE: no answer takes more than all doubt; most facts need not be weighed for that.
        if _worth(_doubt(share for share, _ in views), kind) <= worth:
            continue
        gain = _gain(views, speaking, kind)
        if _worth(gain, kind) > worth:
            best, worth = _Gain(gain, kind), _worth(gain, kind)
    return best.as_check()


@dataclass(frozen=True, slots=True)
class _Gain:
    """Bits that the answer about a fact is expected to tell."""

    bits: float
    kind: FactKind | None

    def as_check(self) -> NextCheck | None:
        if self.kind is None:
            return None
        kind = self.kind
        return NextCheck(kind.name, kind.check, kind.ask, kind.level, round(self.bits, 3))


_View = tuple[float, Mapping[str, float]]
"""The share of causes that expect the same of a fact, and what they expect."""


def _asked(causes: Shares, catalog: Catalog) -> Iterator[tuple[FactKind, list[Cause]]]:
    """Each fact that may be asked, in the vocabulary's order, with the causes that speak of it."""
    speaking: dict[str, list[Cause]] = {}
    for cause, _ in causes:
        for name in facts_of(cause):
            speaking.setdefault(name, []).append(cause)
    for name, kind in catalog.facts.items():
        if name in speaking and kind.ask:
            yield kind, speaking[name]


def _views(causes: Shares, speaking: Sequence[Cause], kind: FactKind) -> list[_View]:
    """What is expected of a fact.

    Causes that say nothing of it expect the same values, so they count as one.
    """
    silent = sum(share for cause, share in causes if cause not in speaking)
    views = [(share, distribution(cause, kind)) for cause, share in causes if cause in speaking]
    views += [(silent, kind.background)] if silent else []
    whole = sum(share for share, _ in views)
    return [(share / whole, view) for share, view in views]


def _worth(bits: float, kind: FactKind) -> int:
    return round(bits / kind.cost * STEPS)


def _doubt(shares: Iterable[float]) -> float:
    """The entropy of shares, in bits."""
    return -sum(share * log2(share) for share in shares if share > 0)


def _gain(views: Sequence[_View], speaking: Sequence[Cause], kind: FactKind) -> float:
    """Bits that the fact is expected to tell of the leading causes (their mutual information).

    Values that no cause speaks of tell them apart all alike, so they count as one.
    """
    spoken = frozenset[str]().union(*(spoken_of(cause, kind) for cause in speaking))
    joint = [(share, [view[key] for key in spoken]) for share, view in views]
    if len(spoken) < len(kind.background):
        joint = [(share, [*view, max(0.0, 1 - sum(view))]) for share, view in joint]
    common = [sum(column) for column in zip(*_weighed(joint), strict=True)]
    return _doubt(common) - sum(share * _doubt(view) for share, view in joint)


def _weighed(joint: Iterable[tuple[float, list[float]]]) -> Iterator[list[float]]:
    for share, view in joint:
        yield [share * each for each in view]
