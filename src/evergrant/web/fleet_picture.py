"""The fleet's states over time as a picture: coordinates only, for the SVG that the page draws."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from evergrant.health import State
from evergrant.keeper import Fleet

WIDTH, HEIGHT = 1000.0, 200.0
BANDS: Final = (
    ("Broken", "error", (State.NEEDS_REAUTHORIZATION, State.BLOCKED_BY_ADMIN)),
    ("On hold", "hold", (State.ON_HOLD,)),
    ("Degraded or expiring", "warn", (State.DEGRADED, State.EXPIRING_SOON)),
    ("Paused", "neutral", (State.PAUSED,)),
    ("Connected", "ok", (State.CONNECTED,)),
)
"""Label, tone and states of each band, from the ground up: what matters most stands lowest."""
TABLE_ROWS: Final = 8


@dataclass(frozen=True, slots=True)
class Block:
    """One band of one column."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    told: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that the picture shows."""

    blocks: tuple[Block, ...]
    most: int
    """What the top of the picture stands for."""
    legend: tuple[tuple[str, str, int], ...]
    """Label, tone and the number now."""
    rows: tuple[tuple[datetime, tuple[int, ...]], ...]
    """The same as a table, thinned out: a moment, and the number of each band of the legend."""
    told: str
    """The picture in one sentence, for whoever cannot see it."""


def picture_of(fleet: Fleet) -> Picture:
    """The columns of a fleet's samples, one band upon the other."""
    counts = [
        (each.at, tuple(sum(each.counts[state] for state in states) for _, _, states in BANDS))
        for each in fleet.samples
    ]
    most = max((sum(numbers) for _, numbers in counts), default=0)
    blocks = tuple(
        block
        for number, (at, numbers) in enumerate(counts)
        for block in _column(number, len(counts), at, numbers, max(most, 1))
    )
    now = counts[-1][1]
    legend = tuple((label, tone, count) for (label, tone, _), count in zip(BANDS, now, strict=True))
    thinned = (*counts[: -1 : max(1, len(counts) // TABLE_ROWS)], counts[-1])
    return Picture(blocks, most, legend, thinned, _told(counts[0][1][0], now))


def _column(
    number: int, columns: int, at: datetime, numbers: tuple[int, ...], most: int
) -> list[Block]:
    width, ground, found = WIDTH / columns, HEIGHT, []
    for (label, tone, _), count in zip(BANDS, numbers, strict=True):
        if not count:
            continue
        height = round(HEIGHT * count / most, 2)
        ground = round(ground - height, 2)
        told = f"{at:%d %b %Y, %H:%M} UTC: {count} {label.lower()}"
        found.append(
            Block(round(number * width, 2), ground, round(width - 1, 2), height, tone, told)
        )
    return found


def _told(broken_then: int, now: tuple[int, ...]) -> str:
    total = sum(now)
    return f"{now[0]} of {total} broken now, {broken_then} at the beginning"
