"""How the org holds the components of a type: listed, read, written, removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from evergrant.emulator.metadata.document import Document
    from evergrant.emulator.org import Org


@dataclass(frozen=True, slots=True)
class Change:
    """One component that is to be deployed: where to, under which name, with which words."""

    org: Org
    name: str
    document: Document
    ignore_warnings: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """The four verbs of one type; all but `names` take a full name."""

    names: Callable[[Org], list[str]]
    read: Callable[[Org, str], Document | None]
    """The component as it is now, secrets included; None where there is none."""
    write: Callable[[Change], None]
    """Create or change it; raises problems.Refused."""
    remove: Callable[[Org, str], None] | None = None
    """Delete it; None for what cannot be deleted."""
    id_of: Callable[[Org, str], str] | None = None
    """The id of the record behind it; None for types without records."""
    obeyed: frozenset[str] = frozenset()
    """Paths of elements that change what the org does; the others are kept and given back."""
