"""Reports of syncs over the API: an application tells how its own work goes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, Field

from evergrant import keeper as verbs
from evergrant.api.openers import Opened, opener
from evergrant.api.problems import OF_KEY, documented
from evergrant.api.sent import Sent
from evergrant.keeper import Keeper
from evergrant.model import Secret, as_json

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""No sync was before the first or is after the last: such a time is a mistake, and those at the
ends of the calendar do not even exist in every zone."""


class Report(Sent):
    """One sync of an integration with one connection."""

    succeeded: bool
    at: Annotated[AwareDatetime, Field(ge=EARLIEST, lt=LATEST)] | None = None
    detail: str = Field("", max_length=2000)
    records: int = Field(0, ge=0, le=2_000_000_000)


def sync_routes(keeper: Keeper, operator: Secret) -> APIRouter:
    """The routes, for the operator's key and for API keys that open the connection."""
    # NOTE: as a default, not in an annotation: there FastAPI could not find a local name.
    given: Any = Depends(opener(keeper, operator))
    routes = APIRouter(
        prefix="/v1/connections/{connection_id}/syncs",
        responses=documented(OF_KEY),
    )

    @routes.post("", status_code=201)
    def report(told: Report, opened: Opened = given) -> dict[str, Any]:
        """Report a sync; what it closed, cleared and missed."""
        came = verbs.report_sync(
            opened.keeper,
            opened.connection.id,
            succeeded=told.succeeded,
            at=told.at,
            detail=told.detail,
            records=told.records,
        )
        return {
            "connection": came.connection.id,
            "incident_closed": came.incident,
            "errors_cleared": came.cleared,
            "missed_window": as_json(came.missed),
            "next_by": as_json(came.next_by),
        }

    @routes.get("")
    def errors(opened: Opened = given) -> dict[str, Any]:
        """The failures that no success has cleared yet, newest first."""
        return {
            "errors": [
                as_json(each) for each in verbs.sync_errors(opened.keeper, opened.connection.id)
            ]
        }

    return routes
