"""Which credential is the live one: promoted when verified, held when it is another's, given back
when nobody needs it."""

from __future__ import annotations

from dataclasses import replace

from evergrant.errors import Misuse
from evergrant.health import Signal, State
from evergrant.keeper.awaiting import begin_to_wait
from evergrant.keeper.ending import ENDS
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import AUDIT, AUDIT_AFTER, learn, note
from evergrant.keeper.revoking import give_up, retire, revoke_now
from evergrant.model import Connection, Identity
from evergrant.store import Tx, connections, credentials, due, events
from evergrant.store.parts import MAIN, named
from evergrant.vault import Kept

HELD = "held"


def make_live(keeper: Keeper, connection: Connection, kept: Kept, identity: Identity) -> Connection:
    """Replace the old credential by a verified one; settings stay as they are.

    `connection` says at which login host the new one was given.  Raises `Misuse` when another
    authorization came meanwhile.
    """
    with keeper.writing() as tx:
        before = connections.by_id(tx, connection.id)
        old, damaged = keeper.vault.readable(tx, connection.id, part=kept.part, status="live")
        give_up(keeper, tx, damaged)
        keeper.vault.promote(tx, _verified(keeper, tx, kept, identity))
        _written_down(tx, connection, kept, identity)
        kind = "reauthorized" if old or damaged else "connected"
        after = _proved(keeper, tx, before, kept, identity, kind)
        gone = [retire(keeper, tx, before, each.credential, unlike=kept.credential) for each in old]
        left = _left_behind(keeper, tx, connection, kept, identity)
        gone += [retire(keeper, tx, before, each.credential) for each in left]
        after = connections.by_id(tx, after.id)
    for each in gone:
        revoke_now(keeper, each)
    return after


def _written_down(tx: Tx, connection: Connection, kept: Kept, identity: Identity) -> None:
    """Whose the connection is, and where it logs in: the main part says so for all of them."""
    if kept.part != MAIN:
        connections.update(tx, connection.id, epoch=kept.epoch)
        return
    connections.update(
        tx,
        connection.id,
        identity=identity,
        instance_url=kept.credential.instance_url,
        login_host=connection.login_host,
        epoch=kept.epoch,
    )


def _left_behind(
    keeper: Keeper, tx: Tx, connection: Connection, kept: Kept, identity: Identity
) -> list[Kept]:
    """Credentials of other parts that belong to another org than the connection does now.

    They are retired at once: an application that read one would write into the former org.
    """
    every, _ = keeper.vault.readable(tx, connection.id)
    gone = [
        each for each in every if each.part != kept.part and not each.identity.of_same_org(identity)
    ]
    for each in gone:
        credentials.retire(tx, connection.id, each.part, each.status)
        why = f"the connection belongs to org {identity.org_id} now"
        learn(keeper, tx, connection, Signal.CREDENTIAL_DEAD, why=why, part=each.part)
    return gone


def _verified(keeper: Keeper, tx: Tx, kept: Kept, identity: Identity) -> Kept:
    known = keeper.vault.identify(tx, kept, identity)
    if known is None:
        raise Misuse(
            "another authorization of this connection came meanwhile",
            next_step="see `evergrant status`; the newest one counts",
        )
    return known


def _proved(
    keeper: Keeper, tx: Tx, before: Connection, kept: Kept, identity: Identity, kind: str
) -> Connection:
    about = _whose(identity, kept) | named(kept.part)
    note(keeper, tx, before.id, kind, f"org {identity.org_id}", **about)
    if before.state is State.ON_HOLD:
        learn(keeper, tx, before, Signal.HOLD_RELEASED, why=kind)
    now = keeper.clock.now()
    due.schedule(tx, AUDIT, before.id, now + AUDIT_AFTER)
    due.cancel(tx, ENDS, before.id)  # of the token before: the audit says how long this one lives
    begin_to_wait(tx, before, now)
    why = f"{kind} and verified"
    return learn(keeper, tx, before, Signal.PROVED, why=why, part=kept.part)


def hold(keeper: Keeper, connection: Connection, kept: Kept, identity: Identity) -> Connection:
    """Keep both: the old credential live, the new one on hold until a person chooses.

    Raises `Misuse` like `make_live`.
    """
    why = "another org or user came back"
    with keeper.writing() as tx:
        _verified(keeper, tx, kept, identity)
        about = {"login_host": connection.login_host, **_whose(identity, kept), **named(kept.part)}
        note(keeper, tx, connection.id, HELD, why, **about)
        return learn(keeper, tx, connection, Signal.IDENTITY_DIFFERS, why=why)


def as_held(tx: Tx, connection: Connection) -> Connection:
    """The connection as its held credential knows it: the login host may be another."""
    past = events.recent(tx, connection.id, limit=200)
    found = next((each for each in past if each.kind == HELD), None)
    host = str(found.data["login_host"]) if found else connection.login_host
    return replace(connection, login_host=host)


def undo(keeper: Keeper, connection: Connection, kept: Kept) -> None:
    """Let go of a new credential that could not be verified; the old one stays as it is."""
    with keeper.writing() as tx:
        held = keeper.vault.held(tx, connection.id, kept.part)
        if held is None or held.id != kept.id:
            return  # a newer authorization has displaced it, and gave it back
        keeper.vault.drop_held(tx, connection.id, kept.part)
        known = connections.by_id(tx, connection.id)
        if known.epoch == 0:
            learn(keeper, tx, known, Signal.REMOVE, why="the first authorization failed")
        elif known.state is State.ON_HOLD:
            # What was on hold gave way to this one: there is nothing left to choose from.
            learn(keeper, tx, known, Signal.HOLD_RELEASED, why="a later authorization failed")
        gone = retire(keeper, tx, connection, kept.credential)
    revoke_now(keeper, gone)


def _whose(identity: Identity, kept: Kept) -> dict[str, str]:
    token = kept.credential.refresh_token
    return {
        "org": identity.org_id,
        "user": identity.user_id,
        "refresh_token": token.fingerprint if token else "",
        # Once more under a name that the log does not mask: a replay is told by it.
        "given": token.fingerprint if token else "",
    }
