"""How a connection stands: what a caller looks at, and what a claim does, each in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import accumulate, pairwise
from typing import Any

import sqlalchemy as sa

from evergrant.model import Connection
from evergrant.store import connections, integrations, lifetimes
from evergrant.store.credentials import Sealed
from evergrant.store.engine import Tx
from evergrant.store.holding import hold, hold_each
from evergrant.store.integrations import IntegrationRow
from evergrant.store.lifetimes import Lifetime
from evergrant.store.prepared import Prepared
from evergrant.store.rows import not_found
from evergrant.store.tables import (
    connection,
    credential,
    lifetime,
    token_request,
    usage,
)
from evergrant.store.token_requests import TokenRequest


@dataclass(frozen=True, slots=True)
class Standing:
    """A connection, the credential in use, and what is known of it."""

    connection: Connection
    live: Sealed | None
    lifetime: Lifetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Renewable:
    """A connection, its integration, the credential in use, and what was asked for it last."""

    connection: Connection
    integration: IntegrationRow
    live: Sealed | None
    last: TokenRequest | None
    """The newest token request, an open one always; None where it brought a token, for then nothing
    is left of it to do."""


_Columns = Sequence[sa.Column[Any]]


def _of(noun: type, table: sa.Table) -> _Columns:
    """The columns of a table in the order of the noun's fields."""
    return [table.c[each.name] for each in fields(noun)]


def _read(nouns: Sequence[_Columns], rows: sa.FromClause) -> Prepared:
    mine = connection.c.id == sa.bindparam("connection_id", type_=sa.String)
    named = (each.label(f"{each.table.name}.{each.name}") for noun in nouns for each in noun)
    return Prepared(sa.select(*named).select_from(rows).where(mine))


def _cuts(nouns: Sequence[_Columns]) -> tuple[slice, ...]:
    ends = accumulate((len(noun) for noun in nouns), initial=0)
    return tuple(slice(begins, ends) for begins, ends in pairwise(ends))


_PART = sa.bindparam("which_part", type_=sa.String)
_IN_USE = sa.and_(
    credential.c.connection == connection.c.id,
    credential.c.part == _PART,
    credential.c.status == sa.literal_column("'live'"),
)
_LEARNED = sa.and_(
    lifetime.c.integration == connection.c.integration, lifetime.c.org_id == connection.c.org_id
)
_NEWEST = (
    sa.select(sa.func.max(token_request.c.seq))
    .where(token_request.c.connection == connection.c.id, token_request.c.part == _PART)
    .correlate(connection)
    .scalar_subquery()
)
_LEFT = sa.and_(
    token_request.c.seq == _NEWEST, token_request.c.state != sa.literal_column("'done'")
)
_CONNECTION, _CREDENTIAL = list(connection.c), _of(Sealed, credential)
_REQUEST, _OF_LIFETIME = _of(TokenRequest, token_request), lifetime.c.keys()
_STANDING = _CONNECTION, _CREDENTIAL, list(lifetime.c), list(usage.c)
_STANDING_CUTS = _cuts(_STANDING)
_STANDS = _read(
    _STANDING,
    connection.outerjoin(credential, _IN_USE)
    .outerjoin(lifetime, _LEARNED)
    .outerjoin(usage, usage.c.connection == connection.c.id),
)
_RENEWABLE = _CONNECTION, _CREDENTIAL, _REQUEST
_RENEWABLE_CUTS = _cuts(_RENEWABLE)
_RENEWS = _read(
    _RENEWABLE,
    connection.outerjoin(credential, _IN_USE).outerjoin(token_request, _LEFT),
)


def of(tx: Tx, connection_id: str, part: str) -> Standing:
    """How a part of a connection stands for a caller.  Raises `NotFound`."""
    hold(tx, connection_id)
    [cells] = _cells(_STANDS, tx, [(connection_id, part)])
    mine, live, life, used = (cells[cut] for cut in _STANDING_CUTS)
    known = lifetimes.from_row(dict(zip(_OF_LIFETIME, life, strict=True))) if life[0] else None
    whose = connections.from_cells(mine)
    return Standing(whose, _sealed(live), known or Lifetime(), used[1])


def to_renew(tx: Tx, which: Sequence[tuple[str, str]]) -> list[Renewable]:
    """How these stand for a claim, each the id of a connection and a part.  Raises `NotFound`."""
    hold_each(tx, [connection_id for connection_id, _ in which])
    rows = [[cells[cut] for cut in _RENEWABLE_CUTS] for cells in _cells(_RENEWS, tx, which)]
    found = [(connections.from_cells(mine), live, last) for mine, live, last in rows]
    # Many connections are of one integration: it is read once, and not beside each.
    whose = integrations.by_ids(tx, {mine.integration for mine, _, _ in found})
    return [
        Renewable(mine, whose[mine.integration], _sealed(live), _asked(last))
        for mine, live, last in found
    ]


def _cells(what: Prepared, tx: Tx, which: Sequence[tuple[str, str]]) -> list[list[Any]]:
    asked = [{"connection_id": connection_id, "which_part": part} for connection_id, part in which]
    found = []
    for (connection_id, _), cells in zip(which, what.cells_each(tx, asked), strict=True):
        if cells is None:
            raise not_found("connection", connection_id, ())
        found.append(cells)
    return found


def _sealed(cells: list[Any]) -> Sealed | None:
    return Sealed(*cells) if cells[0] is not None else None


def _asked(cells: list[Any]) -> TokenRequest | None:
    return TokenRequest(*cells) if cells[0] is not None else None
