"""Who is expected back from Salesforce, part by part: another part may be another user."""

from __future__ import annotations

from evergrant.keeper.flows import SPOKEN
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.parts import first_part
from evergrant.model import Identity
from evergrant.store import Tx, connections
from evergrant.store.flows import Flow
from evergrant.store.parts import MAIN


def expected_in(keeper: Keeper, flow: Flow) -> Identity | None:
    """Who is expected back for the part that a flow is at; None while nobody is."""
    if not flow.connection:
        return None
    with keeper.reading() as tx:
        return _expected(keeper, tx, flow.connection, flow.part)


def expected_next(keeper: Keeper, connection_id: str) -> tuple[str, Identity | None]:
    """The part at which a new flow of a connection would begin, and who is expected for it.

    Raises `NotFound`.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        integration = keeper.vault.integration(tx, connection.integration)
        part = first_part(tx, connection, integration, SPOKEN)
        return part, _expected(keeper, tx, connection.id, part)


def _expected(keeper: Keeper, tx: Tx, connection_id: str, part: str) -> Identity | None:
    if part == MAIN:
        return connections.get(tx, connection_id).identity
    kept = keeper.vault.live(tx, connection_id, part)
    return kept.identity if kept and kept.identity.user_id else None


def org_of(keeper: Keeper, flow: Flow) -> str:
    """The org id of a flow's connection; empty while it is not known."""
    if not flow.connection:
        return ""
    with keeper.reading() as tx:
        identity = connections.get(tx, flow.connection).identity
    return identity.org_id if identity else ""
