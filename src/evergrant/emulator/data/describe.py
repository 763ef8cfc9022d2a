"""What the org says of its objects: all of them, one in brief, one with its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrant.emulator.data.call import answer
from evergrant.emulator.objects import OBJECTS
from evergrant.emulator.soql.scope import visible_fields, visible_rows

if TYPE_CHECKING:
    from starlette.responses import Response

    from evergrant.emulator.data.call import Call
    from evergrant.emulator.schema import Field, SObject


def every(call: Call) -> Response:
    """GET …/sobjects: the objects that this caller may see."""
    seen = [
        _brief(call, each) for each in OBJECTS.values()
        if visible_rows(each, call.caller) is not None
        and (each.in_tooling or not call.caller.is_tooling)
    ]  # fmt: skip
    return answer({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": seen})


def brief(call: Call) -> Response:
    """GET …/sobjects/User: the object without its fields; recent items are not built."""
    return answer({"objectDescribe": _brief(call, call.entity()), "recentItems": []})


def whole(call: Call) -> Response:
    """GET …/sobjects/User/describe: the object's fields and what may be done with them.

    Only what this org knows; the many other keys of a real describe are left out. The key
    `emulator` is ours: how well the fields, the prefix and the visibility of rows are known.
    """
    entity = call.entity()
    return answer({
        **_brief(call, entity),
        "childRelationships": [
            {"childSObject": each.entity, "field": each.field, "relationshipName": each.name}
            for each in entity.children
        ],
        "emulator": {
            "fields": entity.fields_mark,
            "keyPrefix": entity.prefix_mark,
            "visibility": entity.visible.mark,
            "rows": entity.rows,
        },
        "fields": [_described(one) for one in visible_fields(entity, call.caller)],
    })  # fmt: skip


def _brief(call: Call, entity: SObject) -> dict[str, object]:
    api = "/tooling" if call.caller.is_tooling else ""
    address = f"{call.base}{api}/sobjects/{entity.name}"
    return {
        "name": entity.name,
        "label": entity.label,
        "keyPrefix": entity.prefix,
        "custom": False,
        "queryable": True,
        "retrieveable": not entity.by_name["id"].is_always_null,
        "createable": call.caller.has_any(entity.createable),
        "updateable": call.caller.has_any(entity.updateable),
        "deletable": call.caller.has_any(entity.deletable),
        "urls": {
            "sobject": address,
            "describe": f"{address}/describe",
            "rowTemplate": f"{address}/{{ID}}",
        },
    }


def _described(one: Field) -> dict[str, object]:
    is_number = one.type in ("int", "double")
    return {
        "name": one.name,
        "label": one.label,
        "type": one.type,
        "length": 0 if is_number else one.length,
        "digits": one.length if is_number else 0,
        "filterable": one.filterable,
        "groupable": one.groupable,
        "sortable": one.sortable,
        "createable": one.createable,
        "updateable": one.updateable,
        "referenceTo": list(one.refers_to),
        "relationshipName": one.relationship,
        "picklistValues": [{"value": each, "active": True} for each in one.values],
    }
