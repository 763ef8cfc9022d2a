"""Syncs: an integration reports its own work, which proves more than any call of ours.

A success clears the failures before it, closes an incident that waited for it, and names the window
in which nothing was synced, so that a backfill can be asked for.  Where none succeeds within the
interval that the integration declared, since the last one or since it could work with the
connection, an alarm is raised, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from evergrant.errors import BadInput
from evergrant.health import WORKING
from evergrant.keeper.awaiting import awaited_by, patience, wait_on
from evergrant.keeper.incident import close
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import note, tell
from evergrant.model import Connection, Proof, as_json
from evergrant.store import Tx, connections, incidents, syncs
from evergrant.store.syncs import Sync

SUCCEEDED, FAILED, OVERDUE = "sync succeeded", "sync failed", "sync overdue"
MISSED = "missed window"
"""Kinds of events."""
AHEAD = timedelta(minutes=5)
"""A report from the future is a wrong clock; so much is forgiven."""
LATEST = timedelta(days=366)
"""What is older than that is no report but a wrong clock, too."""


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
    """By when the next one is expected; None where none is, and while one is overdue."""


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

    Reports may come late and in any order: each says something of its own time only.
    Raises `NotFound`, and `BadInput` for a time that is yet to come, or longer ago than a year.
    """
    now = keeper.clock.now()
    when = at or now
    _require_sane(when, now)
    with keeper.writing() as tx:
        connection = connections.get(tx, connection_id)
        last = syncs.last_success(tx, connection.id)
        syncs.add(tx, Sync(connection.id, when, succeeded, detail, records))
        kind = SUCCEEDED if succeeded else FAILED
        note(keeper, tx, connection.id, kind, detail, records=records, at=when)
        if not succeeded:
            return Reported(connection, "", 0, None, awaited_by(tx, connection.id))
        next_by = wait_on(tx, connection, max(when, last or when), now)
        cleared = syncs.clear(tx, connection.id, when, now)
        missed = _missed(keeper, tx, connection, last, when)
        proof = Proof("sync", True, detail or f"{records} records")
        incident = _proven(keeper, tx, connection, proof, when)
        return Reported(connection, incident, cleared, missed, next_by)


def _require_sane(when: datetime, now: datetime) -> None:
    if not now - LATEST < when <= now + AHEAD:
        said = "of the future" if when > now else "more than a year old"
        raise BadInput(f"the report is {said}", next_step="see to the clock that made it")


def _proven(keeper: Keeper, tx: Tx, connection: Connection, proof: Proof, when: datetime) -> str:
    """Id of the incident that a success closes; one that is older than the break proves nothing."""
    incident = incidents.open_for(tx, connection.id)
    if incident is None or when < incident.opened_at:
        return ""
    closed = close(keeper, tx, connection.id, (proof,))
    return str(closed["id"]) if closed else ""


def sync_errors(keeper: Keeper, connection_id: str) -> list[Sync]:
    """The failures of a connection's syncs that no success has cleared yet, newest first."""
    with keeper.reading() as tx:
        return list(syncs.errors(tx, connections.get(tx, connection_id).id))


def alarm(keeper: Keeper, tx: Tx, connection_id: str) -> None:
    """No sync came in time: told once, until one comes."""
    connection = connections.by_id(tx, connection_id)
    if connection.state not in WORKING or patience(tx, connection.integration) is None:
        return  # that it is broken was told, and nothing can come; or nobody expects one any more
    last = syncs.last_success(tx, connection_id)
    text = f"no sync since {last:%Y-%m-%d %H:%M} UTC" if last else "no sync was ever reported"
    note(keeper, tx, connection_id, OVERDUE, text)
    tell(keeper, tx, connection, "sync overdue", f"{connection.name}: {OVERDUE}", text)


def _missed(
    keeper: Keeper, tx: Tx, connection: Connection, last: datetime | None, at: datetime
) -> Window | None:
    """The window since the last sync, when the connection broke within it."""
    known = incidents.of(tx, connection.id)
    newest = next((each for each in known if each.opened_at <= at), None)
    if newest is None or (last is not None and newest.opened_at <= last):
        return None
    window = Window(last or newest.opened_at, at)
    text = f"{window.since:%Y-%m-%d %H:%M} to {window.until:%Y-%m-%d %H:%M} UTC"
    told = as_json(window)
    note(keeper, tx, connection.id, MISSED, text, incident=newest.id, **told)
    return window
