"""Syncs: an integration reports its own work, which proves more than any call of ours.

A success clears the failures before it, closes an incident that waited for it, and names the window
in which nothing was synced, so that a backfill can be asked for.  One that does not come within the
interval that the integration declared raises an alarm, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from evergrant.errors import BadInput
from evergrant.health import WATCHED
from evergrant.keeper.incident import close
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import SYNC, note, tell
from evergrant.model import Connection, Proof, as_json
from evergrant.store import Tx, connections, due, expectations, incidents, syncs
from evergrant.store.syncs import Sync

SUCCEEDED, FAILED, OVERDUE = "sync succeeded", "sync failed", "sync overdue"
MISSED = "missed window"
"""Kinds of events."""
LATE = 1.5
"""A sync is overdue after so many intervals."""
AHEAD = timedelta(minutes=5)
"""A report from the future is a wrong clock; so much is forgiven."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which nothing was synced because the connection was broken."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report came to."""

    connection: Connection
    incident: str
    """Id of the incident that it closed; '' for none."""
    cleared: int
    """How many failures it made a thing of the past."""
    missed: Window | None
    next_by: datetime | None
    """By when the next one is expected."""


def report_sync(
    keeper: Keeper,
    connection_id: str,
    *,
    succeeded: bool,
    at: datetime | None = None,
    detail: str = "",
    records: int = 0,
) -> Reported:
    """Take in that an integration worked with a connection, or failed to.

    Raises `NotFound`, and `BadInput` for a time that is yet to come.
    """
    now = keeper.clock.now()
    when = at or now
    if when > now + AHEAD:
        raise BadInput("the report is of the future", next_step="see to the clock that made it")
    with keeper.writing() as tx:
        connection = connections.get(tx, connection_id)
        last = syncs.last_success(tx, connection.id)
        syncs.add(tx, Sync(connection.id, when, succeeded, detail, records))
        kind = SUCCEEDED if succeeded else FAILED
        note(keeper, tx, connection.id, kind, detail, records=records, at=when)
        next_by = _expect(tx, connection, when)
        if not succeeded:
            return Reported(connection, "", 0, None, next_by)
        cleared = syncs.clear(tx, connection.id, now)
        missed = _missed(keeper, tx, connection, last, when)
        proof = Proof("sync", True, detail or f"{records} records")
        closed = close(keeper, tx, connection.id, (proof,))
        incident = str(closed["id"]) if closed else ""
        return Reported(connection, incident, cleared, missed, next_by)


def sync_errors(keeper: Keeper, connection_id: str) -> list[Sync]:
    """The failures of a connection's syncs that no success has cleared yet, newest first."""
    with keeper.reading() as tx:
        return list(syncs.errors(tx, connections.get(tx, connection_id).id))


def alarm(keeper: Keeper, tx: Tx, connection_id: str) -> None:
    """No sync came in time: told once, until one comes."""
    connection = connections.by_id(tx, connection_id)
    if connection.state not in WATCHED:
        return  # that it is broken was told, and nothing can come
    last = syncs.last_success(tx, connection_id)
    text = f"no sync since {last:%Y-%m-%d %H:%M} UTC" if last else "no sync was ever reported"
    note(keeper, tx, connection_id, OVERDUE, text)
    tell(keeper, tx, connection, "sync overdue", f"{connection.name}: {OVERDUE}", text)


def _expect(tx: Tx, connection: Connection, at: datetime) -> datetime | None:
    minutes = expectations.of(tx, connection.integration).sync_every_min
    if not minutes:
        return None
    by = at + timedelta(minutes=LATE * minutes)
    due.schedule(tx, SYNC, connection.id, by)
    return by


def _missed(
    keeper: Keeper, tx: Tx, connection: Connection, last: datetime | None, at: datetime
) -> Window | None:
    """The window since the last sync, when an incident lies in it."""
    newest = incidents.of(tx, connection.id, limit=1)
    if not newest or (last is not None and newest[0].opened_at <= last):
        return None
    window = Window(last or newest[0].opened_at, at)
    text = f"{window.since:%Y-%m-%d %H:%M} to {window.until:%Y-%m-%d %H:%M} UTC"
    told = as_json(window)
    note(keeper, tx, connection.id, MISSED, text, incident=newest[0].id, **told)
    return window
