"""Who may do something with one connection over the API: the operator, or a key that opens it."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import Header, HTTPException

from evergrant.errors import NotFound
from evergrant.keeper import Keeper
from evergrant.keeper.api_keys import key_of, may_open
from evergrant.model import Connection, Secret
from evergrant.store import connections


def opener(keeper: Keeper, operator: Secret) -> Callable[[str, str], Connection]:
    """A dependency that gives the connection of the path to whoever may have it.

    Everybody else is told that there is nothing: what exists beyond a key is nobody's business.
    """
    expected = f"Bearer {operator.reveal()}".encode()

    def opened(connection_id: str, authorization: Annotated[str, Header()] = "") -> Connection:
        key = None
        if not hmac.compare_digest(authorization.encode(), expected):
            scheme, _, word = authorization.partition(" ")
            key = key_of(keeper, word.strip() if scheme.lower() == "bearer" else "")
            if key is None:
                raise HTTPException(401, "the key is missing, wrong, revoked or expired")
        try:
            with keeper.reading() as tx:
                found = connections.get(tx, connection_id, tenant=key.tenant if key else "default")
        except NotFound as error:
            raise HTTPException(404, "there is nothing here for this key") from error
        if key is not None and not may_open(key, found):
            raise HTTPException(404, "there is nothing here for this key")
        return found

    return opened
