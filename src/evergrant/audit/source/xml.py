"""One metadata file, parsed safely: its elements by path, each with line and column.

No entity is expanded and nothing is fetched; what declares a document type is refused, since
metadata never does and what follows could not be trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import NamedTuple

from lxml import etree

from evergrant.audit.model import Place, Problem
from evergrant.audit.source.sniff import has_doctype, head_text, unicode_of

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_NAME = re.compile(r"\.[A-Za-z]+(?:-meta)?(?:\.xml)?$")
_ENCODING = re.compile(rb"encoding=[\"']([\w.-]+)[\"']")
_STARTS = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(?=[^/!?])", re.S)
"""Start tags, and what may hold the like of them without being one."""


class Element(NamedTuple):
    """One element: its text, where it starts, what is in it."""

    name: str
    text: str
    line: int
    column: int
    end_column: int
    children: tuple[Element, ...] = ()
    is_nil: bool = False

    def child(self, name: str) -> str:
        """The text of a child; empty where it is not there."""
        return next((each.text for each in self.children if each.name == name), "")


@dataclass(frozen=True)
class Document:
    """A parsed file."""

    type: str
    name: str
    """Full name of the component: the file's name without suffixes."""
    file: str
    root: Element = field(repr=False)

    @cached_property
    def by_path(self) -> Mapping[str, tuple[Element, ...]]:
        """Path (`oauthConfig/scopes`) → elements, in order."""
        found: dict[str, list[Element]] = {}
        for path, element in _walk(self.root, ""):
            found.setdefault(path, []).append(element)
        return {path: tuple(each) for path, each in found.items()}

    def text(self, path: str) -> str:
        """The text of the first element of a path; empty where there is none."""
        found = self.by_path.get(path)
        return found[0].text if found else ""

    def place(self, path: str, element: Element | None = None) -> Place:
        """Where an element starts; its nearest parent where it is not there."""
        known = path
        while element is None and known:
            found = self.by_path.get(known)
            element = found[0] if found else None
            known = known.rpartition("/")[0]
        at = element or self.root
        return Place(self.file, at.line, at.column, at.end_column, path)


def _walk(element: Element, above: str) -> Iterator[tuple[str, Element]]:
    for each in element.children:
        path = f"{above}{each.name}"
        yield path, each
        if each.children:
            yield from _walk(each, f"{path}/")


def decoded(data: bytes) -> str:
    """A file's bytes as text, by its BOM or its declaration."""
    declared = _ENCODING.search(data[:200])
    encoding = unicode_of(data[:4]) or (declared[1].decode() if declared else "utf-8")
    try:
        return data.decode(encoding, "replace").lstrip("\ufeff")
    except LookupError:
        return data.decode("utf-8", "replace")


def component_name(file: str) -> str:
    """A component's full name, from its file's name."""
    return _NAME.sub("", file.replace("!", "/").rpartition("/")[2])


@cache
def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip


def parse(file: str, data: bytes) -> Document | Problem:
    """A file's elements, or what is wrong with it, with the parser's words and line."""
    if has_doctype(head_text(data)):
        return Problem(Place(file, 1), "declares a document type, which metadata never does: "
                       "not read")  # fmt: skip
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        line, column = error.position
        words = str(error.msg).partition(", line ")[0]
        return Problem(Place(file, line or 1, max(column, 0)), f"no well-formed XML: {words}")
    except ValueError as error:
        return Problem(Place(file, 1), f"no well-formed XML: {error}")
    whole = _element(root, _places(decoded(data)))
    return Document(whole.name, component_name(file), file, whole)


Start = tuple[int, int, int]
"""Line, column, and the column after the element's last character in that line."""


def _places(text: str) -> Iterator[Start]:
    """Where each element starts, in the order of the document.

    NOTE: the parser tells no column, and the line in which a start tag ends; so the text is read
    again for its start tags.
    """
    line, begin, done = 1, 0, 0
    for found in _STARTS.finditer(text):
        if len(found[0]) > 1:
            continue
        at = found.start()
        if breaks := text.count("\n", done, at):
            line, begin = line + breaks, text.rfind("\n", 0, at) + 1
        done = at
        yield line, at - begin + 1, _end(text, at) - begin + 1


def _end(text: str, at: int) -> int:
    """The end of the element, or of its line."""
    stop = text.find("\n", at)
    stop = len(text) if stop < 0 else stop
    close = text.find("</", at, stop)
    last = text.find(">", close, stop) if close > 0 else -1
    return last + 1 if last > 0 else len(text[at:stop].rstrip()) + at


def _element(node: etree._Element, places: Iterator[Start]) -> Element:
    line, column, end = next(places, (node.sourceline or 1, 1, 0))
    # A node that is no element stands for an entity that was not expanded.
    children = tuple([_element(each, places) for each in node if isinstance(each.tag, str)])
    text = "" if children else (node.text or "").strip()
    is_nil = bool(node.attrib) and node.get(NIL) in ("true", "1")
    return Element(node.tag.rpartition("}")[2], text, line, column, end, children, is_nil)
