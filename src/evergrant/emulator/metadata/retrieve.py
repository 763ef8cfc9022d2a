"""A retrieve: what the org holds, written into a zip as a package; and what there is to list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import state
from evergrant.emulator.metadata import kept
from evergrant.emulator.metadata.archive import pack
from evergrant.emulator.metadata.document import written
from evergrant.emulator.metadata.holders import HOLDERS
from evergrant.emulator.metadata.holders.bound import is_true
from evergrant.emulator.metadata.manifest import PACKAGE, write_manifest
from evergrant.emulator.metadata.package import ALL
from evergrant.emulator.metadata.problems import TEXTS
from evergrant.emulator.metadata.types import TYPES
from evergrant.emulator.objects import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrant.emulator.metadata.manifest import Manifest
    from evergrant.emulator.metadata.shape import MetadataType
    from evergrant.emulator.org import Org

FOLDER: Final = "unpackaged"
NO_ID: Final = "000000000000000AAA"
"""The id of components that have no record."""
_SECRET: Final = frozenset({"consumerSecret"})
_NOBODY: Final[frozenset[str]] = frozenset()

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """The zip of a retrieve, with what stands in it and what could not be found."""

    zip: bytes
    properties: tuple[Json, ...]
    messages: tuple[Json, ...]


def retrieve(org: Org, manifest: Manifest, version: str, permissions: frozenset[str]) -> Found:
    """Write the components that a manifest names, by an API version, for a caller."""
    number = manifest.version or version
    files: dict[str, bytes] = {}
    named: dict[str, list[str]] = {}
    properties: list[Json] = []
    messages: list[Json] = []
    for type_, name in _wanted(org, manifest):
        known = TYPES.get(type_)
        content = None if known is None else _content(org, known, name, float(number), permissions)
        if known is None or content is None:
            messages.append(_missing(type_, name, is_type=known is None))
            continue
        path = f"{FOLDER}/{known.path_of(name)}"
        files[path] = content
        named.setdefault(type_, []).append(name)
        properties.append(_properties(org, known, name, path))
    files[f"{FOLDER}/{PACKAGE}"] = write_manifest(named, number)
    return Found(pack(files), tuple(properties), tuple(messages))


def _wanted(org: Org, manifest: Manifest) -> Iterator[tuple[str, str]]:
    for type_, members in manifest.types.items():
        if type_ not in TYPES:
            yield type_, ""
            continue
        everything = HOLDERS[type_].names(org) if ALL in members else []
        for name in dict.fromkeys([*everything, *members]):
            if name != ALL:
                yield type_, name


def _missing(type_: str, name: str, *, is_type: bool) -> Json:
    key = "unknown_type" if is_type else "not_found"
    words = {"name": type_, "file": PACKAGE} if is_type else {"type": type_, "name": name}
    problem = TEXTS[key].template.format(**words)
    return {"fileName": f"{FOLDER}/{PACKAGE}", "problem": problem}


def _content(
    org: Org, type_: MetadataType, name: str, version: float, permissions: frozenset[str]
) -> bytes | None:
    root = type_.root_of(name)
    document = HOLDERS[type_.name].read(org, name) if name in HOLDERS[type_.name].names(org) else (
        None
    )  # fmt: skip
    if root is None or document is None or type_.since > version:
        return None
    return written(root, document, version, revealed(org, type_, permissions))


def revealed(org: Org, type_: MetadataType, permissions: frozenset[str]) -> frozenset[str]:
    """The secret elements a caller may see: the consumer secret of an external client app.

    That needs the org's opt-in and View External Client App Consumer Secrets in Metadata.
    """
    settings = HOLDERS["Settings"].read(org, "ExternalClientApp") or {}
    is_open = is_true(settings.get("enableConsumerSecretApiAccess", "false"))
    is_eca = type_.name == "ExtlClntAppGlobalOauthSettings"
    return _SECRET if is_eca and is_open and "ViewClientSecret" in permissions else _NOBODY


def listed(org: Org, type_: MetadataType) -> list[Json]:
    """The properties of all components of a type, as listMetadata gives them."""
    return [
        _properties(org, type_, name, type_.path_of(name))
        for name in HOLDERS[type_.name].names(org)
    ]


def _properties(org: Org, type_: MetadataType, name: str, path: str) -> Json:
    """FileProperties; what nobody deployed was made when the org was, by its admin."""
    holder, deployed = HOLDERS[type_.name], kept.find(org, type_.name, name)
    admin = state.noted(org.db, "admin_id")
    row = state.one(org.db, 'SELECT "Name" FROM "User" WHERE "Id" = ?', admin)
    made = state.one(org.db, 'SELECT "CreatedDate" FROM "Organization"')
    begun = made["CreatedDate"] if made is not None else stamp(org.clock.now())
    who = row["Name"] if row is not None else ""
    return {
        "createdById": admin, "createdByName": who,
        "createdDate": iso(deployed.created if deployed else begun),
        "fileName": path, "fullName": name,
        "id": holder.id_of(org, name) if holder.id_of is not None else NO_ID,
        "lastModifiedById": admin, "lastModifiedByName": who,
        "lastModifiedDate": iso(deployed.modified if deployed else begun),
        "manageableState": "unmanaged", "type": type_.name,
    }  # fmt: skip


def iso(stamped: str) -> str:
    """A stored time as XML and JSON of the Metadata API have it: 2026-01-31T10:00:00.000Z."""
    return stamped.replace("+0000", "Z")
