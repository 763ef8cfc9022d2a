"""The difference between two sides, as text and as data."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from evergrant.audit.output.text import WIDTH, Line, Paint, drawn, plain, wrapped

if TYPE_CHECKING:
    from evergrant.audit.diff import Changed, Drift
    from evergrant.model import Value


def text(drift: Drift, *, width: int = WIDTH, paint: Paint = plain) -> str:
    """What differs, subject by subject, and what could not be compared."""
    return "\n".join(drawn(line, paint) for line in _lines(drift, width)) + "\n"


def _lines(drift: Drift, width: int) -> Iterator[Line]:
    for name, group in groupby(drift.changed, key=lambda each: (each.kind, each.name)):
        yield (("heading", f"{name[1]} ({name[0]})"),)
        for each in group:
            yield from _changed(each, drift, width)
        yield (("text", ""),)
    for is_here, side in ((True, drift.here), (False, drift.there)):
        alone = [each for each in drift.only if each.is_here is is_here]
        if alone:
            yield (("heading", f"Only in {side}"),)
            for one in alone:
                yield (("text", f"  {one.name} ({one.kind})"),)
            yield (("text", ""),)
    yield from wrapped(_summary(drift), width, 0)


def _changed(each: Changed, drift: Drift, width: int) -> Iterator[Line]:
    yield (("decision", f"  {each.trait.partition('.')[2].replace('_', ' ')}"),)
    yield from wrapped(f"{drift.here}: {_shown(each.here)}", width, 4)
    yield from wrapped(f"{drift.there}: {_shown(each.there)}", width, 4)
    if str(each.place):
        yield (("faint", f"    {each.place}"),)


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return str(value) or "none"


def _summary(drift: Drift) -> str:
    told = f"{len(drift.changed)} settings differ of {drift.compared} compared"
    alone = f", {len(drift.only)} on one side only" if drift.only else ""
    hidden = f"; {drift.hidden} more are told by one side only" if drift.hidden else ""
    return f"{told}{alone}{hidden}."


def data(drift: Drift) -> dict[str, Any]:
    """The difference as data (`evergrant.drift/1`)."""
    return {
        "here": drift.here,
        "there": drift.there,
        "compared": drift.compared,
        "hidden": drift.hidden,
        "changed": drift.changed,
        "only": drift.only,
    }
