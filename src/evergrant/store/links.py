"""Reconnect links: what was sent to whom is not known here, only for which connection and until
when; the word in the link is signed and never stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.rows import not_found
from evergrant.store.tables import reconnect_link as table


@dataclass(frozen=True, slots=True)
class Link:
    """One link for one connection."""

    id: str
    connection: str
    made_at: datetime
    expires_at: datetime
    opened_at: datetime | None = None
    """When a browser first came with it."""
    revoked_at: datetime | None = None
    flow: str = ""
    """The flow that is walked through it; '' until one is."""


def add(tx: Tx, link: Link) -> None:
    """Remember a link."""
    tx.execute(sa.insert(table).values({each.name: getattr(link, each.name) for each in _FIELDS}))


def find(tx: Tx, link_id: str) -> Link | None:
    """The link with that id."""
    return _one(tx, table.c.id == link_id)


def get(tx: Tx, link_id: str) -> Link:
    """The link with that id.  Raises `NotFound`."""
    found = find(tx, link_id)
    if found is None:
        raise not_found("reconnect link", link_id, ())
    return found


def of_flow(tx: Tx, flow_id: str) -> Sequence[Link]:
    """The links through which a flow is walked."""
    return _many(tx, table.c.flow == flow_id) if flow_id else []


def of_connection(tx: Tx, connection_id: str) -> Sequence[Link]:
    """Every link of a connection, newest first."""
    return _many(tx, table.c.connection == connection_id)


def every(tx: Tx) -> Sequence[Link]:
    """Every link, newest first."""
    return _many(tx)


def opened(tx: Tx, link_id: str, now: datetime) -> bool:
    """Write down that a browser came with it; False when one had come before."""
    first = sa.update(table).where(table.c.id == link_id, table.c.opened_at.is_(None))
    return bool(tx.execute(first.values(opened_at=now)).rowcount)


def revoke(tx: Tx, link_id: str, now: datetime) -> bool:
    """Make it worth nothing; False when it was revoked before."""
    live = sa.update(table).where(table.c.id == link_id, table.c.revoked_at.is_(None))
    return bool(tx.execute(live.values(revoked_at=now)).rowcount)


def walk(tx: Tx, link_id: str, flow_id: str) -> None:
    """Write down which flow is walked through it."""
    tx.execute(sa.update(table).where(table.c.id == link_id).values(flow=flow_id))


_FIELDS = fields(Link)


def _one(tx: Tx, condition: sa.ColumnElement[bool]) -> Link | None:
    row = tx.execute(sa.select(table).where(condition)).one_or_none()
    return Link(**row._mapping) if row else None


def _many(tx: Tx, *conditions: sa.ColumnElement[bool]) -> Sequence[Link]:
    wanted = sa.select(table).where(*conditions).order_by(table.c.made_at.desc(), table.c.id)
    return [Link(**row._mapping) for row in tx.execute(wanted)]
