"""Types that the org keeps and gives back as they were deployed, with their defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrant.emulator.metadata import kept
from evergrant.emulator.metadata.document import root_of, with_defaults, without_secrets
from evergrant.emulator.metadata.holders.holder import Change, Holder

if TYPE_CHECKING:
    from evergrant.emulator.metadata.document import Document
    from evergrant.emulator.metadata.shape import MetadataType
    from evergrant.emulator.org import Org


def stored(type_: MetadataType) -> Holder:
    """A holder that only keeps."""
    root = root_of(type_)

    def names(org: Org) -> list[str]:
        return [each.name for each in kept.every(org, type_.name)]

    def read(org: Org, name: str) -> Document | None:
        found = kept.find(org, type_.name, name)
        return None if found is None else with_defaults(root, found.document)

    def write(change: Change) -> None:
        kept.keep(change.org, type_.name, change.name, without_secrets(root, change.document))

    def remove(org: Org, name: str) -> None:
        kept.drop(org, type_.name, name)

    return Holder(names, read, write, remove)
