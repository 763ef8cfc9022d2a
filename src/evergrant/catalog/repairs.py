"""Repairs: which changes follow from a finding, in which order, and whether that is safe.

The changes themselves are those of `changes.toml`, and those beside the repairs that only audits
ask for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast, get_args

import tomli

from evergrant.catalog.changes import PLACEHOLDERS, Change, read_changes
from evergrant.catalog.entry import Entry, Page
from evergrant.catalog.loader import FOLDER, load

PATH = FOLDER / "repairs.toml"
Safety = Literal["safe", "unsafe"]
_REPAIR = ("code", "rule", "safety", "because", "changes", "in_source", "defaults")


@dataclass(frozen=True, slots=True)
class Repair:
    """What is done about the findings of one rule, or of all rules that share a code."""

    key: str
    """The rule's code (`TOK-01`), or its id where the code's rules are not mended alike."""
    safety: Safety
    """Safe: nobody who is connected loses anything, and nobody new is let in."""
    because: str
    """Why it is unsafe."""
    changes: tuple[Change, ...]
    in_source: bool
    """It mends files; nothing of it is deployed."""
    defaults: Mapping[str, str]
    """Placeholders that have a value where nobody gives another."""
    is_guided: bool = False
    """All of it is done by people, in the rule's own words."""


def repair_of(rule: str, code: str) -> Repair | None:
    """The repair of a rule, by its id or else by its code; None where no program knows one."""
    known = repairs()
    return known.get(rule) or known.get(code)


def guided(code: str, changes: Iterable[str]) -> Repair:
    """What people do about a finding for which no program knows a repair.

    Changes that nobody knows are left out.
    """
    known = _known()
    chosen = tuple(known[each] for each in dict.fromkeys(changes) if each in known)
    return Repair(code, "unsafe", "people decide and do it", chosen, False, {}, is_guided=True)


def of_change(change: str) -> Repair | None:
    """One change alone, as a step of a way out asks for it; None where no program can carry it."""
    known = _known().get(change)
    if known is None or not known.patches:
        return None
    return Repair(change, "unsafe", known.effects, (known,), False, {})


@cache
def _known() -> Mapping[str, Change]:
    return {**load().changes, **_read(PATH)[1]}


def _read(path: Path) -> tuple[Entry, dict[str, Change]]:
    text = path.read_text("utf-8")
    page, data = Page(path.name, text), tomli.loads(text)
    return Entry(page, data), read_changes(page, {"change": data.get("change", [])})


@cache
def repairs(path: Path = PATH) -> Mapping[str, Repair]:
    """Every repair by the code of its rules or the id of its rule.

    Raises `BadInput` naming file and line.
    """
    whole, own = _read(path)
    known = {**load().changes, **own}
    return {each.key: each for entry in whole.entries("repair") for each in [_repair(entry, known)]}


def _repair(entry: Entry, known: Mapping[str, Change]) -> Repair:
    entry.only(_REPAIR)
    names = entry.texts("changes")
    if not names or (strangers := sorted({*names} - {*known})):
        entry.refuse(f"no change is called {', '.join(strangers) if names else ''!r}", "changes")
    safety = cast(Safety, entry.choice("safety", get_args(Safety)))
    defaults = entry.data.get("defaults", {})
    if not isinstance(defaults, dict) or not {*defaults} <= PLACEHOLDERS:
        entry.refuse("defaults are values of placeholders", "defaults")
    key = entry.text("rule" if "rule" in entry.data else "code")
    return Repair(
        key, safety, entry.text("because", "" if safety == "safe" else None),
        tuple(known[each] for each in names), bool(entry.data.get("in_source")), defaults,
    )  # fmt: skip
