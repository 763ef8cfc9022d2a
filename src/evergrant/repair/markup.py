"""XML as it stands in its file: every element with its place, to the byte.

A parser that builds a tree forgets what an editor must keep: quotes, line ends, comments, the
encoding.  Here the bytes stay the truth, and a tree of places is drawn over them.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from xml.parsers import expat

from evergrant.errors import BadInput

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_STARTS = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
"""How UTF-16 without its mark begins (XML 1.0, appendix F)."""
_DECLARED = re.compile(rb"""^<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
MOST_DEPTH = 100


@dataclass(slots=True)
class Element:
    """One element: where its tags begin and end in the text, as offsets of bytes."""

    name: str
    """Without its prefix."""
    start: int
    inner: int
    """After the start tag."""
    close: int = 0
    """Before the end tag; `inner` for an element that is only one tag."""
    end: int = 0
    children: list[Element] = field(default_factory=list)

    def all(self, path: str) -> list[Element]:
        """The elements of a path such as `oauthConfig/scopes`, in order."""
        found = [self]
        for step in path.split("/"):
            found = [inner for each in found for inner in each.children if inner.name == step]
        return found

    def first(self, path: str) -> Element | None:
        """The first element of a path; None where there is none."""
        return next(iter(self.all(path)), None)


@dataclass(frozen=True, slots=True)
class Markup:
    """A file as UTF-8, its tree of places, and how it is written."""

    text: bytes = field(repr=False)
    root: Element
    encoding: str
    bom: bytes = b""

    def encoded(self) -> bytes:
        """The file again, in its own encoding."""
        return self.bom + self.text.decode().encode(self.encoding)

    def with_text(self, text: bytes) -> Markup:
        """The same file with another text."""
        return Markup(text, _tree(text), self.encoding, self.bom)

    def value(self, element: Element) -> str:
        """The words in an element, comments left out."""
        return _Words.of(self.text[element.start : element.end]).strip()

    def values(self, path: str) -> list[str]:
        """The words of all elements of a path."""
        return [self.value(each) for each in self.root.all(path)]


def read(data: bytes) -> Markup:
    """Read a file; what it refers to is never opened.

    Raises `BadInput` for what is no XML (with its line), declares a DOCTYPE, or cannot be written
    again as it was.
    """
    bom, encoding = _encoding(data)
    try:
        text = data[len(bom) :].decode(encoding).encode()
        is_same = bom + text.decode().encode(encoding) == data
    except (UnicodeError, LookupError) as error:
        raise BadInput(f"the file is not written in {encoding}", why=str(error)[:200]) from error
    if not is_same:
        raise BadInput(f"the file cannot be written again in {encoding} as it was")
    return Markup(text, _tree(text), encoding, bom)


def _encoding(data: bytes) -> tuple[bytes, str]:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return bom, encoding
    for start, encoding in _STARTS:
        if data.startswith(start):
            return b"", encoding
    declared = _DECLARED.match(data)
    return b"", declared[1].decode().lower() if declared else "utf-8"


def _tree(text: bytes) -> Element:
    drawing = _Drawing(text)
    try:
        drawing.parser.Parse(text, True)
    except expat.ExpatError as error:
        what = f"line {error.lineno}: {expat.errors.messages.get(error.code, 'no XML')}"
        raise BadInput(what, next_step="correct the file first") from error
    return drawing.roots[0]


class _Drawing:
    """The tree of places, drawn while the parser walks.

    NOTE: the parser is told UTF-8 whatever the file declares, since the text was decoded before.
    """

    def __init__(self, text: bytes) -> None:
        self.text, self.open, self.roots = text, list[Element](), list[Element]()
        self.parser = expat.ParserCreate("utf-8", namespace_separator="}")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = _refuse

    def _start(self, name: str, _attributes: object) -> None:
        if len(self.open) >= MOST_DEPTH:
            raise BadInput(f"line {self.parser.CurrentLineNumber}: elements too deep in each other")
        at = self.parser.CurrentByteIndex
        element = Element(name.rpartition("}")[2], at, tag_end(self.text, at))
        (self.open[-1].children if self.open else self.roots).append(element)
        self.open.append(element)

    def _end(self, _name: str) -> None:
        element = self.open.pop()
        if self.text[element.inner - 2 : element.inner] == b"/>":
            element.close = element.end = element.inner
            return
        element.close = self.parser.CurrentByteIndex
        element.end = self.text.index(b">", element.close) + 1


def _refuse(*_: object) -> None:
    raise BadInput("the file declares a DOCTYPE", why="Metadata has none; it can hide a bomb.")


def tag_end(text: bytes, at: int) -> int:
    """After the start tag that begins there; a `>` may stand in an attribute's value."""
    quote = 0
    for place in range(at, len(text)):
        letter = text[place]
        if quote:
            quote = 0 if letter == quote else quote
        elif letter in b"\"'":
            quote = letter
        elif letter == ord(">"):
            return place + 1
    raise BadInput("a start tag does not end")


class _Words:
    """What an element says."""

    @staticmethod
    def of(text: bytes) -> str:
        """NOTE: a prefix may be declared further up, so names are not looked at here."""
        words: list[str] = []
        parser = expat.ParserCreate("utf-8")
        parser.CharacterDataHandler = words.append
        parser.Parse(text, True)
        return "".join(words)
