"""The walk past the gates: where the request is refused, and which gate behind would refuse next.

Salesforce asks its gates in an order; who opens the first closed one meets the next.  Only the
org's own settings show that a later gate is shut or open; a history fits many causes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from evergrant.catalog import Catalog, Cause, FactKind, Gate
from evergrant.diagnosis.likelihood import ratio
from evergrant.model import Fact

SHOWS, REFUTES = 1.5, 0.1
"""Ratios to the background from which a setting speaks for a cause, and which rule it out."""
OTHER_FLOW = 0.5
"""Ratio below which a cause is one of other flows than the one that failed."""


How = Literal["refuses", "will refuse", "open", "not known"]


@dataclass(frozen=True, slots=True)
class Passage:
    """One gate, as far as it was looked at."""

    gate: str
    title: str
    how: How
    cause: str = ""
    """What shuts it; empty where nothing does, or nobody knows."""
    quote: str = ""
    """The setting that it rests on."""


def walk(
    first: Cause | None, next_gate: str, facts: Iterable[Fact], catalog: Catalog
) -> tuple[Passage, ...]:
    """The gate of the first cause, and those behind it of which something is known.

    `next_gate` is the gate that the judge expects next; it is told even where nobody looked at it.
    Where no setting shows the first cause, gates before its own that the org shows shut come first.
    Empty without a first cause.
    """
    if first is None:
        return ()
    known = tuple(facts)
    seen = _Seen(tuple(_settings(known, catalog)), _of_flow(known, catalog), catalog)
    here = catalog.gates[first.gate]
    behind = sorted(
        (gate for gate in catalog.gates.values() if gate.order > here.order),
        key=lambda gate: gate.order,
    )
    found = [_passage(gate, seen) for gate in behind]
    before = _shut_before(here, seen) if not _is_shown(first, seen) else ()
    how: How = "not known" if before else "refuses"
    return (
        *before,
        Passage(here.id, here.title, how, first.id),
        *(each for each in found if each.how != "not known" or each.gate == next_gate),
    )


def next_gate(first: Cause, facts: Iterable[Fact], catalog: Catalog) -> str:
    """The next gate that is known to refuse as well, else the one that the catalog names."""
    passages = walk(first, first.next_gate, facts, catalog)
    shut = (each.gate for each in passages if each.how == "will refuse")
    return next(shut, first.next_gate)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the org shows, and the causes that the flow can have."""

    settings: tuple[Fact, ...]
    causes: tuple[Cause, ...]
    catalog: Catalog

    def at(self, gate: Gate) -> list[Cause]:
        return [cause for cause in self.causes if cause.gate == gate.id]


def _is_shown(cause: Cause, seen: _Seen) -> bool:
    return any(_ratio(cause, fact, seen.catalog) >= SHOWS for fact in seen.settings)


def _shut_before(here: Gate, seen: _Seen) -> tuple[Passage, ...]:
    """Gates before this one that a setting shows shut: the first of them refuses now."""
    gates = sorted(seen.catalog.gates.values(), key=lambda gate: gate.order)
    passages = [_passage(gate, seen) for gate in gates if gate.order < here.order]
    shut = [each for each in passages if each.how == "will refuse"]
    return tuple(
        replace(each, how="refuses") if place == 0 else each for place, each in enumerate(shut)
    )


def _of_flow(facts: Iterable[Fact], catalog: Catalog) -> tuple[Cause, ...]:
    """The causes that do not belong to another flow than the one that failed."""
    flow = next((fact for fact in facts if fact.name == "request.flow" and fact.is_known), None)
    if flow is None:
        return tuple(catalog.causes.values())
    kind = catalog.facts[flow.name]
    return _causes_of_flow(kind, kind.key_of(flow.value), catalog)


@cache
def _causes_of_flow(kind: FactKind, key: str, catalog: Catalog) -> tuple[Cause, ...]:
    return tuple(c for c in catalog.causes.values() if ratio(c, kind, key) >= OTHER_FLOW)


def _settings(facts: Iterable[Fact], catalog: Catalog) -> Iterator[Fact]:
    """What the org itself shows of app, user and org, not of what happened."""
    for fact in facts:
        kind = catalog.facts.get(fact.name)
        if kind and fact.is_known and kind.level == "admin" and kind.about != "event":
            yield fact


def _passage(gate: Gate, seen: _Seen) -> Passage:
    causes = seen.at(gate)
    against = [_refuting(cause, seen.settings, seen.catalog) for cause in causes]
    for cause, fact in _shutters(seen):
        if cause.gate == gate.id:
            return Passage(gate.id, gate.title, "will refuse", cause.id, fact.quote)
    if causes and all(against):
        quote = next(fact.quote for fact in against if fact)
        return Passage(gate.id, gate.title, "open", quote=quote)
    return Passage(gate.id, gate.title, "not known")


def _shutters(seen: _Seen) -> Iterator[tuple[Cause, Fact]]:
    """Each setting that must be changed, with the cause that it speaks for most strongly.

    Of equals, the one at the later gate: a frozen user may be contained, but is frozen anyway.
    """
    for fact in seen.settings:
        shown = [cause for cause in seen.causes if _is_undone(cause, fact, seen)]
        if shown:
            yield max(shown, key=lambda cause: _strength(cause, fact, seen.catalog)), fact


def _strength(cause: Cause, fact: Fact, catalog: Catalog) -> tuple[float, int]:
    return _ratio(cause, fact, catalog), catalog.gates[cause.gate].order


def _is_undone(cause: Cause, fact: Fact, seen: _Seen) -> bool:
    """Whether the setting shows that a step of the cause's repair is not done, and no other
    setting rules the cause out."""
    proofs = (fix.proof for fix in cause.fixes if fix.proof and fix.proof.fact == fact.name)
    return (
        any(proof.condition.holds(fact.value) is False for proof in proofs)
        and _ratio(cause, fact, seen.catalog) >= SHOWS
        and _refuting(cause, seen.settings, seen.catalog) is None
    )


def _refuting(cause: Cause, settings: Iterable[Fact], catalog: Catalog) -> Fact | None:
    return next((f for f in settings if _ratio(cause, f, catalog) <= REFUTES), None)


def _ratio(cause: Cause, fact: Fact, catalog: Catalog) -> float:
    kind = catalog.facts[fact.name]
    return ratio(cause, kind, kind.key_of(fact.value))
