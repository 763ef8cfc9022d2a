"""What is not known and would matter: of a cause, and of a whole set of facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from evergrant.catalog import Catalog, Cause, FactKind
from evergrant.diagnosis.rank import SYMPTOMS
from evergrant.model import Fact, Unknown


@dataclass(frozen=True, slots=True)
class Missing:
    """A fact that would matter for a cause and is not known."""

    fact: str
    title: str
    reason: str
    next_step: str


def missing(cause: Cause, facts: Sequence[Fact], catalog: Catalog) -> tuple[Missing, ...]:
    """What may still speak for a cause, each with why it is not known and how to learn it."""
    there = _groups((fact.name for fact in facts if fact.is_known), catalog)
    excuses = {f.name: f.value for f in facts if isinstance(f.value, Unknown)}
    kinds = ((kind, group) for group, kind in _telling(cause, catalog).items())
    return tuple(
        Missing(kind.name, kind.title, excuse.reason, excuse.next_step or kind.ask)
        for kind, group in kinds
        if group not in there
        for excuse in (excuses.get(kind.name) or Unknown("not looked at", kind.ask),)
    )


@cache
def _telling(cause: Cause, catalog: Catalog) -> Mapping[str, FactKind]:
    """What may be known of a cause: of each group the first fact that could speak for it.

    What could only speak against it would fill the list without end.
    """
    kinds: dict[str, FactKind] = {}
    for signal in cause.signals:
        kind = catalog.facts[signal.fact]
        if signal.likely not in ("never", "seldom") and not kind.name.startswith("context."):
            kinds.setdefault(catalog.in_group(kind.name), kind)
    return kinds


def answered(facts: Iterable[Fact], catalog: Catalog) -> set[str]:
    """Facts and groups that need no asking: known, or looked at in vain."""
    names = {fact.name for fact in facts}
    return names | _groups(names, catalog)


def _groups(names: Iterable[str], catalog: Catalog) -> set[str]:
    groups = {catalog.in_group(name) for name in names}
    return groups | SYMPTOMS if groups & SYMPTOMS else groups
