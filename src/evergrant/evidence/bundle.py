"""Facts as redacted JSON, and back: what an incident keeps can be judged again tomorrow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from evergrant.log import mask
from evergrant.model import Fact, Subject, Unknown, Value, as_json


def save(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    """Each fact as a JSON object; every text in it masked."""
    return [_save(fact) for fact in facts]


def load(rows: Sequence[Mapping[str, Any]]) -> list[Fact]:
    """The facts of `save`."""
    return [_load(row) for row in rows]


def _save(fact: Fact) -> dict[str, Any]:
    kind, value = _kind(fact.value), as_json(fact.value)
    return {
        "name": fact.name,
        "kind": kind,
        "value": mask(value) if isinstance(value, str) else value,
        "about": [fact.about.kind, fact.about.id],
        "source": fact.source,
        "observed_at": as_json(fact.observed_at),
        "mark": fact.mark,
        "quote": mask(fact.quote),
        "line": fact.line,
    }


def _load(row: Mapping[str, Any]) -> Fact:
    observed = row["observed_at"]
    return Fact(
        name=row["name"],
        value=_READERS[row["kind"]](row["value"]),
        about=Subject(*row["about"]),
        source=row["source"],
        observed_at=datetime.fromisoformat(observed) if observed else None,
        mark=row["mark"],
        quote=row["quote"],
        line=row["line"],
    )


def _kind(value: Value) -> str:
    if isinstance(value, Unknown):
        return "unknown"
    if isinstance(value, datetime):
        return "time"
    return "words" if isinstance(value, tuple) else "plain"


def _plain(value: Any) -> Value:
    return value  # type: ignore[no-any-return]


def _unknown(value: Any) -> Value:
    return Unknown(**value)


_READERS: dict[str, Callable[[Any], Value]] = {
    "unknown": _unknown,
    "time": datetime.fromisoformat,
    "words": tuple,
    "plain": _plain,
}
