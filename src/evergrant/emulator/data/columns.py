"""What a query would show, without its rows: the `columns` parameter that Salesforce CLI sends.

The parameter stands in no guide. Salesforce's own client reads `columnName`, `displayName`,
`aggregate` and `joinColumns` (plugin-data, commands/data/query); the other members are those that
clients in public declare, and what is in them is inferred.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator.ids import NO_ID
from evergrant.emulator.soql.ast import Query, Selected
from evergrant.emulator.soql.parser import parse
from evergrant.emulator.soql.select import Shown, statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrant.emulator.schema import Field
    from evergrant.emulator.soql.scope import Caller
    from evergrant.emulator.soql.select import Statement

Column = dict[str, Any]
_NUMBERS: Final = frozenset({"int", "double"})
_APEX: Final = {
    "id": "Id", "reference": "Id", "boolean": "Boolean", "int": "Integer", "double": "Double",
    "datetime": "Datetime", "date": "Date",
}  # fmt: skip


def described(text: str, caller: Caller) -> dict[str, Any]:
    """The columns of a query; raises SoqlError where the org refuses the query."""
    query = parse(text)
    asked = statement(query, caller)
    return {
        "columnMetadata": _columns(query, asked, caller),
        "entityName": asked.scope.entity.name,
        "groupBy": asked.kind == "groups",
        "idSelected": any(each.key == "Id" and not each.parents for each in asked.shown),
        "keyPrefix": asked.scope.entity.prefix,
        "emulator": {"columnMetadata": "inferred"},
    }


def _columns(query: Query, asked: Statement, caller: Caller) -> list[Column]:
    """In the order of the query; fields of one parent stand together under its name."""
    top: list[Column] = []
    for selected, shown in _paired(query, asked):
        if shown is None:
            top.append(_child(selected, asked, caller))
        else:
            _under(top, shown.parents).append(_leaf(selected, shown))
    return top


def _paired(query: Query, asked: Statement) -> Iterator[tuple[Selected, Shown | None]]:
    """Each item with what it shows; None for a query over children. COUNT() shows nothing."""
    if asked.kind == "count":
        return
    shown = iter(asked.shown)
    for selected in query.selected:
        yield selected, None if isinstance(selected.what, Query) else next(shown)


def _under(top: list[Column], parents: tuple[str, ...]) -> list[Column]:
    """The list that the field of a parent belongs into, made where it is missing."""
    columns = top
    for name in parents:
        found = next((each for each in columns if each["columnName"] == name), None)
        if found is None:
            found = _column(name, name)
            columns.append(found)
        columns = found["joinColumns"]
    return columns


def _leaf(selected: Selected, shown: Shown) -> Column:
    if shown.field is None and not isinstance(selected.what, Query):
        return _column(shown.key, selected.what.text, aggregate=True)
    return _column(shown.key, shown.key, shown.field)


def _child(selected: Selected, asked: Statement, caller: Caller) -> Column:
    """The children of a record: a column with columns, and an aggregate, as the client has it."""
    each = next(one for one in asked.children if one.query is selected.what)
    inner = each.of(NO_ID)
    column = _column(each.child.name, each.child.name, aggregate=True)
    return {**column, "joinColumns": _columns(inner, statement(inner, caller), caller)}


def _column(
    name: str, display: str, field: Field | None = None, *, aggregate: bool = False
) -> Column:
    kind = field.type if field else ""
    return {
        "aggregate": aggregate,
        "apexType": _APEX.get(kind, "String") if field else None,
        "booleanType": kind == "boolean",
        "columnName": name,
        "custom": name.endswith("__c"),
        "displayName": display,
        "foreignKeyName": field.relationship if field else None,
        "insertable": bool(field and field.createable),
        "joinColumns": [],
        "numberType": kind in _NUMBERS,
        "textType": bool(field) and kind not in _APEX,
        "updatable": bool(field and field.updateable),
    }
