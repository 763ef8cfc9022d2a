"""Reading `facts.toml`: the vocabulary, with background likelihoods brought to a sum of 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from evergrant.catalog.condition import bounds, text_of
from evergrant.catalog.entries import LEVELS, OTHER, FactKind, Kind, Level
from evergrant.catalog.entry import Entry, Page

KINDS = ("text", "bool", "number", "time")
SUBJECTS = ("request", "app", "user", "org", "connection", "event", "host")
_KEYS = (
    "title", "kind", "about", "level", "group", "unit", "cost", "check", "ask", "choices",
    "open", "background", "same", "mentions", "like",
)  # fmt: skip


def read_facts(
    page: Page, data: Mapping[str, Any], known: Mapping[str, FactKind] | None = None
) -> dict[str, FactKind]:
    """Every kind of fact, by name; those of a page stand in for known ones of the same name.

    Raises `BadInput` naming file and line.
    """
    kinds: dict[str, FactKind] = dict(known or {})
    for room, members in data.items():
        for short, body in members.items():
            entry = Entry(page, body, f"{room}.{short}")
            kinds[f"{room}.{short}"] = _fact(entry, kinds)
    return kinds


def _fact(entry: Entry, known: Mapping[str, FactKind]) -> FactKind:
    entry.only(_KEYS)
    if "like" in entry.data:
        return _alike(entry, known)
    kind = cast(Kind, entry.choice("kind", KINDS))
    return FactKind(
        name=entry.table,
        title=entry.text("title"),
        kind=kind,
        about=entry.choice("about", SUBJECTS),
        level=cast(Level, entry.choice("level", LEVELS)),
        background=_background(entry, kind),
        group=entry.text("group", ""),
        unit=entry.text("unit", ""),
        cost=entry.number_in("cost", 1, 9, 1),
        check=entry.text("check", ""),
        ask=entry.text("ask", ""),
        choices=_choices(entry),
        open=entry.flag("open"),
        same=_same(entry),
        mentions={text_of(value): tuple(words) for value, words in _table(entry, "mentions")},
    )


def _alike(entry: Entry, known: Mapping[str, FactKind]) -> FactKind:
    model = entry.choice("like", tuple(known))
    return replace(
        known[model],
        name=entry.table,
        title=entry.text("title"),
        check=entry.text("check", ""),
        ask=entry.text("ask", ""),
    )


def _background(entry: Entry, kind: Kind) -> dict[str, float]:
    if kind == "time":
        return {OTHER: 1.0}
    weights = {text_of(key): weight for key, weight in _table(entry, "background")}
    for key, weight in weights.items():
        if not isinstance(weight, (int, float)) or weight <= 0:
            entry.refuse(f"the background of {key!r} is no weight above 0", "background")
        if kind == "number" and key != OTHER and bounds(key) is None:
            entry.refuse(f"{key!r} is no band (below 5, from 1 to 5, from 5)", "background")
    if kind == "bool" and set(weights) != {"true", "false"}:
        entry.refuse("the background of a bool has true and false", "background")
    if kind == "text" and OTHER not in weights:
        entry.refuse('the background has no "*" for other values', "background")
    if not weights:
        entry.refuse("the background is missing", "background")
    whole = sum(weights.values())
    return {key: weight / whole for key, weight in weights.items()}


def _choices(entry: Entry) -> dict[str, str]:
    values = {text_of(key) for key, _ in _table(entry, "background")} - {OTHER}
    choices = {text_of(value): str(words) for value, words in _table(entry, "choices")}
    for value in choices:
        if value not in values:
            entry.refuse(f"{value!r} is no value of this fact", "choices")
    if len({words.casefold() for words in choices.values()}) < len(choices):
        entry.refuse("two choices have the same words", "choices")
    return choices


def _same(entry: Entry) -> dict[str, str]:
    values = {text_of(key) for key, _ in _table(entry, "background")}
    same = {text_of(spelling): text_of(value) for spelling, value in _table(entry, "same")}
    for value in same.values():
        if value not in values:
            entry.refuse(f"{value!r} is no value of this fact", "same")
    return same


def _table(entry: Entry, key: str) -> list[tuple[str, Any]]:
    value = entry.data.get(key, {})
    if not isinstance(value, dict):
        entry.refuse(f"{key!r} is no table", key)
    return list(value.items())
