"""Edits of a metadata file that change what they mean to change, and not a byte besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from evergrant.errors import BadInput
from evergrant.repair.markup import Element, Markup, read
from evergrant.repair.typeset import Value, inserted, replaced, reworded, taken_out


@dataclass(frozen=True, slots=True)
class Set:
    """An element says this, whether it was there before or not."""

    path: str
    """From the root's children, such as `oauthPolicy/refreshTokenPolicy`."""
    value: str


@dataclass(frozen=True, slots=True)
class Ensure:
    """An element is there; where it was missing, it says this."""

    path: str
    value: str


@dataclass(frozen=True, slots=True)
class Add:
    """One more of an element that repeats, unless one that says the same is there.

    With a separator, one more word of an element that lists words.
    """

    path: str
    value: Value
    separator: str = ""


@dataclass(frozen=True, slots=True)
class Drop:
    """No such element; with a value, none that says this; with a separator, no such word."""

    path: str
    value: str | None = None
    separator: str = ""


@dataclass(frozen=True, slots=True)
class Clear:
    """Nothing in an element; one that is not there stays away."""

    path: str


Edit = Set | Ensure | Add | Drop | Clear


def edited(data: bytes, edits: Sequence[Edit]) -> bytes:
    """The file after the edits, in order; the same bytes where they change nothing.

    Raises `BadInput` for a file that cannot be read.
    """
    markup = read(data)
    for edit in edits:
        markup = _apply(markup, edit)
    return markup.encoded()


def holds(markup: Markup, edit: Edit) -> bool:
    """Whether a file is as an edit would have it."""
    match edit:
        case Set(path, value):
            return markup.values(path) == [value]
        case Ensure(path):
            return bool(markup.values(path))
        case Add(path, value, separator) if separator:
            return value in words_of(markup, path, separator)
        case Add(path, value):
            return any(says(markup, each, value) for each in markup.root.all(path))
        case Drop(path, value, separator) if separator:
            return value not in words_of(markup, path, separator)
        case Drop(path, value):
            return not any(_is_meant(markup, each, value) for each in markup.root.all(path))
        case Clear(path):
            return not any(each.inner < each.close for each in markup.root.all(path))
        case _:
            assert_never(edit)


def words_of(markup: Markup, path: str, separator: str) -> list[str]:
    """The words that an element lists."""
    mark = separator.strip() or "\n"
    listed = (each.strip() for told in markup.values(path) for each in told.split(mark))
    return [each for each in listed if each]


def says(markup: Markup, element: Element, value: Value) -> bool:
    """Whether an element holds this; of a group, the elements that are named."""
    if isinstance(value, str):
        return not element.children and markup.value(element) == value
    inner = {(each.name, markup.value(each)) for each in element.children}
    return {*value} <= inner


def _is_meant(markup: Markup, element: Element, value: str | None) -> bool:
    return value is None or says(markup, element, value)


def _apply(markup: Markup, edit: Edit) -> Markup:
    if holds(markup, edit):
        return markup
    match edit:
        case Set(path, value):
            there = markup.root.first(path)
            return reworded(markup, there, value) if there else _put(markup, path, value)
        case Add(path, str(value), separator) if separator:
            return _listed(markup, path, separator, [*words_of(markup, path, separator), value])
        case Ensure(path, value) | Add(path, value):
            return _put(markup, path, value)
        case Drop(path, value, separator) if separator:
            kept = [each for each in words_of(markup, path, separator) if each != value]
            return _listed(markup, path, separator, kept)
        case Drop(path, value):
            return _dropped(markup, path, value)
        case Clear(path):
            for each in reversed(markup.root.all(path)):
                markup = replaced(markup, each.inner, each.close, b"")
            return markup
        case _:
            assert_never(edit)


def _listed(markup: Markup, path: str, separator: str, words: list[str]) -> Markup:
    return _apply(markup, Set(path, separator.join(words)) if words else Drop(path))


def _put(markup: Markup, path: str, value: Value) -> Markup:
    """A new element; groups of the path that are missing come with it."""
    parent, steps = markup.root, path.split("/")
    while len(steps) > 1 and (inner := parent.first(steps[0])) is not None:
        parent, steps = inner, steps[1:]
    name, *deeper = steps
    if len(deeper) > 1:
        raise BadInput(f"{path}: two groups are missing at once")
    if deeper and not isinstance(value, str):
        # A group in a group that is missing, too: the outer one first, with nothing in it.
        return _put(inserted(markup, parent, name, ""), path, value)
    held = ((deeper[0], value),) if deeper and isinstance(value, str) else value
    return inserted(markup, parent, name, held)


def _dropped(markup: Markup, path: str, value: str | None) -> Markup:
    """NOTE: from the last to the first, so that the places before stay right."""
    for element in reversed(markup.root.all(path)):
        if _is_meant(markup, element, value):
            markup = taken_out(markup, element)
    return markup
