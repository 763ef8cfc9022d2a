"""Single records over REST."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrant.emulator import soql
from evergrant.emulator.data.call import answer
from evergrant.emulator.data.errors import DataError
from evergrant.emulator.ids import is_id, to18
from evergrant.emulator.soql.scope import visible_fields

if TYPE_CHECKING:
    from starlette.responses import Response

    from evergrant.emulator.data.call import Call
    from evergrant.emulator.schema import Field, SObject


def read(call: Call) -> Response:
    """GET …/sobjects/User/005…: one record, all its fields or those named in `fields`."""
    entity, record = call.entity(), record_id(call)
    # A record whose id is never given out cannot be fetched by one either.
    if entity.by_name["id"].is_always_null:
        raise DataError("no_resource")
    fields = _wanted(call, entity)
    found = soql.one(call.org.db, entity, record, fields, call.caller, call.base)
    if found is None:
        raise DataError("no_resource")
    return answer(found)


def record_id(call: Call) -> str:
    """The 18-character id in the path; raises DataError where it is none."""
    text = call.param("record")
    if not is_id(text):
        raise DataError("no_record", fields=(text,))
    return to18(text)


def _wanted(call: Call, entity: SObject) -> tuple[Field, ...]:
    seen = {one.name.lower(): one for one in visible_fields(entity, call.caller)}
    asked = call.request.query_params.get("fields")
    if asked is None:
        return tuple(seen.values())
    names = list(dict.fromkeys(name.strip() for name in asked.split(",")))
    unknown = [name for name in names if name.lower() not in seen]
    if unknown:
        raise DataError("no_field", fields=unknown[:1], entity=entity.name)
    return tuple({name.lower(): seen[name.lower()] for name in ["id", *names]}.values())
