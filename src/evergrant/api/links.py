"""Reconnect links over the API: made, listed, revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from evergrant import keeper as verbs
from evergrant.api.sent import Sent
from evergrant.keeper import Keeper
from evergrant.keeper.links import LIFE, LONGEST, Standing
from evergrant.model import as_json


class NewLink(Sent):
    """A reconnect link to make."""

    connection: str = Field(max_length=200)
    expires_s: int = Field(int(LIFE.total_seconds()), ge=60, le=int(LONGEST.total_seconds()))


def link_routes(own: Any) -> APIRouter:
    """The routes; `own` is the dependency that gives the keeper of whoever may call."""
    routes = APIRouter(prefix="/links")

    @routes.post("", status_code=201)
    def make(wanted: NewLink, keeper: Keeper = own) -> dict[str, Any]:
        """Make a reconnect link for one connection; its address is shown once."""
        life = timedelta(seconds=wanted.expires_s)
        made = verbs.make_link(keeper, wanted.connection, life=life)
        return {
            "id": made.link.id,
            "link": made.address.reveal(),
            "expires_at": as_json(made.link.expires_at),
        }

    @routes.get("")
    def every(connection: str = "", keeper: Keeper = own) -> dict[str, Any]:
        """The reconnect links of a connection, or all of them; never their addresses."""
        return {"links": [told(each) for each in verbs.links_of(keeper, connection)]}

    @routes.delete("/{link_id}")
    def revoke(link_id: str, keeper: Keeper = own) -> dict[str, Any]:
        """Make a reconnect link worth nothing from now on."""
        gone = verbs.revoke_link(keeper, link_id)
        return {"id": gone.id, "revoked_at": as_json(gone.revoked_at)}

    return routes


def told(standing: Standing) -> dict[str, Any]:
    """A link as programs read it."""
    link = standing.link
    return {
        "id": link.id,
        "connection": link.connection,
        "name": standing.connection,
        "status": standing.status,
        "made_at": as_json(link.made_at),
        "expires_at": as_json(link.expires_at),
        "opened_at": as_json(link.opened_at),
        "revoked_at": as_json(link.revoked_at),
    }
