"""The hour after a token theft: nothing of an integration is refreshed or handed out any more, and
every token that is held is revoked until Salesforce confirms.

Each connection is one transaction that destroys its credential here and queues the revocation, so
a containment that was interrupted goes on where it was: what is done holds nothing any more.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

from evergrant.errors import CouldNotLook
from evergrant.health import Signal, State
from evergrant.keeper.choose import credentials_of
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.lease import alone
from evergrant.keeper.record import learn
from evergrant.keeper.revoking import hasten, retire
from evergrant.model import Connection
from evergrant.store import Tx, connections, revocations

WHY = "contained: every token of the integration was revoked"


@dataclass(frozen=True, slots=True)
class Contained:
    """How far a containment has come."""

    connections: int
    """That the integration has; removed ones do not count."""
    stopped: int = 0
    """That hold no credential any more: nothing of them can be refreshed."""
    revoked: int = 0
    """Tokens of this run of which Salesforce confirmed that they open nothing any more."""
    waiting: int = 0
    """Tokens whose revocation is not confirmed yet; the watch goes on with them."""
    trouble: tuple[str, ...] = ()
    """What the last attempts at those came to, each answer once."""
    busy: tuple[str, ...] = ()
    """Names of connections that somebody did not let go of; run it again for them."""

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.stopped == self.connections and not self.waiting


def contain(keeper: Keeper, integration_id: str) -> Generator[Contained, None, None]:
    """Stop and revoke everything of an integration; tells how far it has come.

    First all connections are stopped, which asks nobody, and then the tokens are revoked one by
    one.  Raises `NotFound` for an integration that is not there.
    """
    with keeper.reading() as tx:
        keeper.vault.integration(tx, integration_id)
        known = connections.every(tx, integration=integration_id)
    there = [each for each in known if each.state is not State.REMOVED]
    now = Contained(len(there))
    for each in there:
        now = _stopped(keeper, each, now)
        yield now
    yield from _revoked(keeper, {each.id for each in there}, now)


def _stopped(keeper: Keeper, connection: Connection, now: Contained) -> Contained:
    try:
        # Nobody may renew meanwhile: what a renewal brought would be revoked by nobody.
        with alone(keeper, connection), keeper.writing() as tx:
            held = credentials_of(keeper, tx, connection)
            for owner, kept in held:
                retire(keeper, tx, owner, kept.credential)
            parts = {kept.part for _, kept in held} | _damaged(keeper, tx, connection)
            if parts:
                keeper.vault.wipe(tx, connection.id)
                for part in parts:
                    learn(keeper, tx, connection, Signal.CREDENTIAL_DEAD, why=WHY, part=part)
    except CouldNotLook:
        return replace(now, busy=(*now.busy, connection.name))
    return replace(now, stopped=now.stopped + 1)


def _damaged(keeper: Keeper, tx: Tx, connection: Connection) -> set[str]:
    """The parts whose credential no key opens: it is destroyed as well, and told of already."""
    return {row.part for row in keeper.vault.readable(tx, connection.id)[1]}


def _revoked(keeper: Keeper, ids: set[str], now: Contained) -> Iterator[Contained]:
    with keeper.reading() as tx:
        queued = [each for each in revocations.waiting(tx) if each.connection in ids]
    now = replace(now, waiting=len(queued))
    yield now
    for each in queued:
        # Whoever asks for it again does not wait for the time of the next attempt.
        hasten(keeper, each.id)
        with keeper.reading() as tx:
            left = [row for row in revocations.waiting(tx) if row.connection in ids]
        gone = now.waiting - len(left)
        trouble = tuple(sorted({row.error for row in left if row.error}))
        now = replace(now, revoked=now.revoked + gone, waiting=len(left), trouble=trouble)
        yield now
