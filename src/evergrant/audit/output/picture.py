"""The forecast over time as an SVG: a row a break, a mark at its day, no script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import TYPE_CHECKING

from evergrant.audit.forecast_model import NOW, On, Span, span_of
from evergrant.audit.output.escaping import xml_text

if TYPE_CHECKING:
    from evergrant.audit.forecast_model import Forecast, Foreseen

WIDTH, LABEL, RIGHT, ROW, HEAD = 1000, 330, 24, 26, 52
"""Of the picture, of its left column, its margin, a row, and what stands above the rows; pixels."""
MOST = 40
"""Rows of either kind; what is left over is counted."""
LEAST = timedelta(days=183)
"""The picture never shows less than half a year."""
_LONGEST = 46
"""Characters of a label that fit into the left column."""
_TICK = 70
"""Pixels that a month's name takes."""
_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
_MOST_TICKS = 9
_STYLE = """
svg { --ink: #181818; --faint: #5c5c5c; --line: #c9c7c5; --past: #ba0517; --soon: #8c4b02;
  --later: #0b5cab; --paper: #fff; font: 13px system-ui, sans-serif }
@media (prefers-color-scheme: dark) { svg { --ink: #ececec; --faint: #b0b0b0; --line: #4a4a4a;
  --past: #fe8f7d; --soon: #f9b25d; --later: #78b0fd; --paper: #161616 } }
.paper { fill: var(--paper) }
text { fill: var(--ink); stroke: var(--paper); stroke-width: 4px; paint-order: stroke }
 .faint { fill: var(--faint) }
.head { font-weight: 600 } .grid { stroke: var(--line) } .today { stroke: var(--ink) }
.past { fill: var(--past) } .soon { fill: var(--soon) } .later { fill: var(--later) }
.about { fill: var(--paper); stroke: var(--later); stroke-width: 2 }
"""


@dataclass(frozen=True, slots=True)
class Axis:
    """Days across the picture."""

    first: date
    last: date

    def x(self, day: date) -> float:
        """Where a day stands; what lies outside stands at the edge."""
        inside = min(max(day, self.first), self.last)
        share = (inside - self.first) / (self.last - self.first)
        return round(LABEL + share * (WIDTH - LABEL - RIGHT), 1)

    def ticks(self) -> Iterator[date]:
        """First days of months, as many as can be read."""
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
        step = next((each for each in _STEPS if months / each <= _MOST_TICKS), 12)
        start = self.first.year * 12 + self.first.month
        for number in range(start, start + months + 1):
            day = date(number // 12, number % 12 + 1, 1)
            if number % step == 0 and self.first <= day <= self.last:
                yield day


def svg(forecast: Forecast) -> str:
    """The picture; what has no day stands under it with its occasion."""
    dated, undated = forecast.dated[:MOST], forecast.undated[:MOST]
    axis = _axis(forecast)
    bottom = HEAD + ROW * len(dated)
    below = bottom + 44 if undated else bottom + 8
    height = below + ROW * len(undated) + 34
    left = len(forecast.foreseen) - len(dated) - len(undated)
    parts = [
        *_frame(axis, forecast.today, bottom),
        *(part for number, (on, each) in enumerate(dated)
          for part in _row(on, each, axis, forecast.today, HEAD + ROW * number)),
        *_occasions(forecast, below),
        _text(8, height - 12, _legend(left), "faint"),
    ]  # fmt: skip
    said = f"{len(forecast.dated)} breaks with a day, {len(forecast.undated)} without."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-label="{said}">\n<title>What will break, over time</title>\n'
        f'<style>{_STYLE}</style>\n<rect class="paper" width="{WIDTH}" height="{height}"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _axis(forecast: Forecast) -> Axis:
    """From today; what has gone by stands at the left edge with its day."""
    days = [on.day for on, _ in forecast.dated]
    last = max([forecast.today + LEAST, *days])
    return Axis(forecast.today - (last - forecast.today) / 12, last + (last - forecast.today) / 20)


def _frame(axis: Axis, today: date, bottom: int) -> Iterator[str]:
    for day in axis.ticks():
        x = axis.x(day)
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{HEAD - 14}" y2="{bottom}"/>'
        if x + _TICK < WIDTH:
            yield _text(x + 3, HEAD - 8, f"{day:%b %Y}", "faint")
    x = axis.x(today)
    yield f'<line class="today" x1="{x}" x2="{x}" y1="18" y2="{bottom}"/>'
    yield _text(x + 4, 26, f"today, {today}", "head")
    yield _text(8, 26, "What will break, and when", "head")


def _row(on: On, each: Foreseen, axis: Axis, today: date, top: int) -> Iterator[str]:
    middle, x, span = top + ROW // 2, axis.x(on.day), span_of(on, today)
    yield f"<g><title>{_safe(_whole(on, each))}</title>"
    yield _text(8, middle + 4, _cut(each.who))
    yield _mark(span, x, middle, is_about=on.is_about or bool(on.unless))
    told = f"{'since ' if span == 'past' else ''}{on} {each.rule}"
    is_right = x > (LABEL + WIDTH) / 2
    yield _text(x - 12 if is_right else x + 12, middle + 4, told, "faint",
                anchor="end" if is_right else "start")  # fmt: skip
    yield "</g>"


def _mark(span: Span, x: float, y: float, *, is_about: bool) -> str:
    """Told apart by shape too: gone by ✕, soon ◆, later ●, hollow where it may yet move."""
    if span == "past":
        cross = "l2-2 4 4 4-4 2 2-4 4 4 4-2 2-4-4-4 4-2-2 4-4z"
        return f'<path class="past" d="M{x - 6} {y - 4}{cross}"/>'
    if span == "soon":
        return f'<path class="soon" d="M{x} {y - 7}l7 7-7 7-7-7z"/>'
    return f'<circle class="{"about" if is_about else "later"}" cx="{x}" cy="{y}" r="5"/>'


def _occasions(forecast: Forecast, top: int) -> Iterator[str]:
    shown = forecast.undated[:MOST]
    if not shown:
        return
    yield _text(8, top - 12, "Without a day", "head")
    for number, (when, each) in enumerate(shown):
        y = top + ROW * number + ROW // 2 + 4
        span = "past" if when.occasion == NOW else "faint"
        yield f"<g><title>{_safe(f'{each.who}: {each.what}')}</title>"
        yield _text(8, y, _cut(each.who))
        yield _text(LABEL, y, f"{when} {each.rule}", span)
        yield "</g>"


def _legend(left: int) -> str:
    more = f" {left} more are not drawn." if left else ""
    return f"✕ gone by   ◆ within 30 days   ● later   ○ later, and may yet move.{more}"


def _whole(on: On, each: Foreseen) -> str:
    unless = f", unless {on.unless}" if on.unless else ""
    return f"{on}: {each.who}: {each.what}{unless} ({each.basis})"


def _cut(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"


def _text(x: float, y: float, text: str, kind: str = "", *, anchor: str = "start") -> str:
    named = f' class="{kind}"' if kind else ""
    to = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x}" y="{y}"{named}{to}>{_safe(text)}</text>'


def _safe(text: str) -> str:
    return escape(xml_text(text))
