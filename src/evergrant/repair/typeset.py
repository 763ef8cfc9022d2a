"""Writing in somebody's file as they write: indentation, line ends, prefixes and comments kept.

A new element is written as its neighbours are, at its place by name where they stand so (as
Salesforce writes them).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

from evergrant.errors import BadInput
from evergrant.repair.markup import Element, Markup

Value = str | tuple[tuple[str, str], ...]
"""What an element holds: words, or elements with words."""
_COMMENTS = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)
_SAME_LINE = re.compile(rb"(?:[ \t]*<!--[^\r\n]*?-->)+")
_TAG = re.compile(rb"<([^\s/>]+)")
_UNIT = b"    "
"""What Salesforce indents by."""


def reworded(markup: Markup, element: Element, value: str) -> Markup:
    """The file with other words in an element; comments in it stay.

    Raises `BadInput` where it holds elements.
    """
    if element.children:
        raise BadInput(f"{element.name} holds elements, where words were expected")
    text, words = markup.text, escape(value).encode()
    if element.inner == element.end:
        return replaced(markup, element.start, element.end, _filled(text, element, words))
    runs = _runs(text, element)
    for start, end in reversed(runs[1:]):
        markup = replaced(markup, start, end, b"")
    return replaced(markup, *runs[0], words)


def _runs(text: bytes, element: Element) -> list[tuple[int, int]]:
    """Where the words stand, without the blanks around them: comments may part them."""
    place, runs = element.inner, list[tuple[int, int]]()
    for found in _COMMENTS.finditer(text[element.inner : element.close]):
        runs.append((place, element.inner + found.start()))
        place = element.inner + found.end()
        if found[0].startswith(b"<![CDATA["):
            runs.append((element.inner + found.start(), place))
    runs.append((place, element.close))
    told = [each for each in (_stripped(text, *run) for run in runs) if each[0] < each[1]]
    return told or [(element.inner, element.inner)]


def _stripped(text: bytes, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    before = len(piece) - len(piece.lstrip())
    return start + before, max(start + before, start + len(piece.rstrip()))


def inserted(markup: Markup, parent: Element, name: str, value: Value) -> Markup:
    """The file with one more element in a parent."""
    text, style = markup.text, _Style.of(markup, parent)
    fragment = style.line + style.fragment(name, value)
    if parent.inner == parent.end:
        whole = _filled(text, parent, fragment + style.outer_line)
        return replaced(markup, parent.start, parent.end, whole)
    if (before := _predecessor(parent, name)) is not None:
        at = before.end + len(_matched(text, before.end))
    elif parent.children:
        at = parent.inner + len(_matched(text, parent.inner))
    else:
        at = parent.inner + len(text[parent.inner : parent.close].rstrip())
        fragment += b"" if text[at : parent.close] else style.outer_line
    return replaced(markup, at, at, fragment)


def _matched(text: bytes, at: int) -> bytes:
    """The comments that belong to a line whose element ended."""
    found = _SAME_LINE.match(text, at)
    return found[0] if found else b""


def _predecessor(parent: Element, name: str) -> Element | None:
    """After which element the new one stands; None for the place before all."""
    names = [each.name for each in parent.children]
    same = [each for each in parent.children if each.name == name]
    if same:
        return same[-1]
    if not all(first <= second for first, second in pairwise(names)):
        return parent.children[-1]
    earlier = [each for each in parent.children if each.name < name]
    return earlier[-1] if earlier else None


def _filled(text: bytes, element: Element, inner: bytes) -> bytes:
    """An element that was one tag, opened around something."""
    tag = text[element.start : element.inner]
    raw = _raw_name(text, element)
    return tag[:-2].rstrip() + b">" + inner + b"</" + raw + b">"


def _raw_name(text: bytes, element: Element) -> bytes:
    found = _TAG.match(text, element.start)
    if found is None:
        raise AssertionError("an element begins with its tag")
    return found[1]


@dataclass(frozen=True, slots=True)
class _Style:
    """How elements inside a parent are written."""

    line: bytes
    """What stands before one of them: a line end and its indentation, or nothing."""
    outer_line: bytes
    """What stands before the parent's end tag."""
    unit: bytes
    prefix: bytes

    @classmethod
    def of(cls, markup: Markup, parent: Element) -> _Style:
        text = markup.text
        prefix, colon, _ = _raw_name(text, parent).rpartition(b":")
        own, inner = _line_before(text, parent), _inner_line(text, parent)
        if inner is None and not (parent.children or _is_on_one_line(markup)):
            own = _end_of_line(text) if parent is markup.root else own
            inner = own + _unit(markup) if own is not None else None
        return cls(inner or b"", own or b"" if inner else b"", _unit(markup), prefix + colon)

    def fragment(self, name: str, value: Value) -> bytes:
        tag = self.prefix + name.encode()
        if isinstance(value, str):
            return b"<" + tag + b">" + escape(value).encode() + b"</" + tag + b">"
        deeper = self.line + self.unit if self.line else b""
        inner = b"".join(deeper + self.fragment(*each) for each in value)
        return b"<" + tag + b">" + inner + self.line + b"</" + tag + b">"


def _line_before(text: bytes, element: Element) -> bytes | None:
    """The line end and indentation before an element; None where it does not begin its line."""
    place = element.start
    while place and text[place - 1 : place] in (b" ", b"\t"):
        place -= 1
    if text[place - 1 : place] != b"\n":
        return None
    first = place - 2 if text[place - 2 : place] == b"\r\n" else place - 1
    return text[first : element.start]


def _inner_line(text: bytes, parent: Element) -> bytes | None:
    found = (_line_before(text, each) for each in parent.children)
    return next((each for each in found if each is not None), None)


def _is_on_one_line(markup: Markup) -> bool:
    """Whether the whole file has its elements in one line."""
    return bool(markup.root.children) and _inner_line(markup.text, markup.root) is None


def _unit(markup: Markup) -> bytes:
    line = _inner_line(markup.text, markup.root)
    return (line or b"").lstrip(b"\r\n") or _UNIT


def _end_of_line(text: bytes) -> bytes:
    return b"\r\n" if b"\r\n" in text else b"\n"


def taken_out(markup: Markup, element: Element) -> Markup:
    """The file without an element, and without its line where it had one for itself."""
    line = _line_before(markup.text, element)
    is_alone = line is not None and _ends_line(markup.text, element.end)
    start = element.start - len(line) if is_alone and line else element.start
    return replaced(markup, start, element.end, b"")


def _ends_line(text: bytes, at: int) -> bool:
    rest = text[at:].lstrip(b" \t")
    return rest.startswith((b"\r\n", b"\n"))


def replaced(markup: Markup, start: int, end: int, by: bytes) -> Markup:
    """The file with other bytes in one place."""
    return markup.with_text(markup.text[:start] + by + markup.text[end:])
