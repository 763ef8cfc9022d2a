"""The body of an event log file, as bytes: GET …/sobjects/EventLogFile/0AT…/LogFile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from evergrant.emulator import soql
from evergrant.emulator.data.errors import HEADERS, DataError
from evergrant.emulator.data.records import record_id
from evergrant.emulator.events import files

if TYPE_CHECKING:
    from evergrant.emulator.data.call import Call


def read(call: Call) -> Response:
    """The CSV of a log file that the caller may see; raises DataError."""
    entity, record = call.entity(), record_id(call)
    field = entity.by_name.get(call.param("field").lower())
    if field is None or field.type != "base64":
        raise DataError("no_resource")
    fields = (entity.by_name["id"],)
    seen = soql.one(call.org.db, entity, record, fields, call.caller, call.base)
    body = files.body_of(call.org, record) if seen else None
    if body is None:
        raise DataError("no_resource")
    return Response(body, headers=HEADERS, media_type="text/csv")
