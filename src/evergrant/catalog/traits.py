"""The vocabulary of the audit (`traits.toml`) and the elements of metadata types."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

import tomli

from evergrant.catalog.entries import Mark
from evergrant.catalog.entry import Entry, Page
from evergrant.model import Value

TraitKind = Literal["bool", "text", "number", "list"]
As = Literal["bool", "text", "number", "present", "texts", "lines", "commas", "choice", "refresh"]
HOLDERS = ("connected", "external", "settings")
"""What a trait is read from: a connected app, an external client app, a settings file."""
_TRAIT = ("title", "kind", "objects", "needs", *HOLDERS)
_ELEMENT = ("type", "element", "as", "default", "values", "mark")
_TYPE = ("elements", "open", "required")
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class ElementTrait:
    """Which element of which type tells a trait, and what its absence means."""

    trait: str
    type: str
    element: str
    read: As
    default: Value | None = None
    """None where Salesforce documents no default."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """As written → the trait's value."""
    mark: Mark = "documented"
    """`inferred` where the default is a reading of observations."""


@dataclass(frozen=True, slots=True)
class TraitWord:
    """One word of the vocabulary."""

    name: str
    title: str
    kind: TraitKind
    elements: tuple[ElementTrait, ...] = ()
    objects: tuple[str, ...] = ()
    """Objects whose rows tell it."""
    needs: str = ""
    """What would tell it, in words."""

    @property
    def evidence(self) -> str:
        """What would tell it, for a person."""
        *most, last = self.objects or ("",)
        objects = f"{', '.join(most)} and {last}" if most else last
        return self.needs or (f"the org's {objects} rows" if last else "metadata files")

    @property
    def is_beyond_files(self) -> bool:
        """Whether files cannot tell it."""
        return bool(self.objects or self.needs)


@dataclass(frozen=True, slots=True)
class MetadataType:
    """What may stand in files of one type."""

    name: str
    elements: frozenset[str]
    """Paths of known elements; empty where no whole list is known here."""
    open: frozenset[str]
    """Elements whose insides are not listed."""
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)  # itself and no other: a key for tables
class Vocabulary:
    """All words, all types."""

    words: Mapping[str, TraitWord]
    types: Mapping[str, MetadataType]
    by_type: Mapping[str, tuple[ElementTrait, ...]]

    def told_by(self, type_: str) -> tuple[ElementTrait, ...]:
        """The traits that files of a type tell."""
        return self.by_type.get(type_, ())


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary, read once a process.

    Raises `BadInput` naming file and line.
    """
    types = _types(*_read("elements.toml"))
    words = _words(*_read("traits.toml"), types)
    by_type: dict[str, tuple[ElementTrait, ...]] = {}
    for each in (element for word in words.values() for element in word.elements):
        by_type[each.type] = (*by_type.get(each.type, ()), each)
    return Vocabulary(words, types, by_type)


def _read(name: str) -> tuple[Page, dict[str, Any]]:
    text = (_FOLDER / name).read_text("utf-8")
    return Page(f"catalog/{name}", text), tomli.loads(text)


def _types(page: Page, data: Mapping[str, Any]) -> dict[str, MetadataType]:
    return {name: _type(Entry(page, body, name)) for name, body in data.items()}


def _type(entry: Entry) -> MetadataType:
    entry.only(_TYPE)
    named, open_ = frozenset(entry.texts("elements")), frozenset(entry.texts("open"))
    parents = {each.rpartition("/")[0] for each in named} - {""}
    return MetadataType(entry.table, named | parents, open_, entry.texts("required"))


def _words(page: Page, data: Mapping[str, Any], types: Collection[str]) -> dict[str, TraitWord]:
    words: dict[str, TraitWord] = {}
    for room, members in data.items():
        for short, body in members.items():
            entry = Entry(page, body, f"{room}.{short}")
            words[entry.table] = _word(entry, types)
    return words


def _word(entry: Entry, types: Collection[str]) -> TraitWord:
    entry.only(_TRAIT)
    return TraitWord(
        name=entry.table,
        title=entry.text("title"),
        kind=cast(TraitKind, entry.choice("kind", get_args(TraitKind))),
        elements=tuple(
            _element(Entry(entry.page, entry.data[each], f"{entry.table}.{each}"), entry, types)
            for each in HOLDERS
            if each in entry.data
        ),
        objects=entry.texts("objects"),
        needs=entry.text("needs", ""),
    )


def _element(entry: Entry, word: Entry, types: Collection[str]) -> ElementTrait:
    entry.only(_ELEMENT)
    default = entry.data.get("default")
    return ElementTrait(
        trait=word.table,
        type=entry.choice("type", types),
        element=entry.text("element"),
        read=cast(As, entry.choice("as", get_args(As), "bool")),
        default=tuple(default) if isinstance(default, list) else default,
        values=entry.data.get("values", {}),
        mark=cast(Mark, entry.choice("mark", get_args(Mark), "documented")),
    )
