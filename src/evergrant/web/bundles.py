"""The support bundle of a connection, or of one of its incidents, as a download."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from evergrant import keeper as verbs
from evergrant.web.access import AsOperator, DeskOf

routes = APIRouter(include_in_schema=False, prefix="/connections/{connection_id}")


@routes.get("/bundle")
def bundle(
    _who: AsOperator,
    desk: DeskOf,
    connection_id: str,
    incident: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """The redacted evidence as a file; `evergrant bundle judge` reads it."""
    made = verbs.support_bundle(desk.keeper, connection_id, incident)
    # NOTE: the name is made of our own ids and the time: customers' names are no file names.
    about = made.incident.id if made.incident else "connection"
    name = f"evergrant-{about}-{made.made_at:%Y%m%d-%H%M%S}.json"
    return Response(
        json.dumps(made.content, ensure_ascii=False, indent=1) + "\n",
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
