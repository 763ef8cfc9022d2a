"""What a person decides about a connection: keep or switch, pause, resume, remove."""

from __future__ import annotations

from evergrant.errors import Misuse
from evergrant.health import Signal, State
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.lease import alone
from evergrant.keeper.live import as_held, make_live
from evergrant.keeper.record import learn
from evergrant.keeper.revoking import give_up, retire, revoke_now
from evergrant.model import Connection
from evergrant.store import Tx, connections
from evergrant.store.parts import MAIN
from evergrant.vault import Kept


def release(keeper: Keeper, connection_id: str, *, switch: bool) -> Connection:
    """End a hold: `switch` to the org or user that came back, or keep the one before.

    What is not chosen is revoked.  Raises `Misuse` when nothing is on hold.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        held, elsewhere = keeper.vault.any_held(tx, connection.id), as_held(tx, connection)
    if connection.state is not State.ON_HOLD or held is None:
        raise Misuse(f"{connection.name} is not on hold", next_step="see `evergrant status`")
    if switch:
        _refuse_two_orgs(connection, held)
        return make_live(keeper, elsewhere, held, held.identity)
    with keeper.writing() as tx:
        keeper.vault.drop_held(tx, connection.id, held.part)
        why = "kept the one before"
        connection = learn(keeper, tx, connection, Signal.HOLD_RELEASED, why=why)
        gone = retire(keeper, tx, elsewhere, held.credential)
    revoke_now(keeper, gone)
    return connection


def _refuse_two_orgs(connection: Connection, held: Kept) -> None:
    """All parts belong to one org, and the main part says to which.  Raises `Misuse`."""
    own = connection.identity
    if held.part != MAIN and own is not None and not own.of_same_org(held.identity):
        raise Misuse(
            f"the other parts of {connection.name} belong to org {own.org_id}",
            next_step="keep the one before; to move all parts, reauthorize the main part there",
        )


def pause(keeper: Keeper, connection_id: str) -> Connection:
    """Leave a connection alone until it is resumed."""
    return _signal(keeper, connection_id, Signal.PAUSE, "paused by a person")


def resume(keeper: Keeper, connection_id: str) -> Connection:
    """Watch a paused connection again; it is unproven until the next check.

    A choice that was open when it was paused is open again.
    """
    connection = _signal(keeper, connection_id, Signal.RESUME, "resumed by a person")
    with keeper.writing() as tx:
        if connection.state is State.DEGRADED and keeper.vault.any_held(tx, connection.id):
            why = "another org or user had come back"
            return learn(keeper, tx, connection, Signal.IDENTITY_DIFFERS, why=why)
    return connection


def _signal(keeper: Keeper, connection_id: str, signal: Signal, why: str) -> Connection:
    with keeper.writing() as tx:
        return learn(keeper, tx, connections.get(tx, connection_id), signal, why=why)


def remove(keeper: Keeper, connection_id: str) -> Connection:
    """Revoke what is held at Salesforce, destroy what is held here, and end the connection.

    What cannot be revoked at once is revoked by the watch, until Salesforce confirms.  Raises
    `CouldNotLook` when a check does not let go of the connection.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
    # Nobody may renew meanwhile: what a renewal brought would be revoked by nobody.
    with alone(keeper, connection):
        with keeper.writing() as tx:
            gone = [
                retire(keeper, tx, owner, kept.credential)
                for owner, kept in credentials_of(keeper, tx, connection)
            ]
            keeper.vault.wipe(tx, connection.id)
            removed = learn(keeper, tx, connection, Signal.REMOVE, why="removed by a person")
        for each in gone:
            revoke_now(keeper, each)
    return removed


def credentials_of(keeper: Keeper, tx: Tx, connection: Connection) -> list[tuple[Connection, Kept]]:
    """What is held, in force or on hold, each with the connection as it names it.

    For whoever takes all of it out of use; what is damaged is written down and left out.
    """
    elsewhere = as_held(tx, connection)
    every, damaged = keeper.vault.readable(tx, connection.id)
    give_up(keeper, tx, damaged)
    return [(elsewhere if kept.status == "held" else connection, kept) for kept in every]
