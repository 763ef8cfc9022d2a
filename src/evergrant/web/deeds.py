"""Who did what: the audit log as a page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from evergrant import keeper as verbs
from evergrant.web.access import AsOperator, DeskOf

routes = APIRouter(include_in_schema=False)
HERE = "/log"
SHOWN = 100


@routes.get("/log")
def show(who: AsOperator, desk: DeskOf, before: Annotated[int, Query(ge=0)] = 0) -> Response:
    """The newest lines, or those before one."""
    found = verbs.latest_deeds(desk.keeper, before=before, limit=SHOWN + 1)
    names = verbs.names_of(desk.keeper, [each.subject for each in found])
    older = found[SHOWN - 1].seq if len(found) > SHOWN else 0
    return desk.page(
        "log.html", who, here=HERE, deeds=found[:SHOWN], names=names, older=older, before=before
    )
