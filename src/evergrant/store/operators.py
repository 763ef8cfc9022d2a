"""Operators: sign-in links, each good for one use, and the sessions they open."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from evergrant.store.engine import Tx
from evergrant.store.tables import operator_session, sign_in


def add_link(tx: Tx, ticket_hash: str, expires_at: datetime) -> None:
    """Remember a sign-in link."""
    tx.execute(sa.insert(sign_in).values(ticket_hash=ticket_hash, expires_at=expires_at))


def take_link(tx: Tx, ticket_hash: str, now: datetime) -> bool:
    """Use up a sign-in link; False when it is unknown, used or too old."""
    # One conditional DELETE: of two who come at once, one removes the row and the other finds none.
    mine = sa.delete(sign_in).where(sign_in.c.ticket_hash == ticket_hash)
    return bool(tx.execute(mine.where(sign_in.c.expires_at > now)).rowcount)


def open_session(tx: Tx, token_hash: str, now: datetime, expires_at: datetime) -> None:
    """Remember a browser that signed in; links and sessions whose time is over are forgotten."""
    tx.execute(sa.delete(sign_in).where(sign_in.c.expires_at <= now))
    tx.execute(sa.delete(operator_session).where(operator_session.c.expires_at <= now))
    values = {"token_hash": token_hash, "created_at": now, "expires_at": expires_at}
    tx.execute(sa.insert(operator_session).values(values))


def is_open(tx: Tx, token_hash: str, now: datetime) -> bool:
    """Whether a browser is signed in now."""
    mine = sa.select(operator_session.c.token_hash).where(
        operator_session.c.token_hash == token_hash, operator_session.c.expires_at > now
    )
    return tx.execute(mine).one_or_none() is not None


def end_session(tx: Tx, token_hash: str) -> None:
    """Sign a browser out; one that is not signed in stays so."""
    tx.execute(sa.delete(operator_session).where(operator_session.c.token_hash == token_hash))
