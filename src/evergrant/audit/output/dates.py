"""The forecast as text and as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from evergrant.audit.forecast_model import NOW, AtNext, On, Span, span_of
from evergrant.audit.output.text import WIDTH, Line, Paint, Part, drawn, plain, wrapped

if TYPE_CHECKING:
    from evergrant.audit.forecast_model import Forecast, Foreseen

_INDENT = 19
"""Columns of the day and the blanks around it."""


def text(forecast: Forecast, *, width: int = WIDTH, paint: Paint = plain) -> str:
    """The forecast as a table: when, whom, what, and what prevents it."""
    blocks = [_block(*group, width, paint) for group in _groups(forecast) if group[1]]
    blocks += ["\n".join(wrap(each, width)) for each in (*forecast.notes, _summary(forecast))]
    return "\n\n".join(blocks) + "\n"


Row = tuple[Part, str, "Foreseen"]
"""How the first column is coloured, what it says, and what is foreseen."""


def _groups(forecast: Forecast) -> Iterator[tuple[str, list[Row]]]:
    now: list[Row] = []
    later: list[Row] = []
    for when, each in forecast.undated:
        is_now = when.occasion == NOW
        (now if is_now else later).append(_row("text", "" if is_now else str(when), each))
    dated = [_row(_PARTS[span_of(on, forecast.today)], str(on), e) for on, e in forecast.dated]
    yield "Now", now
    yield "By date", dated
    yield "At the next use", later


def _row(part: Part, when: str, each: Foreseen) -> Row:
    return part, when, each


_PARTS: dict[Span, Part] = {"past": "warning", "soon": "decision", "later": "text"}


def _block(title: str, rows: Sequence[Row], width: int, paint: Paint) -> str:
    lines = (drawn(line, paint) for row in rows for line in _entry(*row, width))
    return "\n".join([paint("heading", title), *lines])


def _entry(part: Part, when: str, each: Foreseen, width: int) -> Iterator[Line]:
    """The first column beside the others, line by line."""
    left, right = wrap(when, _INDENT - 3), [*_told(each, width - _INDENT)]
    empty: tuple[Part, str] = ("text", "")
    for shown, (kind, told) in zip_longest(left, right, fillvalue=empty):
        first = shown if isinstance(shown, str) else ""
        yield ((part, f"  {first:<{_INDENT - 2}}" if told else f"  {first}"), (kind, told))


def _told(each: Foreseen, width: int) -> Iterator[tuple[Part, str]]:
    parts: tuple[tuple[Part, str], ...] = (
        ("heading", f"{each.who} ({each.rule})"),
        ("text", f"{each.what.removesuffix('.')}{_unless(each)}{_mark(each)}"),
        ("faint", each.basis),
        ("text", f"→ {each.avert}" if each.avert else ""),
    )
    for part, told in parts:
        yield from (line[0] for line in wrapped(told, width, 0, part))


def _unless(each: Foreseen) -> str:
    return f", unless {each.when.unless}" if isinstance(each.when, On) and each.when.unless else ""


def _mark(each: Foreseen) -> str:
    return " (inferred)" if each.mark == "inferred" else ""


def _summary(forecast: Forecast) -> str:
    past = sum(span_of(when, forecast.today) == "past" for when, _ in forecast.dated)
    dated = len(forecast.dated)
    return f"{dated} with a date ({past} gone by), {len(forecast.undated)} without."


def data(forecast: Forecast) -> dict[str, Any]:
    """The forecast as data (`evergrant.forecast/1`); `day` or `occasion` is null."""
    return {
        "today": forecast.today,
        "notes": forecast.notes,
        "foreseen": [_datum(each) for each in forecast.foreseen],
    }


def _datum(each: Foreseen) -> dict[str, Any]:
    on = each.when if isinstance(each.when, On) else None
    return {
        "id": each.id,
        "day": on.day if on else None,
        "is_about": on.is_about if on else False,
        "unless": on.unless if on else "",
        "occasion": each.when.occasion if isinstance(each.when, AtNext) else None,
        "apps": each.apps,
        "client": each.client,
        "code": each.rule,
        "what": each.what,
        "basis": each.basis,
        "avert": each.avert,
        "mark": each.mark,
    }
