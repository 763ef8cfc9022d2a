"""A package as it was uploaded, and what it asks for, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from evergrant.emulator.metadata.archive import unpack
from evergrant.emulator.metadata.manifest import DESTRUCTIVE, PACKAGE, read_manifest
from evergrant.emulator.metadata.problems import Refused
from evergrant.emulator.metadata.types import ORDER, TYPES, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evergrant.emulator.metadata.manifest import Manifest
    from evergrant.emulator.metadata.shape import MetadataType

ALL: Final = "*"
Phase = Literal["before", "deploy", "after"]
_PHASES: Final[dict[str, Phase]] = {
    "destructiveChangesPre.xml": "before",
    "destructiveChanges.xml": "before",
    "destructiveChangesPost.xml": "after",
}


@dataclass(frozen=True, slots=True)
class Package:
    """The files of one package by their paths in it, with its manifests read."""

    manifest: Manifest
    destructive: Mapping[str, Manifest]
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Write:
    """A component to create or change."""

    type: MetadataType
    name: str
    file: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Remove:
    """A component to delete."""

    type: MetadataType
    name: str
    file: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something in the package that cannot be a step, and why."""

    file: str
    name: str
    why: Refused


Step = Write | Remove | Wrong


def open_package(raw: bytes) -> Package:
    """The package in a zip, at its root or in its only folder; raises Refused."""
    files = unpack(raw)
    roots = sorted(path.removesuffix(PACKAGE) for path in files if _is_manifest(path))
    if not roots:
        raise Refused("no_manifest")
    inside = {path.removeprefix(roots[0]): content for path, content in files.items()
              if path.startswith(roots[0])}  # fmt: skip
    return Package(
        read_manifest(inside.pop(PACKAGE), PACKAGE),
        {name: read_manifest(inside.pop(name), name) for name in DESTRUCTIVE if name in inside},
        inside,
    )


def _is_manifest(path: str) -> bool:
    return path == PACKAGE or (path.count("/") == 1 and path.endswith(f"/{PACKAGE}"))


def steps(package: Package, *, allow_missing: bool) -> list[Step]:
    """Everything the package asks for: deletions, then writes with parents first, then the rest."""
    writes = sorted(_writes(package, allow_missing), key=_order)
    removals: dict[Phase, list[Step]] = {"before": [], "deploy": [], "after": []}
    for file, manifest in package.destructive.items():
        removals[_PHASES[file]] += sorted(_removals(file, manifest), key=_order, reverse=True)
    return [*removals["before"], *writes, *removals["after"]]


def _order(step: Step) -> int:
    return -1 if isinstance(step, Wrong) else ORDER[step.type.name]


def _writes(package: Package, allow_missing: bool) -> Iterator[Step]:
    named = package.manifest.types
    for path, content in package.files.items():
        found = place_of(path)
        if found is None:
            yield Wrong(path, "", Refused("unknown_file", file=path))
        elif not {ALL, found[1]} & set(named.get(found[0].name, ())):
            yield Wrong(path, found[1], Refused("not_in_manifest", file=path))
        else:
            yield Write(found[0], found[1], path, content)
    for type_, members in named.items():
        if type_ not in TYPES:
            yield Wrong(PACKAGE, "", Refused("unknown_type", name=type_, file=PACKAGE))
            continue
        for name in members:
            is_there = name == ALL or TYPES[type_].path_of(name) in package.files
            if not is_there and not allow_missing:
                yield Wrong(PACKAGE, name, Refused("not_in_zip", name=name, type=type_))


def _removals(file: str, manifest: Manifest) -> Iterator[Step]:
    for type_, members in manifest.types.items():
        for name in members:
            if type_ not in TYPES:
                yield Wrong(file, name, Refused("unknown_type", name=type_, file=file))
            elif name == ALL:
                yield Wrong(file, name, Refused("wildcard_delete", file=file))
            else:
                yield Remove(TYPES[type_], name, file)
