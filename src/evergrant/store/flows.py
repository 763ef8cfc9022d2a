"""Flows: browser authorizations in progress, each start link and each state good for one use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict, Unpack

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.parts import MAIN
from evergrant.store.rows import not_found
from evergrant.store.tables import flow as table

Purpose = Literal["connect", "reauthorize", "repair"]
"""A repair's flow authorizes nothing that is kept: an admin lends a session for one change."""
Status = Literal["new", "started", "returned", "done", "refused", "on_hold", "expired", "cancelled"]

LIFETIME = timedelta(minutes=10)
"""How long a person has between the start of a flow and the callback."""

AGAIN: tuple[Status, ...] = ("new", "started", "refused", "expired", "cancelled")
"""Statuses in which a person may try again, or tell what they saw."""

_ENDED: frozenset[Status] = frozenset({"done", "refused", "on_hold", "expired", "cancelled"})


@dataclass(frozen=True, slots=True)
class Flow:
    """A browser authorization in progress; only hashes of what the browser holds are kept."""

    id: str
    integration: str
    purpose: Purpose
    created_at: datetime
    expires_at: datetime
    connection: str = ""
    """'' until it is known."""
    name: str = ""
    login_host: str = ""
    login_hint: str = ""
    force_login: bool = False
    ticket_hash: str = ""
    """Of the single-use start link."""
    state_hash: str = ""
    browser_hash: str = ""
    sealed: bytes | None = field(default=None, repr=False)
    """The PKCE verifier, or an admin's session that was lent; gone when the flow ends."""
    status: Status = "new"
    outcome: Mapping[str, Any] = field(default_factory=dict)
    part: str = MAIN
    """The part that is being authorized; a flow walks through all of them."""


class Changes(TypedDict, total=False):
    """What may change about a flow; what is left out stays as it is."""

    connection: str
    name: str
    login_host: str
    login_hint: str
    force_login: bool
    status: Status
    outcome: Mapping[str, Any]
    expires_at: datetime


def add(tx: Tx, flow: Flow) -> None:
    """Remember a flow."""
    columns = {each.name: getattr(flow, each.name) for each in fields(flow)}
    tx.execute(sa.insert(table).values(columns | {"outcome": dict(flow.outcome)}))


def get(tx: Tx, flow_id: str) -> Flow:
    """The flow with that id.  Raises `NotFound`."""
    found = _find(tx, table.c.id == flow_id)
    if found is None:
        # No near misses: the id of another person's flow is nobody's business.
        raise not_found("flow", flow_id, ())
    return found


def by_ticket(tx: Tx, ticket_hash: str) -> Flow | None:
    """The flow that a start link belongs to, used or not."""
    return _find(tx, table.c.ticket_hash == ticket_hash) if ticket_hash else None


def by_state(tx: Tx, state_hash: str) -> Flow | None:
    """The flow that a state belongs to, used or not: tells a replay from a stranger."""
    return _find(tx, table.c.state_hash == state_hash) if state_hash else None


def start(
    tx: Tx, flow_id: str, now: datetime, *, state_hash: str, browser_hash: str, sealed: bytes
) -> Flow | None:
    """Use up the start link: bind the flow to a browser and give it ten minutes.

    None when it was started before, or is too old: a link is good for one start.
    """
    begun = {
        "state_hash": state_hash,
        "browser_hash": browser_hash,
        "sealed": sealed,
        "status": "started",
        "expires_at": now + LIFETIME,
    }
    return _move(tx, (table.c.id == flow_id, table.c.status == "new"), now, begun)


def take_state(tx: Tx, state_hash: str, now: datetime) -> Flow | None:
    """Use up a state: the flow it belongs to, for the first caller within the time; else None."""
    if not state_hash:
        return None
    waiting = table.c.state_hash == state_hash, table.c.status == "started"
    return _move(tx, waiting, now, {"status": "returned"})


