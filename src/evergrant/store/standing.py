"""How a connection stands: all that a claim, or a caller, looks at, read in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from evergrant.model import Connection
from evergrant.store import connections, lifetimes
from evergrant.store.credentials import CredentialRow
from evergrant.store.engine import Tx
from evergrant.store.holding import hold
from evergrant.store.integrations import IntegrationRow
from evergrant.store.lifetimes import Lifetime
from evergrant.store.prepared import Prepared
from evergrant.store.rows import not_found
from evergrant.store.tables import (
    connection,
    credential,
    integration,
    lifetime,
    token_request,
    usage,
)
from evergrant.store.token_requests import TokenRequest


@dataclass(frozen=True, slots=True)
class Standing:
    """A connection, its integration, the credential in use, and what is known of it."""

    connection: Connection
    integration: IntegrationRow
    live: CredentialRow | None
    last: TokenRequest | None
    """The newest token request; an open one is always the newest."""
    lifetime: Lifetime
    used_at: datetime | None


_PART = sa.bindparam("which_part", type_=sa.String)
_NEWEST = (
    sa.select(sa.func.max(token_request.c.seq))
    .where(token_request.c.connection == connection.c.id, token_request.c.part == _PART)
    .correlate(connection)
    .scalar_subquery()
)
_TABLES = connection, integration, credential, token_request, lifetime, usage
_READ = Prepared(
    sa.select(*(each.label(f"{table.name}.{each.name}") for table in _TABLES for each in table.c))
    .select_from(
        connection.join(integration, integration.c.id == connection.c.integration)
        .outerjoin(
            credential,
            sa.and_(
                credential.c.connection == connection.c.id,
                credential.c.part == _PART,
                credential.c.status == sa.literal_column("'live'"),
            ),
        )
        .outerjoin(token_request, token_request.c.seq == _NEWEST)
        .outerjoin(
            lifetime,
            sa.and_(
                lifetime.c.integration == connection.c.integration,
                lifetime.c.org_id == connection.c.org_id,
            ),
        )
        .outerjoin(usage, usage.c.connection == connection.c.id)
    )
    .where(connection.c.id == sa.bindparam("connection_id", type_=sa.String))
)


_PARTS = tuple(
    (sum(len(before.c) for before in _TABLES[:number]), tuple(each.name for each in table.c))
    for number, table in enumerate(_TABLES)
)
"""Where the columns of each table begin, and their names."""


def of(tx: Tx, connection_id: str, part: str) -> Standing:
    """How a part of a connection stands.  Raises `NotFound`."""
    hold(tx, connection_id)
    cells = _READ.cells(tx, connection_id=connection_id, which_part=part)
    if cells is None:
        raise not_found("connection", connection_id, ())
    mine, whose, live, last, life, used = (
        dict(zip(names, cells[begins:], strict=False)) for begins, names in _PARTS
    )
    return Standing(
        connections.from_row(mine),
        IntegrationRow(**{**whose, "scopes": tuple(whose["scopes"])}),
        CredentialRow(**{**live, "scopes": tuple(live["scopes"])}) if live["id"] else None,
        TokenRequest(**last) if last["seq"] is not None else None,
        lifetimes.from_row(life) if life["at"] is not None else Lifetime(),
        used["used_at"],
    )
