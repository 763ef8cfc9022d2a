"""Metadata files, alone or in a zip, source or metadata format → components by type and name."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree  # what has a DOCTYPE is refused before it is parsed

from evergrant.evidence.given.document import Document

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
MAX_FILE = 8 << 20
MAX_FILES = 20_000
MAX_UNPACKED = 256 << 20
_SUFFIX = re.compile(r"\.[A-Za-z]+(?:-meta\.xml)?$")
_WANTED = re.compile(
    r"\.(?:connectedApp|blacklistedConsumer|eca|ecaGlblOauth|ecaOauth|ecaOauthPlcy|ecaPlcy|"
    r"ecaOauthSecurity|profile|profileSessionSetting|permissionset|settings)(?:-meta\.xml)?$|(?:^|/)package\.xml$"
)
"""Files of a zip that are read (org-model 1.1)."""


@dataclass(frozen=True, slots=True)
class Component:
    """One component, as its file has it."""

    type: str
    name: str
    root: ElementTree.Element = field(repr=False)

    def text(self, path: str) -> str:
        """The text of an element (`oauthConfig/isAdminApproved`); empty where it is not there."""
        return next(iter(self.texts(path)), "")

    def texts(self, path: str) -> list[str]:
        """The texts of all elements of that path."""
        found = [self.root]
        for step in path.split("/"):
            found = [inner for each in found for inner in each if _local(inner.tag) == step]
        return [(each.text or "").strip() for each in found]

    def has(self, path: str) -> bool:
        """Whether there is such an element."""
        return bool(self.texts(path))

    def flag(self, path: str) -> bool | None:
        """A boolean element; None where it is not there."""
        told = self.text(path).lower()
        return told == "true" if told in ("true", "false") else None


@dataclass(slots=True)
class Retrieved:
    """All components that were read, and what could not be."""

    components: list[Component] = field(default_factory=list)
    skipped: int = 0
    is_cut: bool = False

    def of(self, type_: str) -> list[Component]:
        """The components of one type."""
        return [each for each in self.components if each.type == type_]

    def asked_for(self, type_: str) -> bool:
        """Whether a manifest says that all components of a type were retrieved, so that one that
        is not there does not exist."""
        for manifest in self.of("Package"):
            for types in manifest.root:
                inner = [(_local(each.tag), (each.text or "").strip()) for each in types]
                if ("name", type_) in inner and ("members", "*") in inner:
                    return True
        return False


def is_wanted(path: str) -> bool:
    """Whether a file of that path may tell of an app, a profile or the org's settings."""
    return _WANTED.search(path) is not None


def retrieved(documents: Sequence[Document]) -> Retrieved:
    """The components of all documents together."""
    whole = Retrieved()
    for document in documents:
        for name, data in files(document, whole):
            component = _component(name, data)
            if component is None:
                whole.skipped += 1
            else:
                whole.components.append(component)
    return whole


def files(document: Document, whole: Retrieved) -> Iterator[tuple[str, bytes]]:
    """The files of a document, or of the zip that it is; what is too large is counted, not read."""
    data, is_cut = document.whole()
    whole.is_cut = whole.is_cut or is_cut
    if not data.startswith(b"PK"):
        yield document.name, data[:MAX_FILE]
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from _members(archive, whole)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError):
        # Cut, damaged, or with a pass word.
        whole.skipped += 1


def _members(archive: zipfile.ZipFile, whole: Retrieved) -> Iterator[tuple[str, bytes]]:
    """NOTE: sizes in a zip's directory may lie, so what is unpacked is counted as it comes."""
    room = MAX_UNPACKED
    for info in archive.infolist()[:MAX_FILES]:
        if info.is_dir() or not is_wanted(info.filename):
            continue
        with archive.open(info) as stream:
            data = stream.read(min(MAX_FILE, room) + 1)
        room -= len(data)
        if room <= 0 or len(data) > MAX_FILE:
            whole.skipped += 1
        else:
            yield info.filename, data


def _component(name: str, data: bytes) -> Component | None:
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        return None
    try:
        root = ElementTree.fromstring(data)  # noqa: S314  # no DOCTYPE, so no entities to expand
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    return Component(_local(root.tag), _SUFFIX.sub("", name.rpartition("/")[2]), root)


def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
