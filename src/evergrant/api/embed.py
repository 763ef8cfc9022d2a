"""Session words for the parts that a host application embeds; its backend asks for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import Field

from evergrant import keeper as verbs
from evergrant.api.openers import Opened, opener
from evergrant.api.problems import OF_KEY, documented
from evergrant.api.sent import Sent
from evergrant.keeper import Keeper
from evergrant.keeper.embedding import LIFE, LONGEST, MOST_WHO, Reader
from evergrant.model import Secret, as_json


class NewSession(Sent):
    """A session for one reader of a connection, on pages of one origin."""

    origin: str = Field(max_length=300)
    reader: Reader = "end user"
    who: str = Field("", max_length=MOST_WHO)
    expires_s: int = Field(int(LIFE.total_seconds()), ge=30, le=int(LONGEST.total_seconds()))


def embed_routes(keeper: Keeper, operator: Secret) -> APIRouter:
    """The route, for the operator's key and for API keys that open the connection."""
    # NOTE: as a default, not in an annotation: there FastAPI could not find a local name.
    given: Any = Depends(opener(keeper, operator))
    routes = APIRouter(
        prefix="/v1/connections/{connection_id}/embed-sessions",
        responses=documented(OF_KEY),
    )

    @routes.post("", status_code=201)
    def mint(wanted: NewSession, opened: Opened = given) -> dict[str, Any]:
        """Mint a short-lived session word for an embedded part; hand it to that browser only."""
        session = verbs.mint(
            opened.keeper,
            opened.connection.id,
            origin=wanted.origin,
            reader=wanted.reader,
            who=wanted.who,
            life=timedelta(seconds=wanted.expires_s),
        )
        return {"token": session.word.reveal(), "expires_at": as_json(session.expires_at)}

    return routes