def newest_of(tx: Tx, connection_id: str) -> Flow | None:
    """The flow of a connection that was begun last, ended or not; a repair authorizes nothing."""
    of_it = table.c.connection == connection_id, table.c.purpose != "repair"
    mine = sa.select(table).where(*of_it)
    newest = mine.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(1)
    row = tx.execute(newest).one_or_none()
    return Flow(**row._mapping) if row else None


def begin_again(
    tx: Tx,
    flow_id: str,
    now: datetime,
    *,
    ticket_hash: str,
    login_host: str,
    login_hint: str,
    force_login: bool,
    outcome: Mapping[str, Any],
    among: tuple[Status, ...],
    integration: str = "",
) -> Flow | None:
    """Give a flow another attempt: a new start link, and the one before is of no use any more.

    `integration` is the one whose app is signed in with, where it is another than before.  None
    when its status is not `among` those from which that may be.
    """
    values: dict[str, Any] = {
        "ticket_hash": ticket_hash,
        "login_host": login_host,
        "login_hint": login_hint,
        "force_login": force_login,
        "outcome": outcome,
        "state_hash": "",
        "browser_hash": "",
        "sealed": None,
        "status": "new",
        "expires_at": now + LIFETIME,
    } | ({"integration": integration} if integration else {})
    mine = table.c.id == flow_id, table.c.status.in_(among)
    row = tx.execute(sa.update(table).where(*mine).values(values).returning(table)).one_or_none()
    return Flow(**row._mapping) if row else None


def lend(tx: Tx, flow_id: str, sealed: bytes, until: datetime, outcome: Mapping[str, Any]) -> Flow:
    """Keep a session that was lent to a flow that returned, until a moment."""
    values = {"sealed": sealed, "expires_at": until, "outcome": outcome}
    mine = table.c.id == flow_id, table.c.status == "returned"
    tx.execute(sa.update(table).where(*mine).values(values))
    return get(tx, flow_id)


def go_on(tx: Tx, flow_id: str, part: str, now: datetime, outcome: Mapping[str, Any]) -> Flow:
    """Lead a flow whose part is proven to the next one; its links are of no use any more.

    The browser that came back may look on; a new start link takes its place.
    """
    values = {
        "part": part,
        "outcome": outcome,
        "ticket_hash": "",
        "state_hash": "",
        "sealed": None,
        "status": "new",
        "expires_at": now + LIFETIME,
    }
    mine = table.c.id == flow_id, table.c.status == "returned"
    tx.execute(sa.update(table).where(*mine).values(values))
    return get(tx, flow_id)


def update(tx: Tx, flow_id: str, **changes: Unpack[Changes]) -> Flow:
    """Write only what changed, and return the flow as it is now; an ended flow loses its verifier.

    Raises `NotFound`.
    """
    columns: dict[str, Any] = dict(changes)
    if changes.get("status") in _ENDED:
        columns["sealed"] = None
    if columns:
        tx.execute(sa.update(table).where(table.c.id == flow_id).values(columns))
    return get(tx, flow_id)


def expire(tx: Tx, now: datetime) -> int:
    """End every flow whose time is over; returns how many."""
    over = sa.update(table).where(
        table.c.status.in_(("new", "started", "returned")), table.c.expires_at <= now
    )
    return tx.execute(over.values(status="expired", sealed=None)).rowcount


def _move(
    tx: Tx, waiting: tuple[sa.ColumnElement[bool], ...], now: datetime, values: Mapping[str, Any]
) -> Flow | None:
    # One conditional UPDATE: of two who come at once, one moves the row and the other finds none.
    moved = sa.update(table).where(*waiting, table.c.expires_at > now).values(dict(values))
    row = tx.execute(moved.returning(table)).one_or_none()
    return Flow(**row._mapping) if row else None


def _find(tx: Tx, condition: sa.ColumnElement[bool]) -> Flow | None:
    row = tx.execute(sa.select(table).where(condition)).one_or_none()
    return Flow(**row._mapping) if row else None
