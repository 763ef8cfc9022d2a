"""The local operator: a link from the terminal becomes a signed-in browser."""

from __future__ import annotations

from datetime import timedelta

from evergrant.errors import BadCallback
from evergrant.keeper.deeds import did
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.tickets import hashed, new_ticket
from evergrant.log import acting_as
from evergrant.model import Secret
from evergrant.store import operators
from evergrant.store.operators import Role, Seat

LINK_LIFE = timedelta(minutes=10)
SESSION_LIFE = timedelta(hours=12)


def invite(keeper: Keeper, *, role: Role = "operator") -> Secret:
    """A sign-in link for the console of the keeper's tenant: good once, for ten minutes; the store
    keeps its hash.

    A viewer may see what an operator sees, and change nothing.
    """
    ticket, seat = new_ticket(), Seat(role, keeper.tenant)
    with keeper.writing() as tx:
        operators.add_link(tx, hashed(ticket), keeper.clock.now() + LINK_LIFE, seat)
        did(keeper, tx, "invited", text=f"a {role}")
    return Secret(f"{keeper.settings.public_url.rstrip('/')}/sign-in/{ticket.reveal()}")


def sign_in(keeper: Keeper, ticket: str, *, replacing: str = "") -> Secret:
    """Exchange a sign-in link, of whatever tenant, for the word that the browser's cookie holds.

    The session that the browser had before (`replacing`, the word of its cookie) ends: whoever
    signs in gets a new one.  Raises `BadCallback` when the link is unknown, used or too old.
    """
    word, now = new_ticket(), keeper.clock.now()
    with keeper.writing() as tx:
        seat = operators.take_link(tx, hashed(ticket), now)
        if seat is None:
            raise BadCallback(
                "this sign-in link was used before, has expired, or was never ours",
                why="a sign-in link is good once, for ten minutes",
                next_step="print a new one with `evergrant sign-in`",
                whose="operator",
            )
        operators.end_session(tx, hashed(replacing))
        operators.open_session(tx, hashed(word), now, now + SESSION_LIFE, seat)
        with acting_as(_name(seat.role, word.reveal())):
            did(keeper, tx, "signed in", tenant=seat.tenant)
    return word


def _name(role: Role, word: str) -> str:
    return f"{role} {hashed(word)[:8]}"


def session_name(keeper: Keeper, word: str) -> str:
    """What a signed-in browser is called in the audit log; '' for one that is not."""
    seat = seat_of(keeper, word)
    return _name(seat.role, word) if seat else ""


def seat_of(keeper: Keeper, word: str) -> Seat | None:
    """As what and where a browser with this word in its cookie is signed in; None when it is
    not."""
    if not word:
        return None
    with keeper.reading() as tx:
        return operators.seat_of(tx, hashed(word), keeper.clock.now())


def is_operator(keeper: Keeper, word: str) -> bool:
    """Whether a browser with this word in its cookie is signed in, as whatever."""
    return seat_of(keeper, word) is not None


def sign_out(keeper: Keeper, word: str) -> None:
    """End the session of a browser."""
    with keeper.writing() as tx:
        seat = operators.seat_of(tx, hashed(word), keeper.clock.now())
        operators.end_session(tx, hashed(word))
        if seat is not None:
            did(keeper, tx, "signed out", tenant=seat.tenant)
