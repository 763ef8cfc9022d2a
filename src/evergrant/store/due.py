"""Due work, and leases on it.

A row is one kind of work for one connection.  Whoever claims it holds a lease: an owner, an end,
and a *fencing generation* that only ever grows, so that a worker who slept through the end of its
lease can neither finish nor postpone what somebody else has taken over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.prepared import Prepared
from evergrant.store.tables import due as table
from evergrant.store.upsert import put

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


_AT = table.c.at.type
_MINE = (
    table.c.kind == sa.bindparam("which_kind", type_=sa.String),
    table.c.connection == sa.bindparam("whose", type_=sa.String),
)
_TAKE = Prepared(sa.select(table).where(*_MINE).with_for_update())
_NEXT = Prepared(
    sa.select(table)
    .where(
        table.c.kind == sa.bindparam("which_kind", type_=sa.String),
        table.c.at <= sa.bindparam("now", type_=_AT),
        sa.or_(
            table.c.leased_until.is_(None),
            table.c.leased_until <= sa.bindparam("now", type_=_AT),
        ),
    )
    .order_by(table.c.at)
    .limit(sa.literal_column("1"))
    .with_for_update(skip_locked=True)
)
_LEASE = Prepared(
    sa.update(table)
    .where(*_MINE)
    .values(
        owner=sa.bindparam("who", type_=sa.String),
        leased_until=sa.bindparam("until", type_=_AT),
        generation=sa.bindparam("number", type_=sa.Integer),
    )
)
_MOVE = Prepared(sa.update(table).where(*_MINE).values(at=sa.bindparam("new_at", type_=_AT)))
_DONE = Prepared(
    sa.update(table)
    .where(*_MINE, table.c.generation == sa.bindparam("mine", type_=sa.Integer))
    .values(
        at=sa.case((table.c.at == sa.bindparam("was_at", type_=_AT), sa.null()), else_=table.c.at),
        owner=sa.literal_column("''"),
        leased_until=sa.null(),
    )
)
_AT_OF = Prepared(sa.select(table.c.at).where(*_MINE))
_NOBODY: Mapping[str, Any] = {"owner": "", "leased_until": None, "generation": 0}


def schedule(tx: Tx, kind: str, connection_id: str, at: datetime) -> None:
    """Make work due at a time, in place of the time before; a lease on it goes on."""
    if _MOVE.run(tx, which_kind=kind, whose=connection_id, new_at=at):
        return
    key = {"kind": kind, "connection": connection_id}
    put(tx, table, key, new={"at": at, **_NOBODY}, changed={"at": at})


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
    return [_lease(tx, dict(row._mapping), owner, now + lease) for row in rows.all()]


def claim_next(
    tx: Tx, kind: str, now: datetime, *, owner: str, lease: timedelta = LEASE
) -> Due | None:
    """Take the lease on what of a kind is longest overdue and free; None when nothing is due."""
    row = _NEXT.one(tx, which_kind=kind, now=now)
    return _lease(tx, row, owner, now + lease) if row else None


def waiting(tx: Tx, now: datetime, *, kinds: tuple[str, ...] = (), at_most: int = 1_000_000) -> int:
    """How much is due and free, counted up to a number that is enough."""
    wanted = sa.select(sa.literal(1)).select_from(table).where(table.c.at <= now, _free(now))
    if kinds:
        wanted = wanted.where(table.c.kind.in_(kinds))
    counted = sa.select(sa.func.count()).select_from(wanted.limit(at_most).subquery())
    return int(tx.execute(counted).scalar_one())


def take(
    tx: Tx, kind: str, connection_id: str, now: datetime, *, owner: str, lease: timedelta = LEASE
) -> Due | None:
    """Take the lease on one piece of work, due or not; None while somebody else holds it."""
    row = _TAKE.one(tx, which_kind=kind, whose=connection_id)
    if row is None:
        key = {"kind": kind, "connection": connection_id}
        put(tx, table, key, new={"at": None, **_NOBODY}, changed={})
        row = _TAKE.one(tx, which_kind=kind, whose=connection_id)
    if row is None or (row["leased_until"] is not None and row["leased_until"] > now):
        return None
    return _lease(tx, row, owner, now + lease)


def lengthen(tx: Tx, leases: Iterable[Due], until: datetime) -> None:
    """Lengthen the leases that are still good: their holders live."""
    mine = sa.tuple_(table.c.kind, table.c.connection, table.c.generation)
    keys = [(each.kind, each.connection, each.generation) for each in leases]
    tx.execute(sa.update(table).where(mine.in_(keys)).values(leased_until=until))


def done(tx: Tx, due: Due) -> bool:
    """Give the lease back with the work done; False when it was no longer ours.

    Work that was scheduled anew in the meantime stays due.
    """
    mine = {"which_kind": due.kind, "whose": due.connection, "mine": due.generation}
    return bool(_DONE.run(tx, **mine, was_at=due.at))


def postpone(tx: Tx, due: Due, at: datetime) -> bool:
    """Give the lease back with the work left for later; False when it was no longer ours."""
    return _if_mine(tx, due, at=at, owner="", leased_until=None)


def drop(tx: Tx, connection_id: str, *, but: tuple[str, ...] = ()) -> None:
    """Forget all work of a connection, but of some kinds; who is at it can no longer finish it."""
    gone = {"at": None, "owner": "", "leased_until": None, "generation": table.c.generation + 1}
    mine = table.c.connection == connection_id, table.c.kind.not_in(but)
    tx.execute(sa.update(table).where(*mine).values(gone))


def cancel(tx: Tx, kind: str, connection_id: str) -> None:
    """Make work of a kind due no more."""
    tx.execute(sa.update(table).where(*_key(kind, connection_id)).values(at=None))


def at(tx: Tx, kind: str, connection_id: str) -> datetime | None:
    """When work of a kind is due; None when it is not."""
    row = _AT_OF.one(tx, which_kind=kind, whose=connection_id)
    return row["at"] if row else None


def times(tx: Tx, connection_id: str) -> dict[str, datetime]:
    """What is due for a connection, and when."""
    wanted = sa.select(table.c.kind, table.c.at).where(table.c.connection == connection_id)
    return {row.kind: row.at for row in tx.execute(wanted.where(table.c.at.is_not(None)))}


def _key(kind: str, connection_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.kind == kind, table.c.connection == connection_id


def _free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(table.c.leased_until.is_(None), table.c.leased_until <= now)


def _lease(tx: Tx, row: Mapping[str, Any], owner: str, until: datetime) -> Due:
    key, left_by, number = (row["kind"], row["connection"]), row["owner"], row["generation"] + 1
    _LEASE.run(tx, which_kind=key[0], whose=key[1], who=owner, until=until, number=number)
    return Due(*key, row["at"], owner, until, number, left_by)


def _if_mine(tx: Tx, due: Due, **values: Any) -> bool:
    mine = (*_key(due.kind, due.connection), table.c.generation == due.generation)
    return bool(tx.execute(sa.update(table).where(*mine).values(**values)).rowcount)
