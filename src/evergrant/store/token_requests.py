"""Token requests: one row for each, written before the refresh token is spent.

An open row (`under way`, `answered`) is the lease on the connection's refresh token; the table
itself refuses a second one.  `seq` only ever grows: it fences out who comes late.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.prepared import Prepared
from evergrant.store.tables import credential
from evergrant.store.tables import token_request as table

State = Literal[
    "under way", "answered", "done", "refused", "not sent", "unknown", "orphaned", "displaced"
]
OPEN: tuple[State, ...] = ("under way", "answered")
RESTORED = "restored from a backup"
"""Stands as the owner of what nobody knows since a restore."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """One token request, and who has the right to it until when."""

    seq: int
    connection: str
    part: str
    credential: str
    """Row of the credential that it renews; '' where there was none."""
    epoch: int
    generation: int
    """Of the credential that it renews."""
    spent: str
    """Fingerprint of the refresh token; '' where none is sent."""
    flow: str
    owner: str
    beat: int
    """Grows while the owner lives: who sees it stand still may take over."""
    leased_until: datetime
    state: State
    tries: int
    """How many requests with this token have failed in a row before this one."""
    began_at: datetime
    sealed: bytes | None = field(default=None, repr=False)
    """The raw answer, sealed, from the moment it came until it is committed."""
    answered_at: datetime | None = None
    ended_at: datetime | None = None


_MADE = (
    "connection", "part", "credential", "epoch", "generation", "spent", "flow", "owner", "beat",
    "leased_until", "state", "tries", "began_at",
)  # fmt: skip


_SEQ = sa.bindparam("which", type_=sa.Integer)
_HOW = sa.bindparam("how", type_=sa.String)
_ADD = Prepared(sa.insert(table).returning(table.c.seq), _MADE)
_KEEP = Prepared(
    sa.update(table)
    .where(table.c.seq == _SEQ)
    .values(
        sealed=sa.bindparam("answer", type_=table.c.sealed.type),
        answered_at=sa.bindparam("came_at", type_=table.c.answered_at.type),
        state=sa.case(
            (table.c.state == sa.literal_column("'under way'"), sa.literal_column("'answered'")),
            else_=table.c.state,
        ),
    )
)
_END = Prepared(
    sa.update(table)
    .where(table.c.seq == _SEQ)
    .values(
        state=_HOW,
        ended_at=sa.bindparam("end_at", type_=table.c.ended_at.type),
        sealed=sa.case((sa.literal_column("'orphaned'") == _HOW, table.c.sealed)),
    )
)

_ORPHANED = Prepared(
    sa.select(table.c.seq)
    .where(
        table.c.connection == sa.bindparam("whose", type_=sa.String),
        table.c.state == sa.literal_column("'orphaned'"),
    )
    .limit(sa.literal_column("1"))
)


_OLDEST = (
    sa.select(table.c.seq)
    .where(
        table.c.connection == sa.bindparam("whose", type_=sa.String),
        table.c.part == sa.bindparam("which_part", type_=sa.String),
    )
    .order_by(table.c.seq)
    .limit(sa.literal_column("64"))
)
_FORGET = Prepared(
    sa.delete(table).where(
        table.c.seq.in_(_OLDEST),
        table.c.ended_at < sa.bindparam("before", type_=table.c.ended_at.type),
        table.c.sealed.is_(None),
    )
)


def add_each(tx: Tx, rows: Sequence[TokenRequest]) -> list[int]:
    """Write intents; returns the seq of each.

    The table refuses a second open one for the same refresh token (IntegrityError).
    """
    made = _ADD.cells_each(tx, [{name: getattr(row, name) for name in _MADE} for row in rows])
    return [int(cells[0]) for cells in made if cells]


def of(tx: Tx, connection_id: str) -> Sequence[TokenRequest]:
    """The requests of a connection that are remembered, newest first."""
    wanted = sa.select(table).where(table.c.connection == connection_id)
    return [_read(row) for row in tx.execute(wanted.order_by(table.c.seq.desc()))]


def late_answer(tx: Tx, credential: str, epoch: int, generation: int) -> TokenRequest | None:
    """A closed request for exactly this credential whose answer came and was never committed."""
    same = (
        table.c.credential == credential,
        table.c.epoch == epoch,
        table.c.generation == generation,
        table.c.sealed.is_not(None),
        table.c.state.in_(("answered", "unknown")),
    )
    wanted = sa.select(table).where(*same).order_by(table.c.seq.desc()).limit(1)
    row = tx.execute(wanted).one_or_none()
    return _read(row) if row else None


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came for a token request, sealed."""

    seq: int
    sealed: bytes = field(repr=False)
    at: datetime


