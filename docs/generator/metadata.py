"""The part of the emulator's page that says which metadata types it holds, and which texts."""

from __future__ import annotations

from collections.abc import Iterator

from evergrant.emulator.metadata.holders import HOLDERS
from evergrant.emulator.metadata.holders.settings import OBEYED
from evergrant.emulator.metadata.operations import OPERATIONS
from evergrant.emulator.metadata.problems import TEXTS
from evergrant.emulator.metadata.shape import Element, MetadataType, Root
from evergrant.emulator.metadata.types import TYPES
from generator.markdown import code, table


def parts() -> tuple[str, ...]:
    """Headings and tables, to stand in a page."""
    operations = ", ".join(code(each) for each in OPERATIONS)
    return (
        "## Metadata",
        f"`/services/Soap/m/NN.0` answers {operations}; `/services/data/vNN.0/metadata/"
        "deployRequest` deploys by REST.\nElements that are *obeyed* change what the org does; the "
        "others are kept and given back.\nAn element that its table does not have is refused, "
        "though a newer Salesforce may have it; names of permissions are not checked.\nA session "
        "needs Modify Metadata Through Metadata API Functions, or Modify All Data.",
        table(["type", "file", "elements", "obeyed", "since", "source", "mark"], _types()),
        "### Elements with a rule of their own",
        "Required, with a default, of a later API version, secret, or of an enumeration.",
        table(["type", "element", "type of value", "rule", "since", "mark"], _elements()),
        "### What a deployment is refused with",
        table(["reason", "text", "code", "mark", "source"], _texts()),
    )


def _roots() -> Iterator[tuple[MetadataType, str, Root, frozenset[str]]]:
    """Every root with the name of its component, and the paths that are obeyed."""
    for each in TYPES.values():
        if each.root is not None:
            yield each, each.name, each.root, HOLDERS[each.name].obeyed
        for member, root in each.members.items():
            yield each, f"{each.name}: {member}", root, OBEYED.get(member, frozenset())


def _types() -> Iterator[tuple[object, ...]]:
    for type_, name, root, obeyed in _roots():
        file = f"{type_.folder}/….{type_.suffix}"
        yield (code(name), code(file), len(list(_walk(root.elements))), len(obeyed),
               type_.since or "", root.source, root.mark)  # fmt: skip


def _walk(elements: tuple[Element, ...], above: str = "") -> Iterator[tuple[str, Element]]:
    for each in elements:
        yield f"{above}{each.name}", each
        yield from _walk(each.inner, f"{above}{each.name}/")


def _elements() -> Iterator[tuple[object, ...]]:
    for _, name, root, obeyed in _roots():
        for path, each in _walk(root.elements):
            rules = _rules(each, path in obeyed)
            if rules:
                yield code(name), code(path), _kind(each), rules, each.since or "", each.mark


def _kind(each: Element) -> str:
    kind = ", ".join(each.values) if 0 < len(each.values) <= 6 else each.kind
    return f"{kind}, repeated" if each.is_many else kind


def _rules(each: Element, is_obeyed: bool) -> str:
    rules = {
        "required": each.is_required,
        "secret: taken, never given out": each.is_secret,
        f"default {each.default}": bool(each.default),
        "obeyed": is_obeyed,
    }
    told = [rule for rule, holds in rules.items() if holds]
    return ", ".join(told) or (each.type_name if each.kind == "enum" else "")


def _texts() -> Iterator[tuple[object, ...]]:
    for key, each in TEXTS.items():
        yield code(key), code(each.template), code(each.code), each.mark, each.source
