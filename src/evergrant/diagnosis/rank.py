"""The posterior over causes: prior × likelihood of each known fact, with *none of these* beside.

A fact that a cause does not mention counts at background; facts of one event form a group and
count once, by the most telling of them; a fact that is not known counts nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evergrant.catalog import Catalog
from evergrant.catalog.entries import OTHER
from evergrant.diagnosis.likelihood import ratio
from evergrant.model import Fact

NONE_PRIOR = 0.06
"""How often a failure has a cause that the catalog does not hold."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """Shares of all causes and of none of them; they sum to 1."""

    shares: Mapping[str, float]
    none_of_these: float
    counted: tuple[Fact, ...]
    """The facts that were counted, one a group."""


def known(facts: Iterable[Fact], catalog: Catalog) -> tuple[Fact, ...]:
    """The facts that the vocabulary has, with a value that is known and of their kind."""
    return tuple(fact for fact in facts if fact.is_known and _has_key(fact, catalog))


def _has_key(fact: Fact, catalog: Catalog) -> bool:
    kind = catalog.facts.get(fact.name)
    return kind is not None and kind.key_of(fact.value) in kind.background


def one_a_group(facts: Iterable[Fact], catalog: Catalog) -> tuple[Fact, ...]:
    """The most telling fact of each group: the one that is rarest over all failures.

    A value that the vocabulary does not list tells nothing and yields to one that it does; of two
    equal ones the later speaks.
    """
    best: dict[str, tuple[tuple[bool, float], Fact]] = {}
    for fact in facts:
        kind = catalog.facts[fact.name]
        key = kind.key_of(fact.value)
        telling = (key == OTHER, kind.background[key])
        group = catalog.in_group(fact.name)
        if group not in best or telling <= best[group][0]:
            best[group] = (telling, fact)
    return tuple(fact for _, fact in best.values())


def posterior(facts: Iterable[Fact], catalog: Catalog) -> Posterior:
    """The share of each cause, given what is known."""
    counted = one_a_group(known(facts, catalog), catalog)
    seen = [
        (catalog.facts[fact.name], catalog.facts[fact.name].key_of(fact.value)) for fact in counted
    ]
    weights: dict[str, float] = {}
    for cause in catalog.causes.values():
        weight = cause.prior
        for kind, key in seen:
            weight *= ratio(cause, kind, key)
        weights[cause.id] = weight
    # NOTE: all weights are divided by the background of the facts, so *none of these* has ratio 1.
    whole = sum(weights.values()) + NONE_PRIOR
    return Posterior(
        {id_: weight / whole for id_, weight in weights.items()}, NONE_PRIOR / whole, counted
    )
