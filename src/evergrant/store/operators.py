"""Operators: sign-in links, each good for one use, and the sessions they open."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.tables import operator_session, sign_in

Role = Literal["operator", "viewer"]
"""Who may change things, and who may only look."""


@dataclass(frozen=True, slots=True)
class Seat:
    """As what somebody is signed in, and where."""

    role: Role
    tenant: str


def add_link(tx: Tx, ticket_hash: str, expires_at: datetime, seat: Seat) -> None:
    """Remember a sign-in link, and as what it signs in."""
    values = {"ticket_hash": ticket_hash, "expires_at": expires_at, **asdict(seat)}
    tx.execute(sa.insert(sign_in).values(values))


def take_link(tx: Tx, ticket_hash: str, now: datetime) -> Seat | None:
    """Use up a sign-in link: as what it signs in; None when it is unknown, used or too old."""
    # One conditional DELETE: of two who come at once, one removes the row and the other finds none.
    mine = sa.delete(sign_in).where(sign_in.c.ticket_hash == ticket_hash)
    taken = mine.where(sign_in.c.expires_at > now).returning(sign_in.c.role, sign_in.c.tenant)
    row = tx.execute(taken).one_or_none()
    return Seat(*row) if row else None


def open_session(tx: Tx, token_hash: str, now: datetime, expires_at: datetime, seat: Seat) -> None:
    """Remember a browser that signed in; links and sessions whose time is over are forgotten."""
    tx.execute(sa.delete(sign_in).where(sign_in.c.expires_at <= now))
    tx.execute(sa.delete(operator_session).where(operator_session.c.expires_at <= now))
    values = {
        "token_hash": token_hash,
        "created_at": now,
        "expires_at": expires_at,
        **asdict(seat),
    }
    tx.execute(sa.insert(operator_session).values(values))


def seat_of(tx: Tx, token_hash: str, now: datetime) -> Seat | None:
    """As what a browser is signed in now; None when it is not."""
    mine = sa.select(operator_session.c.role, operator_session.c.tenant).where(
        operator_session.c.token_hash == token_hash, operator_session.c.expires_at > now
    )
    row = tx.execute(mine).one_or_none()
    return Seat(*row) if row else None


def end_session(tx: Tx, token_hash: str) -> None:
    """Sign a browser out; one that is not signed in stays so."""
    tx.execute(sa.delete(operator_session).where(operator_session.c.token_hash == token_hash))
