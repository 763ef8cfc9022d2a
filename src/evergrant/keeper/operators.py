"""The local operator: a link from the terminal becomes a signed-in browser."""

from __future__ import annotations

from datetime import timedelta

from evergrant.errors import BadCallback
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.tickets import hashed, new_ticket
from evergrant.model import Secret
from evergrant.store import operators

LINK_LIFE = timedelta(minutes=10)
SESSION_LIFE = timedelta(hours=12)


def invite(keeper: Keeper) -> Secret:
    """A sign-in link for the console: good once, for ten minutes; the store keeps its hash."""
    ticket = new_ticket()
    with keeper.writing() as tx:
        operators.add_link(tx, hashed(ticket), keeper.clock.now() + LINK_LIFE)
    return Secret(f"{keeper.settings.public_url.rstrip('/')}/sign-in/{ticket.reveal()}")


def sign_in(keeper: Keeper, ticket: str, *, replacing: str = "") -> Secret:
    """Exchange a sign-in link for the word that the browser's cookie holds.

    The session that the browser had before (`replacing`, the word of its cookie) ends: whoever
    signs in gets a new one.  Raises `BadCallback` when the link is unknown, used or too old.
    """
    word, now = new_ticket(), keeper.clock.now()
    with keeper.writing() as tx:
        if not operators.take_link(tx, hashed(ticket), now):
            raise BadCallback(
                "this sign-in link was used before, has expired, or was never ours",
                why="a sign-in link is good once, for ten minutes",
                next_step="print a new one with `evergrant sign-in`",
                whose="operator",
            )
        operators.end_session(tx, hashed(replacing))
        operators.open_session(tx, hashed(word), now, now + SESSION_LIFE)
    return word


def is_operator(keeper: Keeper, word: str) -> bool:
    """Whether a browser with this word in its cookie is signed in."""
    if not word:
        return False
    with keeper.reading() as tx:
        return operators.is_open(tx, hashed(word), keeper.clock.now())


def sign_out(keeper: Keeper, word: str) -> None:
    """End the session of a browser."""
    with keeper.writing() as tx:
        operators.end_session(tx, hashed(word))
