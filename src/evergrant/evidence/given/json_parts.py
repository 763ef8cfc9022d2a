"""JSON that may be cut, doubled or hostile: whatever whole parts of it can be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_DECODER = json.JSONDecoder()
_SEPARATORS = re.compile(r"[\s,]*")
MAX_DEPTH = 12
"""Of members that are looked through."""
MAX_LEAF = 20_000


def documents_in(text: str) -> tuple[list[Any], int]:
    """Every whole JSON value that stands in the text one after another, and how many are not whole.

    Salesforce CLI prints one value, a log holds one a line, and a download may be cut.
    """
    found, place, broken = [], _next(text, 0), 0
    while place >= 0:
        try:
            value, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            broken += 1
            end = text.find("\n", place) + 1 or len(text)
        else:
            found.append(value)
        place = _next(text, end)
    return found, broken


def members_of(text: str, name: str) -> tuple[list[Any], int]:
    """The whole members of the array that is called `name`, wherever it stands, and how many are
    not whole; for a document that is cut."""
    found: list[Any] = []
    begun = re.compile(rf'"{re.escape(name)}"\s*:\s*\[').search(text)
    place = begun.end() if begun else len(text)
    while (place := _SEPARATORS.match(text, place).end()) < len(text):  # type: ignore[union-attr]
        if text[place] == "]":
            break
        try:
            value, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            return found, 1
        found.append(value)
    return found, 0


def _next(text: str, place: int) -> int:
    """Where the next object or array begins."""
    places = [at for at in (text.find("{", place), text.find("[", place)) if at >= 0]
    return min(places, default=-1)


def flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """A record's members as texts, inner ones by their path (`CreatedBy.Username`)."""
    told: dict[str, str] = {}
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            if name != "attributes" and not prefix:
                told |= flat(inner, f"{name}.")
        elif isinstance(inner, (str, int, float)):
            told[f"{prefix}{name}"] = str(inner)
    return told


def leaves(value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """(name, text) of every text in a JSON value, outer ones first."""
    if depth > MAX_DEPTH or not isinstance(value, (Mapping, list)):
        return
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    inner: list[Any] = []
    for name, member in items:
        if isinstance(member, str):
            yield str(name), member[:MAX_LEAF]
        elif isinstance(member, (Mapping, list)):
            inner.append(member)
    for member in inner:
        yield from leaves(member, depth + 1)
