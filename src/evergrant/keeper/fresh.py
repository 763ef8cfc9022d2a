"""A fresh access token for an application: read from the store, renewed only where it must be.

Refresh tokens never leave.  A token that still works is served while a renewal fails; a caller
whose token was refused says so by its fingerprint, so that a thousand callers with the same dead
token cause one token request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, assert_never

from evergrant.errors import ComeBack, Misuse, NotFound
from evergrant.health import LIVE, State
from evergrant.keeper.engine import Busy, Failed, Fresh, Gone, HeldBack, Outcome, Want
from evergrant.keeper.failed import Overtaken, take_failure
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.life import Need, ends_at, need, saw_refused
from evergrant.keeper.parts import as_part
from evergrant.model import Connection, Secret
from evergrant.store import Tx, connections, standing, usage
from evergrant.store.rows import not_found
from evergrant.vault import MAIN, Kept

if TYPE_CHECKING:
    import aiohttp

SENDS = 3
"""Token requests for one caller, at most: a second only when the token was in use elsewhere."""
DOUBTFUL = "nobody knows what came of the last token request; this token is used up first"
USE_EVERY = timedelta(hours=1)
"""So often, at most, the use of a connection is written down."""
_CHANCE = Random()  # noqa: S311 (jitter)


def anyone(_connection: Connection) -> bool:
    """Whoever asks in this process may have any token."""
    return True


@dataclass(frozen=True, slots=True)
class Token:
    """What an application calls Salesforce with."""

    connection: str
    access_token: Secret
    instance_url: str
    generation: str
    """Changes with every new token."""
    expires_hint: datetime | None
    """When it is believed to end; None when nobody knows.  A refusal is the truth."""
    stale: str = ""
    """Why it is not newer, when it ends soon and could not be renewed."""
    part: str = MAIN

    @property
    def fingerprint(self) -> str:
        """What a caller names it by whom Salesforce refused it."""
        return self.access_token.fingerprint


@dataclass(frozen=True, slots=True)
class _Standing:
    connection: Connection
    kept: Kept
    life: timedelta | None
    need: Need
    refused: bool

    @property
    def want(self) -> Want:
        at_hand = self.kept.credential.access_token.fingerprint
        which = self.connection.id, at_hand
        return Want(*which, refused=self.refused, sends=SENDS, part=self.kept.part)

    def token(self, kept: Kept | None = None, stale: str = "") -> Token:
        """The token as it is handed out."""
        which = kept or self.kept
        return Token(
            self.connection.id,
            which.credential.access_token,
            which.credential.instance_url,
            _generation(which),
            ends_at(which.credential, self.life),
            stale,
            which.part,
        )


def _generation(kept: Kept) -> str:
    """Changes with every token, and is never that of another part.

    A restored backup counts its epochs and generations once more, so it names the token as well.
    """
    told = f"{kept.epoch}.{kept.generation}-{kept.credential.access_token.fingerprint}"
    return told if kept.part == MAIN else f"{kept.part}:{told}"


def fresh_token(
    keeper: Keeper, connection_id: str, *, not_token: str = "", part: str = MAIN
) -> Token:
    """A token that works, as far as anybody knows; asks Salesforce only when it must.

    `not_token` is the fingerprint of a token that Salesforce refused, `part` which of several
    credentials is asked for.  Raises `NotFound`, `Misuse` for a connection that has no token to
    give, what Salesforce refused with, and `ComeBack` with the seconds to wait when the token could
    not be renewed just now.
    """
    found = _look(keeper, connection_id, not_token, part=part)
    match found.need:
        case Need.NONE:
            return found.token()
        case Need.ADVISORY:
            keeper.engine.later(lambda: _renewed(keeper, found))
            return found.token()
        case Need.MANDATORY:
            return _renewed(keeper, found)
        case _:
            assert_never(found.need)


async def afresh_token(
    keeper: Keeper,
    connection_id: str,
    via: aiohttp.ClientSession,
    *,
    not_token: str = "",
    part: str = MAIN,
    allowed: Callable[[Connection], bool] = anyone,
) -> Token:
    """`fresh_token` in an event loop; a caller that is cancelled takes no renewal down with it.

    A connection that is not `allowed` is not found, and nothing is done for it.
    """
    if keeper.store.is_remote:
        found = await asyncio.to_thread(_look, keeper, connection_id, not_token, allowed, part)
    else:
        found = _look(keeper, connection_id, not_token, allowed, part)
    match found.need:
        case Need.NONE:
            return found.token()
        case Need.ADVISORY:
            keeper.engine.later(lambda: _renewed(keeper, found))
            return found.token()
        case Need.MANDATORY:
            outcome = await keeper.engine.arenew(found.want, via)
            if isinstance(outcome, Fresh):
                return _settled(keeper, found, outcome)
            return await asyncio.to_thread(_settled, keeper, found, outcome)
        case _:
            assert_never(found.need)


def _look(
    keeper: Keeper,
    connection_id: str,
    not_token: str,
    allowed: Callable[[Connection], bool] = anyone,
    part: str = MAIN,
) -> _Standing:
    now = keeper.clock.now()
    with keeper.reading() as tx:
        found = _standing(tx, connection_id, part)
    if not allowed(found.connection):
        raise not_found("connection", connection_id, ())
    found = _as_part(keeper, found, part)
    connection, life = found.connection, found.lifetime.life
    kept = keeper.vault.open_credential(found.live) if found.live else None
    if connection.state not in LIVE or kept is None:
        raise Misuse(
            f"{connection.name} has no token to give: it is {connection.state}",
            next_step="see `evergrant status`",
        )
    refused = kept.credential.access_token.fingerprint == not_token
    due = Need.MANDATORY if refused else need(kept.credential, life, now, _CHANCE)
    if connection.state is State.NEEDS_REAUTHORIZATION:
        due = _of_the_dead(connection, refused)
    _write_down(keeper, connection, kept, now, found.used_at, refused)
    return _Standing(connection, kept, life, due, refused)


def _standing(tx: Tx, key: str, part: str) -> standing.Standing:
    """By id in one statement, or by name."""
    try:
        return standing.of(tx, key, part)
    except NotFound:
        return standing.of(tx, connections.get(tx, key).id, part)


def _as_part(keeper: Keeper, found: standing.Standing, part: str) -> standing.Standing:
    """As the part itself stands: one that works is served while another is dead.

    Nothing more is read for the only part of a connection that is well.
    """
    if part == MAIN and found.connection.state is not State.NEEDS_REAUTHORIZATION:
        return found
    with keeper.reading() as tx:
        return replace(found, connection=as_part(tx, found.connection, part))


def _write_down(
    keeper: Keeper,
    connection: Connection,
    kept: Kept,
    now: datetime,
    used_at: datetime | None,
    refused: bool,
) -> None:
    """That it was used, and at which age a token was refused: once, however many say so."""
    engine, at_hand = keeper.engine, kept.credential.access_token.fingerprint
    is_long_ago = used_at is None or abs(now - used_at) >= USE_EVERY
    if is_long_ago and engine.is_first("used", connection.id, f"{now:%Y%m%d%H}"):
        engine.group.submit(lambda tx: usage.mark(tx, connection.id, now))
    if refused and engine.is_first("refused", connection.id, at_hand):
        engine.group.submit(lambda tx: saw_refused(tx, connection, kept, now))


def _of_the_dead(connection: Connection, refused: bool) -> Need:
    """A dead credential is never sent again by itself; its last access token may still live."""
    if refused:
        raise Misuse(
            f"{connection.name} needs reauthorization",
            next_step=f"evergrant reauthorize {connection.name}",
            whose="customer",
        )
    return Need.NONE


def _renewed(keeper: Keeper, found: _Standing) -> Token:
    return _settled(keeper, found, keeper.engine.renew(found.want))


def _settled(keeper: Keeper, found: _Standing, outcome: Outcome) -> Token:
    """What the outcome of a renewal means for the caller."""
    match outcome:
        case Fresh(kept, _, doubtful):
            return found.token(kept, DOUBTFUL if doubtful else "")
        case Failed():
            return _without(keeper, found, outcome)
        case Busy(wait_s):
            return _or_stale(found, "another worker is renewing it", wait_s)
        case HeldBack(wait_s, why):
            return _or_stale(found, why, wait_s)
        case Gone():
            raise Misuse(f"{found.connection.name} was taken away meanwhile")
        case _:
            assert_never(outcome)


def _without(keeper: Keeper, found: _Standing, failed: Failed) -> Token:
    """A renewal failed: the connection learns from it, and the caller gets what still works."""
    try:
        part = found.kept.part
        take_failure(keeper, found.connection, failed, doing="renewal", part=part)
    except Overtaken:
        return fresh_token(keeper, found.connection.id, part=part)
    if failed.kind.retry in ("never", "after a change") and found.refused:
        raise failed.failure
    return _or_stale(found, failed.failure.what, keeper.engine.rules.first_wait_s)


def _or_stale(found: _Standing, why: str, wait_s: float) -> Token:
    """The token at hand, unless Salesforce refused it."""
    if not found.refused:
        return found.token(stale=why)
    raise ComeBack(f"{found.connection.name} cannot be renewed just now", why, wait_s)
