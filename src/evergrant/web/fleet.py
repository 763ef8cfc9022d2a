"""All connections together: their states over time, why they broke, what broke many at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response

from evergrant import keeper as verbs
from evergrant.keeper import Blast
from evergrant.store.listing import UNKNOWN
from evergrant.web.access import AsOperator, DeskOf
from evergrant.web.desk import Desk
from evergrant.web.explained import cause_title
from evergrant.web.filters import Filters
from evergrant.web.fleet_picture import picture_of

routes = APIRouter(include_in_schema=False)
HERE: Final = "/fleet"
SPANS: Final = {
    "day": ("24 hours", timedelta(days=1)),
    "week": ("7 days", timedelta(days=7)),
    "month": ("30 days", timedelta(days=30)),
    "quarter": ("90 days", timedelta(days=90)),
}
SHOWN: Final = 20
"""Causes, and events that broke many, that the page lists."""


@routes.get(HERE)
def show(
    who: AsOperator, desk: DeskOf, span: Annotated[str, Query(max_length=20)] = "week"
) -> Response:
    """The fleet over a span of time."""
    chosen = span if span in SPANS else "week"
    found = verbs.fleet_of(desk.keeper, SPANS[chosen][1])
    return desk.page(
        "fleet.html",
        who,
        here=HERE,
        fleet=found,
        picture=picture_of(found),
        span=chosen,
        spans=[(key, label) for key, (label, _) in SPANS.items()],
        total=sum(found.now.values()),
        causes=[
            (each, _title(desk, each.cause), _of_cause(each.cause)) for each in found.causes[:SHOWN]
        ],
        blasts=[(each, _title(desk, each.cause, each.error), *_of_blast(each))
                for each in found.blasts[:SHOWN]],
    )  # fmt: skip


def _title(desk: Desk, cause: str, error: str = "") -> str:
    if not cause:
        return f"Cause not known: {error}" if error else "Cause not known"
    return cause_title(cause, desk.keeper.catalog) or cause


def _of_cause(cause: str) -> str:
    return Filters(cause=cause or UNKNOWN).address("/connections")


def _of_blast(blast: Blast) -> tuple[str, str]:
    """The list of all that broke then, and of those among them that are broken still."""
    told = Filters(
        integration=blast.integration,
        cause=blast.cause or UNKNOWN,
        broke_from=blast.began.isoformat(),
        broke_to=blast.ended.isoformat(),
    )
    return told.address("/connections"), told.address("/connections", state="broken")
