"""The posterior over causes: prior × likelihood of each known fact, with *none of these* beside.

A fact that a cause does not mention counts at background, but words that the client was told and
that the cause does not know speak against it; facts of one event form a group and count once, by
the most telling of them; a fact that is not known counts nothing.  The words of a telling shift
the odds a little more, by what tellings taught (`telling.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from operator import mul

from evergrant.catalog import Catalog, Cause, FactKind
from evergrant.catalog.entries import OTHER
from evergrant.catalog.taught import TELLING
from evergrant.diagnosis.likelihood import ratio, spoken_of
from evergrant.diagnosis.telling import factors
from evergrant.model import Fact

SILENCE = 0.03
"""What is left of the odds of a cause that does not know the words seen: each refusal has few."""
ROW = "login_history.status"
"""The row in Login History, where Salesforce writes why it refused."""
UNWRITTEN = 0.02
"""What is left of the odds of a cause for which Salesforce writes another row, or none at all."""
DONE = "success"
"""The row of a login that was not refused: it names no cause."""
NOTHING = "none"
"""The value of a symptom that was looked for and is not there."""
SYMPTOMS = frozenset(
    {"refusal", "api refusal", "soap refusal", "network.failure", "client.complaint"}
)
"""Groups that tell what the client was told."""
NONE_PRIOR = 0.06
"""How often a failure has a cause that the catalog does not hold."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """Shares of all causes and of none of them; they sum to 1."""

    shares: Mapping[str, float]
    none_of_these: float
    counted: tuple[Fact, ...]
    """The facts that were counted, one a group."""
    told: Mapping[str, float]
    """By how much the words of the telling multiplied the odds of each cause; empty without any."""


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


def telling(cause: Cause, kind: FactKind, key: str, catalog: Catalog) -> float:
    """By how much a fact multiplies the odds of a cause."""
    group = catalog.in_group(kind.name)
    if key in (OTHER, NOTHING) or key in spoken_of(cause, kind):
        return ratio(cause, kind, key)
    if group in SYMPTOMS:
        return SILENCE
    return UNWRITTEN if _is_refusal(kind, key, catalog) else ratio(cause, kind, key)


@cache
def _is_refusal(kind: FactKind, key: str, catalog: Catalog) -> bool:
    """Whether it is a row by which Salesforce refuses, and which some cause is known to leave."""
    if kind.name != ROW or key == DONE:
        return False
    return any(key in spoken_of(cause, kind) for cause in catalog.causes.values())


@cache
def _column(catalog: Catalog, kind: FactKind, key: str) -> tuple[float, ...]:
    """What one value does to the odds of every cause, in the catalog's order."""
    return tuple(telling(cause, kind, key, catalog) for cause in catalog.causes.values())


def posterior(facts: Iterable[Fact], catalog: Catalog) -> Posterior:
    """The share of each cause, given what is known."""
    counted = one_a_group(known(facts, catalog), catalog)
    weights = [cause.prior for cause in catalog.causes.values()]
    for fact in counted:
        kind = catalog.facts[fact.name]
        weights = list(map(mul, weights, _column(catalog, kind, kind.key_of(fact.value))))
    words = next((str(fact.value) for fact in counted if fact.name == TELLING), "")
    is_alone = len(counted) == 1
    told = factors(words, weights, catalog, is_alone=is_alone) if words else []
    weights = list(map(mul, weights, told)) if told else weights
    # NOTE: all weights are divided by the background of the facts, so *none of these* has ratio 1.
    whole = sum(weights) + NONE_PRIOR
    shares = {id_: weight / whole for id_, weight in zip(catalog.causes, weights, strict=True)}
    return Posterior(
        shares, NONE_PRIOR / whole, counted, dict(zip(catalog.causes, told, strict=False))
    )
