"""Connections as a forecast sees them: which flows they use, and how old their grants are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evergrant.audit.forecast_model import Grant
from evergrant.audit.model import Subject, Trait
from evergrant.health import State
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import AUTHORIZED
from evergrant.model import Connection, Integration
from evergrant.store import Tx, connections, events, keep_alive

_FLOWS = {
    "client.password_flow": "username_password",
    "client.soap_login": "soap_login",
    "client.jwt_flow": "jwt_bearer",
}
"""Trait of a client → the flow that makes it true."""


@dataclass(frozen=True, slots=True)
class Clients:
    """Our connections, for a forecast."""

    subjects: tuple[Subject, ...]
    grants: tuple[Grant, ...]


def clients(keeper: Keeper) -> Clients:
    """Every connection that is not removed; nothing is asked of any org."""
    with keeper.reading() as tx:
        held = {each.id: each for each in keeper.vault.integrations(tx)}
        alive = [(each, held[each.integration]) for each in connections.every(tx)
                 if each.state is not State.REMOVED and each.integration in held]  # fmt: skip
        return Clients(
            tuple(_subject(each, integration) for each, integration in alive),
            tuple(grant for each in alive for grant in _grants(keeper, tx, *each)),
        )


def _subject(connection: Connection, integration: Integration) -> Subject:
    traits = {name: Trait(name, integration.flow == flow) for name, flow in _FLOWS.items()}
    return Subject("client", connection.name, "connections", traits=traits, app=connection.name)


def _grants(
    keeper: Keeper, tx: Tx, connection: Connection, integration: Integration
) -> Iterator[Grant]:
    """Its live refresh token, where it holds one."""
    kept = keeper.vault.live(tx, connection.id)
    if kept is None or kept.credential.refresh_token is None:
        return
    last = events.of_kinds(tx, connection.id, AUTHORIZED, limit=1)
    authorized = last[0].at if last else None
    policy = keep_alive.policy(tx, integration.id)
    limit = policy.idle_limit_days if policy else None
    # NOTE: an access token is issued when its refresh token is used, or with it.
    used = kept.credential.issued_at or authorized
    yield Grant(integration.app_label, connection.name, authorized, used, limit)
