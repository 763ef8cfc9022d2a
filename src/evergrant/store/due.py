"""Due work, and leases on it.

A row is one kind of work for one connection.  Whoever claims it holds a lease: an owner, an end,
and a *fencing generation* that only ever grows, so that a worker who slept through the end of its
lease can neither finish nor postpone what somebody else has taken over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.tables import due as table

LEASE = timedelta(seconds=60)
"""How long a lease lasts; three times the longest token request, so that it ends inside."""


@dataclass(frozen=True, slots=True)
class Due:
    """A lease on one piece of work."""

    kind: str
    connection: str
    at: datetime | None
    """When it was due; None when it was taken without having been scheduled."""
    owner: str
    leased_until: datetime
    generation: int
    left_by: str = ""
    """The owner before, when its lease ran out: it may have died after sending."""


def schedule(tx: Tx, kind: str, connection_id: str, at: datetime) -> None:
    """Make work due at a time, in place of the time before; a lease on it goes on."""
    if tx.execute(sa.update(table).where(*_key(kind, connection_id)).values(at=at)).rowcount:
        return
    tx.execute(
        sa.insert(table).values(
            kind=kind, connection=connection_id, at=at, owner="", leased_until=None, generation=0
        )
    )


def claim(
    tx: Tx,
    now: datetime,
    *,
    owner: str,
    lease: timedelta = LEASE,
    limit: int = 10,
    kinds: tuple[str, ...] = (),
) -> Sequence[Due]:
    """Take leases on what is due and free, longest overdue first; of these kinds when given."""
    wanted = sa.select(table).where(table.c.at <= now, _free(now))
    if kinds:
        wanted = wanted.where(table.c.kind.in_(kinds))
    rows = tx.execute(wanted.order_by(table.c.at).limit(limit).with_for_update(skip_locked=True))
    return [_lease(tx, row, owner, now + lease) for row in rows.all()]


def take(
    tx: Tx, kind: str, connection_id: str, now: datetime, *, owner: str, lease: timedelta = LEASE
) -> Due | None:
    """Take the lease on one piece of work, due or not; None while somebody else holds it."""
    wanted = sa.select(table).where(*_key(kind, connection_id)).with_for_update()
    row = tx.execute(wanted).one_or_none()
    if row is None:
        fresh = {"at": None, "owner": "", "leased_until": None, "generation": 0}
        tx.execute(sa.insert(table).values(kind=kind, connection=connection_id, **fresh))
        row = tx.execute(wanted).one()
    if row.leased_until is not None and row.leased_until > now:
        return None
    return _lease(tx, row, owner, now + lease)


def done(tx: Tx, due: Due) -> bool:
    """Give the lease back with the work done; False when it was no longer ours.

    Work that was scheduled anew in the meantime stays due.
    """
    stays = sa.case((table.c.at == due.at, sa.null()), else_=table.c.at)
    return _if_mine(tx, due, at=stays, owner="", leased_until=None)


def postpone(tx: Tx, due: Due, at: datetime) -> bool:
    """Give the lease back with the work left for later; False when it was no longer ours."""
    return _if_mine(tx, due, at=at, owner="", leased_until=None)


def drop(tx: Tx, connection_id: str) -> None:
    """Forget all work of a connection; who is at it can no longer finish it."""
    gone = {"at": None, "owner": "", "leased_until": None, "generation": table.c.generation + 1}
    tx.execute(sa.update(table).where(table.c.connection == connection_id).values(gone))


def times(tx: Tx, connection_id: str) -> dict[str, datetime]:
    """What is due for a connection, and when."""
    wanted = sa.select(table.c.kind, table.c.at).where(table.c.connection == connection_id)
    return {row.kind: row.at for row in tx.execute(wanted.where(table.c.at.is_not(None)))}


def _key(kind: str, connection_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.kind == kind, table.c.connection == connection_id


def _free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(table.c.leased_until.is_(None), table.c.leased_until <= now)


def _lease(tx: Tx, row: sa.Row[Any], owner: str, until: datetime) -> Due:
    taken = Due(row.kind, row.connection, row.at, owner, until, row.generation + 1, row.owner)
    values = {"owner": owner, "leased_until": until, "generation": taken.generation}
    tx.execute(sa.update(table).where(*_key(row.kind, row.connection)).values(values))
    return taken


def _if_mine(tx: Tx, due: Due, **values: Any) -> bool:
    mine = (*_key(due.kind, due.connection), table.c.generation == due.generation)
    return bool(tx.execute(sa.update(table).where(*mine).values(**values)).rowcount)
