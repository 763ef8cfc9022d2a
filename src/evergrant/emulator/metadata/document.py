"""Documents: what a component's file says, checked against its table, and written again.

A document is a dictionary of element names; its values are words, documents, or lists of them
where an element repeats. It can be stored as JSON.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from evergrant.emulator.metadata.problems import Refused
from evergrant.emulator.metadata.shape import NAMESPACE, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrant.emulator.metadata.markup import Node
    from evergrant.emulator.metadata.shape import Element, MetadataType, Root

Document = dict[str, Any]
TRUE: Final = ("true", "1")
_BOOLEAN: Final = frozenset({"true", "false", "1", "0"})
_FULL_NAME: Final = text("fullName")
"""Files may repeat the name that their path says; it is passed over."""
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,10}")
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def root_of(type_: MetadataType) -> Root:
    """The root of a type that has only one."""
    if type_.root is None:
        raise AssertionError(f"the files of {type_.name} have several roots")
    return type_.root


def checked(root: Root, node: Node, version: float) -> Document:
    """The document of a file as an API version knows it; raises Refused at its first mistake."""
    known = {**root.by_name, _FULL_NAME.name: _FULL_NAME}
    found = _inside(root.name, known, node, version)
    found.pop(_FULL_NAME.name, None)
    return found


def _inside(type_: str, known: dict[str, Element], node: Node, version: float) -> Document:
    found: Document = {}
    for child in node.children:
        element = known.get(child.name) if child.space == NAMESPACE else None
        words = {"name": child.name, "type": type_, "space": child.space}
        if element is None:
            raise Refused("element", child, **words)
        if element.since > version:
            raise Refused("version", child, name=child.name, version=f"{version:.1f}")
        if child.name in found and not element.is_many:
            raise Refused("twice", child, **words)
        if not child.is_nil:
            _take(found, element, _value(element, child, version))
    missing = next((e.name for e in known.values() if e.is_required and e.name not in found), None)
    if missing is not None:
        raise Refused("required", node, name=missing)
    return found


def _take(found: Document, element: Element, value: object) -> None:
    if element.is_many:
        found.setdefault(element.name, []).append(value)
    else:
        found[element.name] = value


def _value(element: Element, node: Node, version: float) -> object:
    if element.kind == "group":
        return _inside(element.type_name, element.by_name, node, version)
    if node.children:
        inner = node.children[0]
        raise Refused("element", inner, space=inner.space, name=inner.name, type=element.name)
    value = node.text.strip()
    if element.is_required and not value:
        raise Refused("required", node, name=element.name)
    if element.kind == "enum" and value not in element.values:
        raise Refused("enum", node, value=value, enum=element.type_name)
    if element.kind == "boolean" and value not in _BOOLEAN:
        raise Refused("value", node, value=value, kind="boolean")
    if element.kind == "integer" and not _INTEGER.fullmatch(value):
        raise Refused("value", node, value=value, kind="int")
    return value


def written(
    root: Root, document: Document, version: float, revealed: frozenset[str] = frozenset()
) -> bytes:
    """The file of a document: elements by name, four spaces a level, secrets left out.

    `revealed` names the secret elements that the caller may see.
    """
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<{root.name} xmlns="{NAMESPACE}">',
        *inner_lines(root, document, version, revealed),
        f"</{root.name}>\n",
    ]
    return "\n".join(lines).encode()


def inner_lines(
    root: Root, document: Document, version: float, revealed: frozenset[str] = frozenset()
) -> Iterator[str]:
    """The elements of a document, without its root."""
    return _lines(root.by_name, document, version, revealed, "    ")


def _lines(
    known: dict[str, Element], document: Document, version: float, revealed: frozenset[str],
    indent: str,
) -> Iterator[str]:  # fmt: skip
    for name in sorted(document):
        element = known[name]
        if element.since > version or (element.is_secret and name not in revealed):
            continue
        for value in document[name] if element.is_many else [document[name]]:
            if element.kind == "group":
                yield f"{indent}<{name}>"
                yield from _lines(element.by_name, value, version, revealed, f"{indent}    ")
                yield f"{indent}</{name}>"
            else:
                yield f"{indent}<{name}>{escape(_NOT_XML.sub('', value))}</{name}>"


def get(document: Document, path: str) -> Any:
    """What stands at a path such as oauthConfig/scopes; None where nothing does."""
    found: Any = document
    for name in path.split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def put(document: Document, path: str, value: Any) -> None:
    """Set what stands at a path; None takes it away, and with it groups that were left empty."""
    name, _, below = path.partition("/")
    if value is not None:
        if below:
            put(document.setdefault(name, {}), below, value)
        else:
            document[name] = value
    elif name in document:
        if below:
            put(document[name], below, None)
        if not below or not document[name]:
            del document[name]


def without_secrets(root: Root, document: Document) -> Document:
    """The document as it may be kept: no word in it that a retrieve would not give out."""
    return _bare(root.by_name, document)


def _bare(known: dict[str, Element], document: Document) -> Document:
    kept = {name: value for name, value in document.items() if not known[name].is_secret}
    for name, value in kept.items():
        element = known[name]
        if element.kind == "group":
            several = value if element.is_many else [value]
            bare = [_bare(element.by_name, each) for each in several]
            kept[name] = bare if element.is_many else bare[0]
    return kept


def with_defaults(root: Root, document: Document) -> Document:
    """The document with what the org holds where nothing was deployed."""
    defaults = {each.name: each.default for each in root.elements if each.default}
    return {**defaults, **document}
