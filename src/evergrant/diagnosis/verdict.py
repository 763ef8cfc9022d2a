"""The verdict: ranked causes in words, with what speaks for and against, and what to ask next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest
from typing import Literal

from evergrant.catalog import Catalog, Cause
from evergrant.catalog.entries import LEVELS, Level
from evergrant.catalog.taught import TELLING
from evergrant.diagnosis.gates import next_gate
from evergrant.diagnosis.likelihood import ratio
from evergrant.diagnosis.missing import Missing, answered, missing
from evergrant.diagnosis.next_check import NextCheck, next_check
from evergrant.diagnosis.rank import SYMPTOMS, Posterior, known, posterior
from evergrant.diagnosis.telling import is_of_connections, speaking
from evergrant.model import Fact

Word = Literal["certain", "likely", "possible"]

CERTAIN, LIKELY, NAMED = 0.9, 0.6, 0.12
"""Shares from which a cause is called so; below the last it is one of many and nobody's answer."""
SPEAKS_FOR, SPEAKS_AGAINST = 1.5, 0.5
"""Ratios to the background from which a fact counts as a reason."""
LOOK_FIRST = "look first"
"""The decision where nothing may be advised yet."""
FAINT = 0.05
"""Share from which a cause is warned of where none reaches `NAMED`."""
LEAST = 0.005
"""Causes with a smaller share are not shown."""
OWN_REQUEST = "token_reply"
"""Source of facts that the answer to our own request told."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A fact that speaks for or against a cause; `ratio` says how strongly (1 is not at all)."""

    fact: Fact
    ratio: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """One cause in the ranking."""

    cause: str
    refined: str
    """The narrower cause that holds most of the share; empty when there is none."""
    title: str
    confidence: float
    """Share of the cause, its narrower ones included."""
    word: Word
    supports: tuple[Reason, ...]
    refutes: tuple[Reason, ...]
    unknown: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the judge says of a set of facts."""

    ranked: tuple[Ranked, ...]
    none_of_these: float
    level: Level
    """What the facts were worth: text only, the connection's own history, or an admin's view."""
    next_check: NextCheck | None
    next_gate: str
    """Gate that comes after the first cause is cured."""
    remedy: str
    """Of the first cause: retry, reauthorize, admin-change, client-change, wait; or empty."""
    decision: str
    """The first word of the answer: the remedy of a cause that stands out, else `look first`."""
    avoid: tuple[str, ...]
    """What must not be tried: of the first cause, and of each other that may well be it."""
    leading: tuple[tuple[str, float], ...]
    """The three likeliest entries of the catalog, broad or narrow, with their own shares."""
    facts: tuple[Fact, ...]
    """What it rests on."""

    @property
    def first(self) -> Ranked | None:
        """The first cause, or None when nothing is known."""
        return self.ranked[0] if self.ranked else None

    @property
    def is_named(self) -> bool:
        """Whether the first cause stands out: from many, and from what the catalog lacks."""
        first = self.first
        return first is not None and _stands_out(first.confidence, self.none_of_these)

    @property
    def cause(self) -> str:
        """Id of the first cause; empty when nothing is known."""
        return self.ranked[0].cause if self.ranked else ""


def diagnose(facts: Iterable[Fact], catalog: Catalog, *, limit: int = 5) -> Diagnosis:
    """Judge what is known; at most `limit` causes, the likeliest first."""
    given = tuple(facts)
    seen = known(given, catalog)
    if not any(fact.name != TELLING or is_of_connections(str(fact.value)) for fact in seen):
        return Diagnosis((), 1.0, "text", None, "", "", LOOK_FIRST, (), (), given)
    result = posterior(seen, catalog)
    level = _level(seen, catalog)
    case = _Case(given, seen, result, level, catalog)
    ranked = tuple(
        _ranked(label, share, case)
        for label, share in _by_label(result, catalog)[:limit]
        if share >= LEAST
    )
    first = _narrowest(ranked[0], catalog) if ranked else None
    return Diagnosis(
        ranked,
        result.none_of_these,
        level,
        next_check(result.shares, answered(given, catalog), catalog),
        next_gate(first, seen, catalog) if first else "",
        first.remedy if first else "",
        _decision(first, ranked, result),
        _avoided(ranked, result, catalog),
        _leading(result),
        given,
    )


def _decision(first: Cause | None, ranked: Sequence[Ranked], result: Posterior) -> str:
    """What to do in a word: only for a cause that stands out."""
    if first is None or not _stands_out(ranked[0].confidence, result.none_of_these):
        return LOOK_FIRST
    return first.remedy.replace("-", " ")


def _avoided(ranked: Sequence[Ranked], result: Posterior, catalog: Catalog) -> tuple[str, ...]:
    """What must not be tried, be it the first cause or another that is worth a thought.

    A step that is harmless under one cause may lock the user under the next one.
    """
    stands_out = bool(ranked) and _stands_out(ranked[0].confidence, result.none_of_these)
    worth = [each for each in ranked if each.confidence >= NAMED]
    worth = worth or [each for each in ranked if each.confidence >= FAINT]
    named = ranked[0].refined or ranked[0].cause if stands_out else ""
    return warnings((each.refined or each.cause for each in worth), named, catalog)


def warnings(causes: Iterable[str], named: str, catalog: Catalog) -> tuple[str, ...]:
    """What must not be tried under any of these causes, each once; the one `named` goes without.

    A warning of another cause says which one it belongs to.
    """
    told: dict[str, str] = {}
    for id_ in causes:
        for line in catalog.causes[id_].avoid:
            told.setdefault(line, line if id_ == named else f"{line} (if it is {id_})")
    return tuple(told.values())


def _leading(result: Posterior) -> tuple[tuple[str, float], ...]:
    best = nlargest(3, result.shares.items(), key=lambda item: item[1])
    return tuple((id_, round(share, 4)) for id_, share in best)


def _stands_out(share: float, none_of_these: float) -> bool:
    return share >= max(NAMED, none_of_these)


def _by_label(result: Posterior, catalog: Catalog) -> list[tuple[str, float]]:
    sums: dict[str, float] = {}
    for id_, share in result.shares.items():
        label = catalog.causes[id_].label
        sums[label] = sums.get(label, 0.0) + share
    return sorted(sums.items(), key=lambda item: -item[1])


@dataclass(frozen=True, slots=True)
class _Case:
    """What is judged, and what came out of it."""

    given: tuple[Fact, ...]
    known: tuple[Fact, ...]
    result: Posterior
    level: Level
    catalog: Catalog


def _ranked(label: str, share: float, case: _Case) -> Ranked:
    refined = _refined(label, case.result.shares, case.catalog)
    cause = case.catalog.causes[refined or label]
    reasons = _reasons(cause, case)
    supports = tuple(r for r in reasons if r.ratio >= SPEAKS_FOR)
    return Ranked(
        cause=label,
        refined=refined,
        title=cause.title,
        confidence=share,
        word=_word(share, case.level, _kinds(supports, case.catalog)),
        supports=supports,
        refutes=tuple(reversed([r for r in reasons if r.ratio <= SPEAKS_AGAINST])),
        unknown=missing(cause, case.given, case.catalog),
    )


def _refined(label: str, shares: Mapping[str, float], catalog: Catalog) -> str:
    narrower = max(catalog.refined(label), key=lambda each: shares[each.id], default=None)
    return narrower.id if narrower and shares[narrower.id] > shares[label] else ""


def _narrowest(ranked: Ranked, catalog: Catalog) -> Cause:
    return catalog.causes[ranked.refined or ranked.cause]


def _reasons(cause: Cause, case: _Case) -> list[Reason]:
    found: list[Reason] = []
    for fact in case.known:
        if fact.name == TELLING:
            found += _told(cause, fact, case.result, case.catalog)
            continue
        kind = case.catalog.facts[fact.name]
        found.append(Reason(fact, ratio(cause, kind, kind.key_of(fact.value))))
    return sorted(found, key=lambda reason: -reason.ratio)


def _told(cause: Cause, fact: Fact, result: Posterior, catalog: Catalog) -> Iterator[Reason]:
    """Of the words of a telling those that speak for the cause, where they do."""
    words = speaking(str(fact.value), cause.id, catalog.lessons)
    by = result.told.get(cause.id, 1.0)
    if words and by > 1.0:
        yield Reason(replace(fact, value=", ".join(words)), by)


def _word(share: float, level: Level, kinds: Collection[str]) -> Word:
    """Certain needs more than text and two kinds of evidence."""
    if share >= CERTAIN and level != "text" and len(kinds) >= 2:
        return "certain"
    return "likely" if share >= LIKELY else "possible"


def _kinds(supports: Iterable[Reason], catalog: Catalog) -> set[str]:
    """The kinds of evidence that speak; the words of a telling are none.

    The own history of a refusal tells again what the answer to our request told.
    """
    return {
        OWN_REQUEST if _is_told_again(reason.fact, catalog) else reason.fact.source
        for reason in supports
        if reason.fact.name != TELLING
    }


def _is_told_again(fact: Fact, catalog: Catalog) -> bool:
    return fact.source == "own_history" and catalog.in_group(fact.name) in SYMPTOMS


TOLD = frozenset({"text", "token_reply", "person", "request", "har", "sf_output"})
"""Sources whose facts were told to us: a Login History row that was pasted is text, not a look."""


def _level(facts: Iterable[Fact], catalog: Catalog) -> Level:
    levels = ("text" if fact.source in TOLD else catalog.facts[fact.name].level for fact in facts)
    return max(levels, key=LEVELS.index)
