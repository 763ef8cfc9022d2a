"""Parts: what of an integration has to be authorized, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal

import sqlalchemy as sa

from evergrant.errors import BadInput
from evergrant.model import FlowId, Integration
from evergrant.store.engine import Tx
from evergrant.store.prepared import Prepared
from evergrant.store.tables import connection, credential
from evergrant.store.tables import part as table

MAIN: Final = "main"
"""The part that every integration has: the first credential, by the integration's own flow."""


@dataclass(frozen=True, slots=True)
class Part:
    """A credential that we hold, or a step inside the org that evidence revalidates."""

    id: str
    integration: str
    name: str
    kind: Literal["credential", "step"]
    position: int
    label: str = ""
    """What people call it; the name where it is empty."""
    flow: FlowId | Literal[""] = ""
    """How its credential is got; '' for the integration's own flow."""
    scopes: tuple[str, ...] = ()
    """What it asks for; empty for what the integration asks for."""
    waits_for: str = ""
    """The credential part that must be well before this one is used; '' for none."""

    @property
    def title(self) -> str:
        """What people call it."""
        return self.label or self.name

    def view(self, integration: Integration) -> Integration:
        """The integration as this part authorizes with it."""
        app = replace(integration.app, scopes=self.scopes) if self.scopes else integration.app
        return replace(integration, flow=self.flow or integration.flow, app=app)


_OF_PART = tuple(each.name for each in fields(Part))
_OF = Prepared(
    sa.select(*(table.c[name] for name in _OF_PART))
    .where(table.c.integration == sa.bindparam("integration_id", type_=sa.String))
    .order_by(table.c.position)
)


def add(tx: Tx, part: Part) -> None:
    """Remember a part of an integration."""
    tx.execute(sa.insert(table).values(_values(part)))


def of(tx: Tx, integration_id: str) -> Sequence[Part]:
    """The parts of an integration, in the order in which they are authorized."""
    found = _OF.every(tx, integration_id=integration_id)
    return [_read(dict(zip(_OF_PART, cells, strict=True))) for cells in found]


def credentials_of(tx: Tx, integration_id: str) -> list[Part]:
    """Those parts that are credentials, in order; the first is always `MAIN`."""
    return [each for each in of(tx, integration_id) if each.kind == "credential"]


def of_connection(tx: Tx, connection_id: str, name: str) -> Part | None:
    """The part of that name of a connection's integration."""
    joined = table.join(connection, connection.c.integration == table.c.integration)
    wanted = sa.select(table).select_from(joined)
    row = tx.execute(wanted.where(connection.c.id == connection_id, table.c.name == name))
    found = row.one_or_none()
    return _read(dict(found._mapping)) if found else None


def keep(tx: Tx, integration_id: str, wanted: Sequence[Part]) -> None:
    """Put the parts of an integration in place of those before; equal names stay the same part.

    Raises `BadInput` when a part would go of which some connection holds a credential.
    """
    known = {each.name: each for each in of(tx, integration_id)}
    gone = known.keys() - {each.name for each in wanted}
    for name in sorted(gone):
        if count := _held(tx, integration_id, name):
            raise BadInput(
                f"part {name!r} cannot go: {count} connections hold a credential of it",
                next_step="leave it in the file, or remove those connections first",
            )
    tx.execute(sa.delete(table).where(table.c.integration == integration_id))
    for each in wanted:
        same = known.get(each.name, each)
        add(tx, replace(each, id=same.id, integration=integration_id))


def named(part: str) -> dict[str, str]:
    """What an event says of the part that it is about; nothing for `MAIN`."""
    return {} if part == MAIN else {"part": part}


def _held(tx: Tx, integration_id: str, name: str) -> int:
    joined = credential.join(connection, connection.c.id == credential.c.connection)
    wanted = sa.select(sa.func.count(credential.c.connection.distinct())).select_from(joined)
    mine = connection.c.integration == integration_id, credential.c.part == name
    return int(tx.execute(wanted.where(*mine, credential.c.status != "retired")).scalar_one())


def _values(part: Part) -> dict[str, Any]:
    return {each.name: getattr(part, each.name) for each in fields(part)}


def _read(row: Mapping[str, Any]) -> Part:
    return Part(**row)
