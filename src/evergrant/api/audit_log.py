"""Who acts through the API, and the audit log of who did what."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Query

from evergrant import keeper as verbs
from evergrant.keeper import Keeper
from evergrant.log import acting_as
from evergrant.model import as_json

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

MOST = 1_000
"""Lines of one answer."""
LAST = 2**63 - 1
"""The highest `seq` that a database counts to."""


class Acting:
    """An ASGI app in which whoever comes with the operator's key acts as the API."""

    def __init__(self, app: ASGIApp) -> None:
        self._inner = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._inner(scope, receive, send)
            return
        with acting_as("api"):
            await self._inner(scope, receive, send)


def audit_routes(own: Any) -> APIRouter:
    """The route; `own` is the dependency that gives the keeper of whoever may call."""
    routes = APIRouter(prefix="/audit-log")

    @routes.get("")
    def lines(after: int = Query(0, ge=0, le=LAST), keeper: Keeper = own) -> dict[str, Any]:
        """Who did what, oldest first; go on after the last `seq`."""
        found = list(islice(verbs.deeds(keeper, after=after), MOST))
        return {"deeds": as_json(found), "is_whole": len(found) < MOST}

    return routes