def keep_each(tx: Tx, answers: Sequence[RawAnswer]) -> list[int]:
    """Keep raw answers, whatever became of the leases: they cannot be had again.

    Returns for each how many rows took it: 1, unless its request is forgotten.
    """
    told = [{"which": each.seq, "answer": each.sealed, "came_at": each.at} for each in answers]
    return _KEEP.run_each(tx, told)


def take_over(tx: Tx, seq: int, *, owner: str, until: datetime) -> None:
    """Make an open request ours, to finish it."""
    values: dict[str, Any] = {"owner": owner, "leased_until": until, "beat": table.c.beat + 1}
    tx.execute(sa.update(table).where(table.c.seq == seq).values(values))


def beat(tx: Tx, seqs: Iterable[int], until: datetime) -> None:
    """Show that the owners of open requests live, and lengthen their leases."""
    mine = table.c.seq.in_(list(seqs)), table.c.state.in_(OPEN)
    values: dict[str, Any] = {"leased_until": until, "beat": table.c.beat + 1}
    tx.execute(sa.update(table).where(*mine).values(values))


def end(tx: Tx, seq: int, state: State, at: datetime) -> None:
    """Close a request; its raw answer goes, but for one whose token is yet to be revoked."""
    end_each(tx, [(seq, state)], at)


def end_each(tx: Tx, ends: Sequence[tuple[int, State]], at: datetime) -> None:
    """Close requests, each by its seq."""
    _END.run_all(tx, [{"which": seq, "how": state, "end_at": at} for seq, state in ends])


def end_open(tx: Tx, seq: int, state: State, at: datetime) -> bool:
    """Close a request that is still under way; False when somebody has closed it before."""
    mine = table.c.seq == seq, table.c.state == "under way"
    closed = tx.execute(sa.update(table).where(*mine).values(state=state, ended_at=at))
    return bool(closed.rowcount)


def doubt(tx: Tx, why: str, at: datetime) -> int:
    """After a restore: nobody knows what came of the tokens since; returns how many there are.

    Their access tokens are used up first, then each refresh token is tried once, and a refusal is
    named as a loss and not as a revocation.
    """
    live = credential.c.status == "live", credential.c.refresh_fingerprint != ""
    found = tx.execute(sa.select(credential).where(*live)).all()
    for row in found:
        open_ = table.c.connection == row.connection, table.c.part == row.part
        closed = sa.update(table).where(*open_, table.c.state.in_(OPEN))
        tx.execute(closed.values(state="unknown", ended_at=at))
        known = {"connection": row.connection, "part": row.part, "credential": row.id}
        version = {"epoch": row.epoch, "generation": row.generation, "state": "unknown"}
        told = {"spent": row.refresh_fingerprint, "flow": "refresh_token", "owner": why}
        times = {"leased_until": at, "began_at": at, "ended_at": at, "beat": 0, "tries": 0}
        tx.execute(sa.insert(table).values(**known, **version, **told, **times))
    return len(found)


def is_restored_under_way(tx: Tx) -> bool:
    """Whether the refresh token of a restored credential is being tried just now."""
    trying, doubted = table.alias(), table.alias()
    same = (
        doubted.c.credential == trying.c.credential,
        doubted.c.generation == trying.c.generation,
        doubted.c.owner == RESTORED,
    )
    wanted = sa.select(trying.c.seq).join(doubted, sa.and_(*same)).where(trying.c.state.in_(OPEN))
    return tx.execute(wanted.limit(1)).first() is not None


def orphans(tx: Tx, connection_id: str) -> Sequence[TokenRequest]:
    """Answers that nobody will use, and that are yet to be revoked."""
    if _ORPHANED.one(tx, whose=connection_id) is None:
        return []
    wanted = table.c.connection == connection_id, table.c.state == "orphaned"
    return [_read(row) for row in tx.execute(sa.select(table).where(*wanted))]


def forget(tx: Tx, connection_id: str, part: str, before: datetime) -> None:
    """Forget requests of a part that ended before that time and hold no answer: of the oldest."""
    _FORGET.run(tx, whose=connection_id, which_part=part, before=before)


def _read(row: sa.Row[Any]) -> TokenRequest:
    return TokenRequest(**row._mapping)
