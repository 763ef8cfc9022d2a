"""Looking into an org for an audit, with a connection's own token or an admin's session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from evergrant import wire
from evergrant.audit.model import OrgRows
from evergrant.clock import Clock, SystemClock
from evergrant.errors import CouldNotLook, Refused
from evergrant.evidence.live_audit import Shown, look
from evergrant.keeper.check import TOKEN_ENDED
from evergrant.keeper.fresh import fresh_token
from evergrant.keeper.keeper import Keeper
from evergrant.model import Session
from evergrant.store import connections
from evergrant.wire import Conversation

_Say = Callable[[Conversation[Shown]], Shown]


def look_for_audit(keeper: Keeper, name: str, session: Session | None = None) -> OrgRows:
    """What a connection's org shows; its own token often shows little, an admin's session more.

    `name` is a connection's id or name.  Raises `NotFound` for one that nobody knows, `Misuse` for
    one that has no token to give, `CouldNotLook` where the org refuses, and what the network
    throws.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, name)

    def told(lent: Session) -> OrgRows:
        return _told(connection.name, lent, keeper.clock.now(), keeper.say)

    if session is not None:
        return _or_could_not(lambda: told(session))
    return _or_could_not(lambda: _with_own(keeper, connection.id, told))


def look_with(session: Session, clock: Clock | None = None) -> OrgRows:
    """What an org shows to an admin's session; needs no store and keeps nothing.

    Raises `CouldNotLook` where the org refuses, and what the network throws.
    """
    time = clock or SystemClock()
    with wire.client() as pool:

        def say(conversation: Conversation[Shown]) -> Shown:
            return wire.run(conversation, via=pool, clock=time)

        return _or_could_not(lambda: _told("org", session, time.now(), say))


def _told(name: str, session: Session, now: datetime, say: _Say) -> OrgRows:
    shown = say(look(session, now))
    return OrgRows(name, shown.rows, shown.hidden, now, shown.metadata, shown.own)


def _or_could_not(look_there: Callable[[], OrgRows]) -> OrgRows:
    try:
        return look_there()
    except Refused as error:
        raise CouldNotLook(
            "no_permission",
            f"the org refused: {error.error} {error.description}".strip(),
            next_step="evergrant doctor says why, or look with an admin's session (--target-org)",
            whose="you",
        ) from error


def _with_own(
    keeper: Keeper, connection_id: str, look_there: Callable[[Session], OrgRows]
) -> OrgRows:
    """With the connection's own token; a new one is asked for where it had ended unnoticed."""
    own = own_session(keeper, connection_id)
    try:
        return look_there(own)
    except Refused as error:
        if (error.error, error.description) != TOKEN_ENDED:
            raise
    token = fresh_token(keeper, connection_id, not_token=own.access_token.fingerprint)
    return look_there(Session(token.instance_url, token.access_token))


def own_session(keeper: Keeper, name: str) -> Session:
    """A connection's own token, renewed first where it is no longer good.

    Raises `NotFound` for one that nobody knows, `Misuse` for one that has no token to give, and
    what renewing it raises.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, name)
    token = fresh_token(keeper, connection.id)
    return Session(token.instance_url, token.access_token)
