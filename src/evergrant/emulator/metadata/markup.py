"""Reading XML from strangers: no document type, no entity, no depth, no size without bounds.

A DOCTYPE is refused as soon as it begins, and with it every entity that one could declare:
neither bombs nor outside files can be named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

_NIL: Final = "http://www.w3.org/2001/XMLSchema-instance}nil"
_DEEPEST: Final = 32
_MOST: Final = 200_000


class Malformed(ValueError):
    """The text is no XML that may be read; says where."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


@dataclass(frozen=True, slots=True)
class Node:
    """One element, with where it begins."""

    space: str
    name: str
    text: str
    children: tuple[Node, ...]
    line: int
    column: int
    is_nil: bool = False

    def all(self, name: str) -> tuple[Node, ...]:
        """The children of that name."""
        return tuple(each for each in self.children if each.name == name)

    def first(self, *path: str) -> Node | None:
        """The element at the end of a path of names, the first where there are several."""
        found: Node | None = self
        for name in path:
            found = next(iter(found.all(name)), None) if found is not None else None
        return found

    def word(self, *path: str) -> str:
        """The words at the end of a path; empty where there is no such element."""
        found = self.first(*path)
        return "" if found is None else found.text.strip()


@dataclass(slots=True)
class _Open:
    """An element whose end was not yet seen."""

    tag: str
    line: int
    column: int
    is_nil: bool
    words: list[str]
    children: list[Node]

    def closed(self) -> Node:
        space, _, name = self.tag.rpartition("}")
        return Node(
            space, name, "".join(self.words), tuple(self.children), self.line, self.column,
            self.is_nil,
        )  # fmt: skip


class _Reader:
    """The handlers of one reading."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data
        self.root: Node | None = None
        self._open: list[_Open] = []
        self._count = 0

    def _refuse(self, why: str) -> None:
        raise Malformed(why, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1)

    def _doctype(self, *_: object) -> None:
        self._refuse("a document type declaration is not allowed")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= _DEEPEST or self._count > _MOST:
            self._refuse("nested too deep, or too many elements")
        self._open.append(_Open(
            tag, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1,
            attributes.get(_NIL) in ("true", "1"), [], [],
        ))  # fmt: skip

    def _end(self, _tag: str) -> None:
        node = self._open.pop().closed()
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node

    def _data(self, words: str) -> None:
        self._open[-1].words.append(words)


def read(raw: bytes) -> Node:
    """The root of a document; raises Malformed."""
    reader = _Reader()
    try:
        reader.parser.Parse(raw, True)
    except expat.ExpatError as error:
        told = expat.errors.messages.get(error.code, "no XML")
        raise Malformed(told, error.lineno, error.offset + 1) from error
    except (ValueError, LookupError) as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed("the declared encoding is not known", 1, 1) from error
    if reader.root is None:
        raise Malformed("no element found", 1, 1)
    return reader.root
