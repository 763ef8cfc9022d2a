"""Changes: what a step of a way out alters, what else that does, and how it is taken back.

Many causes end in the same change (an approval, an IP range, a switch), so each stands once in
`changes.toml`; steps of causes name it.  Where metadata or a record can carry the change it is
there as data, to be applied by a program; where only Setup can, there is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from evergrant.catalog.entry import Entry, Page

Way = Literal["metadata", "record"]
Act = Literal["set", "add", "remove", "create", "delete"]
PLACEHOLDERS = frozenset(
    {
        "app",
        "callback",
        "certificate",
        "consumer_key",
        "days",
        "first_address",
        "last_address",
        "origin",
        "permission_set",
        "profile",
        "user",
    }
)
"""What a patch may leave open in braces; who applies it knows the values."""
_BLANK = re.compile(r"\{(\w+)\}")
_APPS = ("any", "connected app", "external client app")
_CHANGE = ("id", "title", "effects", "rollback", "patch", "mark")
_PATCH = ("app", "way", "act", "type", "of", "path", "value", "mark")
_MARKS = ("documented", "inferred")


@dataclass(frozen=True, slots=True)
class Patch:
    """One change as data: an element of a metadata component, or a field of a record."""

    type: str
    """Metadata type, or object; settings as `Settings`."""
    of: str
    """Name of the component, or which record; with placeholders."""
    path: str
    """Element (dots lead inward) or field; empty where the whole component comes or goes."""
    value: str | bool | int
    app: str = "any"
    way: Way = "metadata"
    act: Act = "set"
    mark: str = "documented"

    @property
    def blanks(self) -> frozenset[str]:
        """The placeholders that must be filled in before it can be applied."""
        return frozenset(_BLANK.findall(f"{self.of} {self.value}"))


@dataclass(frozen=True, slots=True)
class Change:
    """What a step alters, once for all causes that end in it."""

    id: str
    title: str
    effects: str
    """What it does besides."""
    rollback: str
    """How it is taken back."""
    patches: tuple[Patch, ...] = ()
    mark: str = "documented"

    def patches_for(self, app: str) -> tuple[Patch, ...]:
        """Those for one kind of app (`connected app`, `external client app` or `any`)."""
        return tuple(each for each in self.patches if "any" in (app, each.app) or each.app == app)


def read_changes(page: Page, data: Mapping[str, Any]) -> dict[str, Change]:
    """Every change, by id.

    Raises `BadInput` naming file and line.
    """
    changes: dict[str, Change] = {}
    for entry in Entry(page, data).entries("change"):
        entry.only(_CHANGE)
        made = _change(entry)
        if made.id in changes:
            entry.refuse(f"the change {made.id!r} is there twice", "id")
        changes[made.id] = made
    return changes


def _change(entry: Entry) -> Change:
    return Change(
        id=entry.text("id"),
        title=entry.text("title"),
        effects=entry.text("effects"),
        rollback=entry.text("rollback"),
        patches=tuple(_patch(each) for each in entry.entries("patch")),
        mark=entry.choice("mark", _MARKS, "documented"),
    )


def _patch(entry: Entry) -> Patch:
    entry.only(_PATCH)
    act = cast(Act, entry.choice("act", get_args(Act), "set"))
    is_whole = act in ("create", "delete")
    value = entry.data.get("value", "")
    if not isinstance(value, (str, bool, int)):
        entry.refuse("the value of a patch is a text, a number or true or false", "value")
    made = Patch(
        type=entry.text("type"),
        of=entry.text("of"),
        path=entry.text("path", "" if is_whole else None),
        value=value,
        app=entry.choice("app", _APPS, "any"),
        way=cast(Way, entry.choice("way", get_args(Way), "metadata")),
        act=act,
        mark=entry.choice("mark", _MARKS, "documented"),
    )
    if strangers := sorted(made.blanks - PLACEHOLDERS):
        entry.refuse(f"nobody fills in {', '.join(strangers)}", "of")
    return made
