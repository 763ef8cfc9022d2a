"""All connections together: how many were in which state when, why they broke, and what broke many
at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from evergrant.health import State
from evergrant.keeper.keeper import Keeper
from evergrant.store import fleet, listing
from evergrant.store.fleet import Beginning, Break, Change
from evergrant.store.listing import Wanted

SAMPLES: Final = 48
"""Moments at which the states are counted."""
TOGETHER: Final = timedelta(minutes=15)
"""Breaks with one cause that follow one another within this time are one event."""
FEWEST: Final = 3
"""Connections that break together before it is one event."""
_ARROW: Final = " → "


@dataclass(frozen=True, slots=True)
class Sample:
    """How many connections were in which state at a moment; removed ones do not count."""

    at: datetime
    counts: Mapping[State, int]


@dataclass(frozen=True, slots=True)
class Why:
    """One cause, and how often it struck."""

    cause: str
    """Id in the catalog; '' where it is not known."""
    broke: int
    """Incidents within the time that is looked at."""
    still: int
    """Incidents that are open."""


@dataclass(frozen=True, slots=True)
class Blast:
    """Many connections of one integration that broke together, of one cause."""

    integration: str
    """Id."""
    name: str
    cause: str
    error: str
    """What was told, where no cause is known."""
    began: datetime
    ended: datetime
    """The last of them broke."""
    broke: int
    """Connections."""
    still: int
    """Those that are still broken."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """What a page shows of all connections together."""

    since: datetime
    until: datetime
    now: Mapping[State, int]
    samples: tuple[Sample, ...]
    """Oldest first; the last one is now."""
    causes: tuple[Why, ...]
    """Most open incidents first."""
    blasts: tuple[Blast, ...]
    """Newest first."""


def fleet_of(keeper: Keeper, back: timedelta) -> Fleet:
    """How all connections have been for so long."""
    until = keeper.clock.now()
    since = until - back
    with keeper.reading() as tx:
        counts = listing.counts(tx, Wanted(states=tuple(State)))
        changes = fleet.changes(tx, since)
        begun = fleet.beginnings(tx, since)
        breaks = fleet.breaks(tx, since)
    return Fleet(
        since,
        until,
        _shown(counts),
        tuple(samples(counts, changes, begun, since, until)),
        tuple(_causes(breaks, since)),
        tuple(blasts(each for each in breaks if each.opened_at >= since)),
    )


def samples(
    now: Mapping[State, int],
    changes: Iterable[Change],
    begun: Iterable[Beginning],
    since: datetime,
    until: datetime,
) -> list[Sample]:
    """The counts at `SAMPLES` moments, found by undoing what happened, newest first."""
    undoing = list(_undoings(list(changes), list(begun)))
    counts, step, found = Counter(now), (until - since) / (SAMPLES - 1), []
    for number in reversed(range(SAMPLES)):
        at = until if number == SAMPLES - 1 else since + step * number
        while undoing and undoing[-1][0] > at:
            _, was, became = undoing.pop()
            counts[became] -= 1
            if was is not None:
                counts[was] += 1
        found.append(Sample(at, _shown(counts)))
    return found[::-1]


def _undoings(
    changes: Sequence[Change], begun: Sequence[Beginning]
) -> Iterator[tuple[datetime, State | None, State]]:
    """Moment, what it was (None before it was made) and what it became; oldest first."""
    told = [(each.at, *_states(each.text)) for each in changes]
    first: dict[str, State] = {}
    for each in changes:
        first.setdefault(each.connection, _states(each.text)[0])
    made = [(each.at, None, first.get(each.connection) or State(each.state)) for each in begun]
    # What was made changed afterwards, even within one instant.
    yield from sorted([*made, *told], key=lambda each: (each[0], each[1] is not None))


@cache
def _states(text: str) -> tuple[State, State]:
    # NOTE: kept, for a sweep over many connections says the same few words again and again.
    was, _, became = text.partition(_ARROW)
    return State(was), State(became)


def _shown(counts: Mapping[State, int]) -> dict[State, int]:
    return {state: counts.get(state, 0) for state in State if state is not State.REMOVED}


def _causes(breaks: Iterable[Break], since: datetime) -> list[Why]:
    broke, still = Counter[str](), Counter[str]()
    for each in breaks:
        broke[each.cause] += each.opened_at >= since
        still[each.cause] += each.closed_at is None
    found = [Why(cause, broke[cause], still[cause]) for cause in broke]
    return sorted(found, key=lambda each: (-each.still, -each.broke, each.cause))


def blasts(breaks: Iterable[Break]) -> list[Blast]:
    """What struck many at once: breaks of one integration and one cause, one close after another.

    Where no cause is known, the same error counts as the same cause.
    """
    by_cause: dict[tuple[str, str, str], list[Break]] = defaultdict(list)
    for each in breaks:
        error = "" if each.cause else each.error
        by_cause[each.integration, each.cause, error].append(each)
    runs = (run for same in by_cause.values() for run in _runs(same))
    found = [_blast(run) for run in runs if len({each.connection for each in run}) >= FEWEST]
    return sorted(found, key=lambda each: each.began, reverse=True)


def _runs(breaks: Sequence[Break]) -> Iterator[list[Break]]:
    """The breaks in runs without a gap of more than `TOGETHER`; they come oldest first."""
    run: list[Break] = []
    for each in breaks:
        if run and each.opened_at - run[-1].opened_at > TOGETHER:
            yield run
            run = []
        run.append(each)
    if run:
        yield run


def _blast(run: Sequence[Break]) -> Blast:
    first = run[0]
    return Blast(
        first.integration,
        first.name,
        first.cause,
        first.error,
        first.opened_at,
        run[-1].opened_at,
        len({each.connection for each in run}),
        len({each.connection for each in run if each.closed_at is None}),
    )
