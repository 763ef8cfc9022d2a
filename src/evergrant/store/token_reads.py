"""Token reads: which key read which token when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.prepared import Prepared
from evergrant.store.tables import token_read as table


@dataclass(frozen=True, slots=True)
class TokenRead:
    """One key's reads of one token, told by one process."""

    seq: int
    key: str
    """Id of the API key; `operator` on the service's own machine."""
    connection: str
    generation: str
    """Epoch and generation of the credential."""
    fingerprint: str
    """Of the access token."""
    first_at: datetime
    last_at: datetime
    times: int


_NEW = ("key", "connection", "generation", "fingerprint", "first_at", "last_at", "times")
_ADD = Prepared(sa.insert(table).returning(table.c.seq), _NEW)
_COUNT = Prepared(
    sa.update(table)
    .where(table.c.seq == sa.bindparam("which", type_=sa.Integer))
    .values(
        last_at=sa.bindparam("read_at", type_=table.c.last_at.type),
        times=table.c.times + sa.bindparam("more", type_=sa.Integer),
    )
)


def add(
    tx: Tx, *, key: str, connection: str, generation: str, fingerprint: str, at: datetime
) -> int:
    """A key reads a token for the first time; returns the line's seq."""
    told = {"key": key, "connection": connection, "generation": generation, "times": 1}
    made = _ADD.one(tx, **told, fingerprint=fingerprint, first_at=at, last_at=at)
    return int(made["seq"]) if made else 0


def count(tx: Tx, more: Mapping[int, tuple[int, datetime]]) -> None:
    """Count further reads: seq → how many, and when the last was."""
    for seq, (times, at) in more.items():
        _COUNT.run(tx, which=seq, more=times, read_at=at)


def recent(tx: Tx, *, connection: str = "", key: str = "", limit: int = 100) -> Sequence[TokenRead]:
    """The last lines, newest first; of one connection or key when it is given."""
    wanted = sa.select(table)
    if connection:
        wanted = wanted.where(table.c.connection == connection)
    if key:
        wanted = wanted.where(table.c.key == key)
    rows = tx.execute(wanted.order_by(table.c.seq.desc()).limit(limit))
    return [TokenRead(**row._mapping) for row in rows]
