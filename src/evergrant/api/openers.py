"""Who may do something over the API, and as whose keeper: the operator, or a key that opens it."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Header

from evergrant import keeper as verbs
from evergrant.api import problems
from evergrant.api.problems import Problem
from evergrant.errors import NotFound
from evergrant.keeper import Keeper
from evergrant.keeper.api_keys import key_of, may_open
from evergrant.model import Connection, Secret
from evergrant.store import connections
from evergrant.store.scope import FIRST

TENANT = "Evergrant-Tenant"
"""The header by which whoever has the operator's key says for which tenant."""
Named = Annotated[str, Header(alias=TENANT, max_length=64)]


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection that somebody may have, and the keeper of its tenant."""

    keeper: Keeper
    connection: Connection


def operator_of(keeper: Keeper, operator: Secret) -> Callable[[str, str], Keeper]:
    """A dependency that gives the keeper of one tenant to whoever shows the operator's key."""

    def narrowed(
        authorization: Annotated[str, Header()] = "", evergrant_tenant: Named = FIRST
    ) -> Keeper:
        if not _is(authorization, operator):
            raise Problem(problems.NO_OPERATOR)
        return verbs.require_tenant(keeper, evergrant_tenant)

    return narrowed


def opener(keeper: Keeper, operator: Secret) -> Callable[[str, str, str], Opened]:
    """A dependency that gives the connection of the path to whoever may have it.

    Everybody else is told that there is nothing: what exists beyond a key is nobody's business.
    """

    def opened(
        connection_id: str,
        authorization: Annotated[str, Header()] = "",
        evergrant_tenant: Named = FIRST,
    ) -> Opened:
        key = None
        if not _is(authorization, operator):
            scheme, _, word = authorization.partition(" ")
            key = key_of(keeper, word.strip() if scheme.lower() == "bearer" else "")
            if key is None:
                raise Problem(problems.NO_KEY)
        own = keeper.of(key.tenant if key else evergrant_tenant)
        try:
            with own.reading() as tx:
                found = connections.get(tx, connection_id)
        except NotFound as error:
            raise Problem(problems.NOT_FOUND) from error
        if key is not None and not may_open(key, found):
            raise Problem(problems.NOT_FOUND)
        return Opened(own, found)

    return opened


def _is(authorization: str, operator: Secret) -> bool:
    expected = f"Bearer {operator.reveal()}".encode()
    return hmac.compare_digest(authorization.encode(), expected)
