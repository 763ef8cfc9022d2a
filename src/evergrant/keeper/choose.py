"""What a person decides about a connection: keep or switch, pause, resume, remove."""

from __future__ import annotations

from evergrant.errors import Misuse
from evergrant.health import Signal, State
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.live import give_back, make_live
from evergrant.keeper.record import learn
from evergrant.model import Connection
from evergrant.store import connections


def release(keeper: Keeper, connection_id: str, *, switch: bool) -> Connection:
    """End a hold: `switch` to the org or user that came back, or keep the one before.

    Raises `Misuse` when nothing is on hold.
    """
    with keeper.writing() as tx:
        connection = connections.get(tx, connection_id)
        held = keeper.vault.held(tx, connection.id)
        if connection.state is not State.ON_HOLD or held is None:
            raise Misuse(f"{connection.name} is not on hold", next_step="see `evergrant status`")
        choice = "switched" if switch else "kept the one before"
        connection = learn(keeper, tx, connection, Signal.HOLD_RELEASED, why=choice)
        if not switch:
            keeper.vault.drop_held(tx, connection.id)
            return connection
    return make_live(keeper, connection, held, held.identity)


def pause(keeper: Keeper, connection_id: str) -> Connection:
    """Leave a connection alone until it is resumed."""
    return _signal(keeper, connection_id, Signal.PAUSE, "paused by a person")


def resume(keeper: Keeper, connection_id: str) -> Connection:
    """Watch a paused connection again; it is unproven until the next check."""
    return _signal(keeper, connection_id, Signal.RESUME, "resumed by a person")


def _signal(keeper: Keeper, connection_id: str, signal: Signal, why: str) -> Connection:
    with keeper.writing() as tx:
        return learn(keeper, tx, connections.get(tx, connection_id), signal, why=why)


def remove(keeper: Keeper, connection_id: str) -> Connection:
    """Revoke what is held at Salesforce, destroy what is held here, and end the connection.

    A revocation that fails is written down and does not keep the secrets alive here.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        kept = [keeper.vault.live(tx, connection.id), keeper.vault.held(tx, connection.id)]
    for each in filter(None, kept):
        give_back(keeper, connection, each.credential)
    with keeper.writing() as tx:
        keeper.vault.wipe(tx, connection.id)
        return learn(keeper, tx, connections.get(tx, connection_id), Signal.REMOVE, why="removed")
