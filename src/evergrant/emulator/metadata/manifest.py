"""package.xml and the destructive manifests: which components of which types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from evergrant.emulator.data.call import VERSIONS
from evergrant.emulator.metadata.markup import Malformed, read
from evergrant.emulator.metadata.problems import Refused
from evergrant.emulator.metadata.shape import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrant.emulator.metadata.markup import Node

PACKAGE: Final = "package.xml"
DESTRUCTIVE: Final = (
    "destructiveChangesPre.xml", "destructiveChanges.xml", "destructiveChangesPost.xml",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manifest:
    """The members of each type, in the order in which they were named."""

    types: Mapping[str, tuple[str, ...]]
    version: str
    """Empty where none is named."""


def read_manifest(raw: bytes, file: str) -> Manifest:
    """A manifest's file; raises Refused."""
    try:
        return manifest_of(read(raw))
    except Malformed as error:
        raise Refused("manifest", file=file, why=error.message) from error


def manifest_of(node: Node) -> Manifest:
    """A manifest as it stands in a file or in a retrieve request; raises Refused."""
    types: dict[str, list[str]] = {}
    for each in node.all("types"):
        members = [member.text.strip() for member in each.all("members")]
        types.setdefault(each.word("name"), []).extend(members)
    version = node.word("version")
    if version and version not in VERSIONS:
        raise Refused("unsupported_version", node.first("version"), version=version)
    return Manifest({name: tuple(members) for name, members in types.items()}, version)


def write_manifest(types: Mapping[str, list[str]], version: str) -> bytes:
    """A package.xml as a retrieve puts it into its zip."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<Package xmlns="{NAMESPACE}">']
    for name, members in sorted(types.items()):
        lines += ["    <types>"]
        lines += [f"        <members>{escape(member)}</members>" for member in members]
        lines += [f"        <name>{escape(name)}</name>", "    </types>"]
    lines += [f"    <version>{version}</version>", "</Package>\n"]
    return "\n".join(lines).encode()
