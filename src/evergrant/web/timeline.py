"""A connection's past as a picture: coordinates only, for the SVG that the page draws.

Drawn on the server, so that it is there without script; shapes carry classes, never styles, as the
Content-Security-Policy wants it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from evergrant.health import State
from evergrant.keeper import Past

WIDTH: Final = 1000.0
LONGEST: Final = timedelta(days=90)
SHORTEST: Final = timedelta(minutes=1)
Zoom = Literal["", "week", "day", "hour"]
ZOOMS: Final[Mapping[Zoom, tuple[str, timedelta]]] = {
    "": ("Three months", LONGEST),
    "week": ("A week", timedelta(weeks=1)),
    "day": ("A day", timedelta(days=1)),
    "hour": ("An hour", timedelta(hours=1)),
}
"""How much of the past can be looked at: what a link says, and the longest time that is shown."""
_TONES: Final = {
    State.CONNECTED: "ok",
    State.EXPIRING_SOON: "warn",
    State.DEGRADED: "warn",
    State.NEEDS_REAUTHORIZATION: "error",
    State.BLOCKED_BY_ADMIN: "error",
    State.ON_HOLD: "hold",
    State.PAUSED: "neutral",
    State.REMOVED: "neutral",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One state on the line."""

    x: float
    width: float
    tone: str
    state: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Mark:
    """One moment on the line."""

    x: float
    kind: str
    """`authorized` or `refused`."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything that the picture shows."""

    begins: datetime
    ends: datetime
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    told: str
    """The picture in one sentence, for whoever cannot see it."""
    zoom: Zoom = ""
    closer: tuple[tuple[Zoom, str], ...] = ()
    """How closely it can be looked at, widest first; empty where all of it is close already."""


def timeline(past: Past, now: datetime, zoom: Zoom = "") -> Timeline:
    """The picture of a past: of the last three months at most, or of less, looked at closely."""
    first = past.spans[0].begins if past.spans else now
    begins = min(max(first, now - ZOOMS[zoom][1]), now - SHORTEST)
    scale = WIDTH / (now - begins).total_seconds()

    def x_of(at: datetime) -> float:
        return round(max(0.0, (at - begins).total_seconds() * scale), 1)

    bars = tuple(
        Bar(x_of(span.begins), max(round(x_of(span.ends) - x_of(span.begins), 1), 1.0),
            _TONES[span.state], span.state.value, span.begins, span.ends)
        for span in past.spans if span.ends > begins
    )  # fmt: skip
    marks = (*_marks(past.authorized, "authorized"), *_marks(past.refused, "refused"))
    seen = [Mark(x_of(at), kind, at) for at, kind in marks if at >= begins]
    return Timeline(begins, now, bars, tuple(sorted(seen, key=lambda each: each.at)),
                    _told(past, begins), zoom, _closer(now - first))  # fmt: skip


def _closer(age: timedelta) -> tuple[tuple[Zoom, str], ...]:
    """NOTE: what is longer than the whole past would show nothing that the widest does not."""
    found = [(zoom, word) for zoom, (word, span) in ZOOMS.items() if not zoom or span < age]
    return tuple(found) if len(found) > 1 else ()


def _marks(moments: Iterable[datetime], kind: str) -> list[tuple[datetime, str]]:
    return [(at, kind) for at in moments]


def _told(past: Past, begins: datetime) -> str:
    broken = [each for each in past.incidents if (each.closed_at or each.opened_at) >= begins]
    open_now = sum(each.closed_at is None for each in broken)
    count = f"{len(broken)} incident{'' if len(broken) == 1 else 's'}"
    return f"{count} since {begins:%d %b %Y}, {open_now or 'none'} open now"
