"""Waiting for syncs: by when an integration should have worked with a connection."""

from __future__ import annotations

from datetime import datetime, timedelta

from evergrant.model import Connection
from evergrant.store import Tx, due, expectations

SYNC = "sync"
"""Kind of the due rows at whose time a sync is overdue."""
LATE = 1.5
"""A sync is overdue after so many intervals."""


def patience(tx: Tx, integration: str) -> timedelta | None:
    """How long after a sync the next one is overdue; None where none is expected."""
    minutes = expectations.of(tx, integration).sync_every_min
    return timedelta(minutes=LATE * minutes) if minutes else None


def begin_to_wait(tx: Tx, connection: Connection, now: datetime) -> None:
    """From now on the connection can be worked with: its first sync has the time of every next."""
    if wait := patience(tx, connection.integration):
        due.schedule(tx, SYNC, connection.id, now + wait)


def wait_on(tx: Tx, connection: Connection, last: datetime, now: datetime) -> datetime | None:
    """Wait for the sync after the last one that succeeded.

    Returns by when it is expected; None where none is, and where it is overdue already.  What
    another reason gave more time keeps it.
    """
    wait = patience(tx, connection.integration)
    if wait is None:
        return None
    by = max(last + wait, awaited_by(tx, connection.id) or last + wait)
    if by <= now:
        return None
    due.schedule(tx, SYNC, connection.id, by)
    return by


def awaited_by(tx: Tx, connection_id: str) -> datetime | None:
    """By when a sync is expected; None where none is, and once it was told that none came."""
    return due.at(tx, SYNC, connection_id)
