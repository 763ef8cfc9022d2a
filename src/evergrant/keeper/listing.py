"""Connections as people look for them: searched, filtered, in pages, and all of them in turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evergrant.health import State
from evergrant.keeper.keeper import Keeper
from evergrant.store import integrations, listing
from evergrant.store.listing import Listed, Wanted

BATCH = 500


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list."""

    rows: tuple[Listed, ...]
    next: str
    """Where the next page begins; '' on the last one."""
    counts: Mapping[State, int]
    """How many fit, by state."""

    @property
    def total(self) -> int:
        """How many fit."""
        return sum(self.counts.values())


def listed(keeper: Keeper, wanted: Wanted, *, after: str = "", limit: int) -> Page:
    """The page of a list that begins behind `after`; two statements, whatever the number."""
    with keeper.reading() as tx:
        rows = listing.page(tx, wanted, after=after, limit=limit + 1)
        counts = listing.counts(tx, wanted)
    shown = tuple(rows[:limit])
    return Page(shown, shown[-1].connection.id if len(rows) > limit else "", counts)


def all_listed(keeper: Keeper, wanted: Wanted) -> Iterator[Listed]:
    """Every connection that fits, read in batches; none is held longer than it is needed."""
    after = ""
    while True:
        with keeper.reading() as tx:
            rows = listing.page(tx, wanted, after=after, limit=BATCH)
        yield from rows
        if len(rows) < BATCH:
            return
        after = rows[-1].connection.id


def choices(keeper: Keeper) -> tuple[Mapping[str, int], Sequence[tuple[str, str]]]:
    """What can be filtered by: causes of open incidents with their number, integrations by name."""
    with keeper.reading() as tx:
        known = integrations.every(tx)
        return listing.open_causes(tx), [(each.id, each.name) for each in known]


def names_of(keeper: Keeper, ids: Sequence[str]) -> Mapping[str, str]:
    """Id → name, of those that are connections."""
    with keeper.reading() as tx:
        return listing.names(tx, ids)
