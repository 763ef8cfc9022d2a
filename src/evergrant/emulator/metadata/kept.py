"""What was deployed and has no other place in the org: documents, and names given to components."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrant.emulator import state
from evergrant.emulator.objects import stamp

if TYPE_CHECKING:
    from sqlite3 import Row

    from evergrant.emulator.metadata.document import Document
    from evergrant.emulator.org import Org


@dataclass(frozen=True, slots=True)
class Kept:
    """One component that was deployed."""

    name: str
    owner: str
    """The id of the record it belongs to, where it belongs to one."""
    document: Document
    created: str
    modified: str


def keep(org: Org, type_: str, name: str, document: Document, owner: str = "") -> None:
    """Keep a component's document; secrets must have been taken out."""
    now, before = stamp(org.clock.now()), find(org, type_, name)
    state.put(
        org.db, "x_metadata", type=type_, name=name, owner=owner, body=json.dumps(document),
        created=before.created if before else now, modified=now,
    )  # fmt: skip


def find(org: Org, type_: str, name: str) -> Kept | None:
    """A component by its full name."""
    row = state.one(org.db, "SELECT * FROM x_metadata WHERE type = ? AND name = ?", type_, name)
    return None if row is None else _kept(row)


def owned(org: Org, type_: str, owner: str) -> Kept | None:
    """The component of a type that belongs to a record."""
    row = state.one(org.db, "SELECT * FROM x_metadata WHERE type = ? AND owner = ?", type_, owner)
    return None if row is None else _kept(row)


def every(org: Org, type_: str) -> list[Kept]:
    """All components of a type that were deployed."""
    rows = state.every(org.db, "SELECT * FROM x_metadata WHERE type = ? ORDER BY name", type_)
    return [_kept(row) for row in rows]


def drop(org: Org, type_: str, name: str) -> None:
    """Forget a component."""
    org.db.execute("DELETE FROM x_metadata WHERE type = ? AND name = ?", (type_, name))


def _kept(row: Row) -> Kept:
    return Kept(row["name"], row["owner"], json.loads(row["body"]), row["created"], row["modified"])
