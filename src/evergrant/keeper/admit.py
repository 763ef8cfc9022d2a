"""Which connections may be made or authorized anew; asked before anything is spent on them."""

from __future__ import annotations

from evergrant.errors import BadInput, Misuse
from evergrant.health import State
from evergrant.keeper.keeper import Keeper
from evergrant.model import Connection
from evergrant.store import Tx, connections
from evergrant.store.rows import new_id


def check_name(tx: Tx, integration_id: str, name: str) -> None:
    """See that a new connection may have this name.

    Raises `BadInput` for a name that is empty or taken.
    """
    if not name.strip():
        raise BadInput("a connection needs a name", next_step="say what you call the customer")
    if taken := connections.named(tx, integration_id, name):
        raise BadInput(
            f"there is a connection {name!r} already",
            next_step=f"choose another name, or reauthorize {taken.id}",
        )


def refuse_removed(connection: Connection) -> None:
    """Raises `Misuse` for a connection that was removed: it has come to its end."""
    if connection.state is State.REMOVED:
        raise Misuse(f"{connection.name} was removed", next_step="connect the org anew")


def new_connection(keeper: Keeper, integration_id: str, name: str, host: str) -> Connection:
    """A connection that nobody has proven yet; it is stored with its first credential."""
    now, whose = keeper.clock.now(), keeper.tenant
    return Connection(
        new_id("con"), integration_id, name, State.DEGRADED, host, since=now, tenant=whose
    )
