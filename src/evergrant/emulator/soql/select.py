"""SELECT, GROUP BY, ORDER BY and the whole statement: a parsed query to bound SQL."""

from dataclasses import dataclass
from typing import Final, Literal

from evergrant.emulator.schema import Field, FieldType
from evergrant.emulator.soql.ast import Aggregate, Function, Ordered, Path, Query, Selected
from evergrant.emulator.soql.children import Children, children_of
from evergrant.emulator.soql.errors import SoqlError
from evergrant.emulator.soql.scope import Binder, Bound, Caller, Column, Scope
from evergrant.emulator.soql.where import condition_sql

_MEASURABLE: Final[frozenset[FieldType]] = frozenset(
    {"string", "picklist", "url", "email", "phone", "int", "double", "datetime"}
)
_COUNTABLE: Final[frozenset[FieldType]] = _MEASURABLE | {"id", "reference", "boolean"}
_TYPES: Final[dict[Function, frozenset[FieldType]]] = {
    "COUNT": _COUNTABLE,
    "COUNT_DISTINCT": _COUNTABLE,
    "MIN": _MEASURABLE,
    "MAX": _MEASURABLE,
    "SUM": frozenset({"int", "double"}),
    "AVG": frozenset({"int", "double"}),
}
"""What each function works on: SOQL and SOSL Reference, support for field types."""
_CALLS: Final[dict[Function, str]] = {
    "COUNT": "COUNT({})",
    "COUNT_DISTINCT": "COUNT(DISTINCT {})",
    "MIN": "MIN({})",
    "MAX": "MAX({})",
    "SUM": "SUM({})",
    "AVG": "AVG({})",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One value of a record: where it goes and of which field it is; None for an aggregate."""

    parents: tuple[str, ...]
    key: str
    field: Field | None


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with its bound values, and what its columns mean.

    The columns are those of `shown`, then one id for each path of `parents`, the record itself
    first; COUNT() has neither.  Of children nothing is among them: they are asked for apart.
    """

    sql: str
    values: dict[str, Bound]
    scope: Scope
    shown: tuple[Shown, ...]
    parents: tuple[tuple[str, ...], ...]
    children: tuple[Children, ...]
    kind: Literal["count", "groups", "records"]


def statement(query: Query, caller: Caller) -> Statement:
    """The SQL of a query for this caller; raises SoqlError where the org refuses it."""
    scope = Scope(query, caller, "t")
    binder = Binder(caller)
    functions = [each.what for each in query.selected if isinstance(each.what, Aggregate)]
    if functions and functions[0].path is None:
        return _bare_count(query, scope, binder)
    if query.groups or functions:
        return _grouped(query, scope, binder)
    return _rows(query, scope, binder)


def _bare_count(query: Query, scope: Scope, binder: Binder) -> Statement:
    if query.groups:
        at = query.groups[0]
        raise SoqlError("unexpected_token", query.text, at.at, token=at.text)
    where, limit = _where(query, scope, binder), _limit(query, binder)
    sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM {scope.source}{where}{limit})"
    return Statement(sql, binder.values, scope, (), (), (), "count")


def _rows(query: Query, scope: Scope, binder: Binder) -> Statement:
    children = children_of(query, scope)
    plain = [each for each in query.selected if not isinstance(each.what, Query)]
    columns = [_selected_column(each, scope) for each in plain]
    _no_duplicates(columns, plain, query)
    orders = [_order_of_row(each, scope) for each in query.orders]
    where = _where(query, scope, binder)
    # Without an order of its own the answer still comes in one: by id, oldest first.
    order = ", ".join([*orders, 't0."Id"'])
    parents = _records_on_the_way(columns)
    ids = [f'{scope.parents[each].alias}."Id"' for each in parents]
    what = ", ".join([*(one.sql for one in columns), *ids])
    limit = _limit(query, binder)
    sql = f"SELECT {what} FROM {scope.source}{where} ORDER BY {order}{limit}"
    shown = tuple(Shown(one.parents, one.field.name, one.field) for one in columns)
    return Statement(sql, binder.values, scope, shown, parents, children, "records")


def _grouped(query: Query, scope: Scope, binder: Binder) -> Statement:
    groups = [_group(each, scope) for each in query.groups]
    known = {one.sql for one in groups}
    having = _having(query, scope, binder, known)
    parts = [_grouped_item(each, scope, known) for each in query.selected]
    shown = _named(query, parts)
    orders = [_order_of_group(each, scope, known) for each in query.orders]
    where = _where(query, scope, binder)
    group = ", ".join(one.sql for one in groups)
    order = ", ".join([*orders, *(one.sql for one in groups)])
    tail = (f" GROUP BY {group}{having}" if group else "") + (f" ORDER BY {order}" if order else "")
    what = ", ".join(sql for sql, _ in parts)
    limit = _limit(query, binder)
    sql = f"SELECT {what} FROM {scope.source}{where}{tail}{limit}"
    return Statement(sql, binder.values, scope, shown, (), (), "groups")


def _records_on_the_way(columns: list[Column]) -> tuple[tuple[str, ...], ...]:
    """The record itself and every parent that a column passes through, each once."""
    found = dict.fromkeys(
        one.parents[:depth] for one in columns for depth in range(len(one.parents) + 1)
    )
    return tuple(dict.fromkeys(((), *found)))


def _selected_column(selected: Selected, scope: Scope) -> Column:
    if not isinstance(selected.what, Path):
        raise TypeError("a query with aggregates is a grouped one")
    if selected.alias is not None:
        raise SoqlError("alias_without_group", scope.query.text, selected.what.at)
    return scope.column(selected.what)


def _no_duplicates(columns: list[Column], plain: list[Selected], query: Query) -> None:
    seen: set[tuple[str, ...]] = set()
    for selected, column in zip(plain, columns, strict=True):
        path = (*column.parents, column.field.name)
        if path in seen:
            at = selected.what.at
            raise SoqlError("duplicate_field", query.text, at, field=column.field.name)
        seen.add(path)


def _group(path: Path, scope: Scope) -> Column:
    column = scope.column(path)
    if not column.field.groupable:
        raise SoqlError("not_groupable", scope.query.text, path.at, field=path.text)
    return column


def _grouped_item(selected: Selected, scope: Scope, known: set[str]) -> tuple[str, Column | None]:
    if isinstance(selected.what, Aggregate):
        return _call(selected.what, scope), None
    if isinstance(selected.what, Query):
        raise SoqlError("unexpected_token", scope.query.text, selected.what.at, token="SELECT")
    column = _of_a_group(selected.what, scope, known)
    return column.sql, column


def _of_a_group(path: Path, scope: Scope, known: set[str]) -> Column:
    column = scope.column(path)
    if column.sql not in known:
        raise SoqlError("not_grouped", scope.query.text, path.at, field=path.text)
    return column


def _having(query: Query, scope: Scope, binder: Binder, known: set[str]) -> str:
    """HAVING: grouped fields and functions, compared as in WHERE."""
    if query.having is None:
        return ""

    def column(path: Path | Aggregate) -> Column:
        if isinstance(path, Aggregate):
            return Column(_call(path, scope), _field_of(path, scope), ())
        return _of_a_group(path, scope, known)

    return f" HAVING {condition_sql(query.having, scope, binder, column)}"


def _field_of(asked: Aggregate, scope: Scope) -> Field:
    """What an aggregate is compared as: a number, but for the smallest and the largest."""
    if asked.path is not None and asked.function in ("MIN", "MAX"):
        return scope.column(asked.path).field
    return Field(asked.text, "double", asked.text)


def _named(query: Query, parts: list[tuple[str, Column | None]]) -> tuple[Shown, ...]:
    """The keys of an aggregate result: aliases, field names, and expr0, expr1 and so on."""
    found: list[Shown] = []
    taken: set[str] = set()
    unnamed = 0
    for selected, (_, column) in zip(query.selected, parts, strict=True):
        key = selected.alias or (column.field.name if column else f"expr{unnamed}")
        unnamed += selected.alias is None and column is None
        if key.lower() in taken:
            raise SoqlError("duplicate_alias", query.text, selected.what.at, field=key)
        taken.add(key.lower())
        found.append(Shown((), key, column.field if column else None))
    return tuple(found)


def _call(asked: Aggregate, scope: Scope) -> str:
    if asked.path is None:
        raise SoqlError("unexpected_token", scope.query.text, asked.at, token=asked.function)
    column = scope.column(asked.path)
    is_counted = asked.function in ("COUNT", "COUNT_DISTINCT")
    is_refused = is_counted and not column.field.countable
    if is_refused or column.field.type not in _TYPES[asked.function]:
        raise SoqlError(
            "not_aggregatable",
            scope.query.text,
            asked.at,
            field=asked.path.text,
            token=asked.function,
        )
    return _CALLS[asked.function].format(column.sql)


def _order_of_row(ordered: Ordered, scope: Scope) -> str:
    if isinstance(ordered.what, Aggregate):
        at = ordered.what
        raise SoqlError("unexpected_token", scope.query.text, at.at, token=at.function)
    return _sorted(_sortable(ordered.what, scope), ordered)


def _order_of_group(ordered: Ordered, scope: Scope, known: set[str]) -> str:
    if isinstance(ordered.what, Aggregate):
        return _sorted(_call(ordered.what, scope), ordered)
    column = _sortable(ordered.what, scope)
    if column not in known:
        at = ordered.what
        raise SoqlError("order_not_grouped", scope.query.text, at.at, field=at.text)
    return _sorted(column, ordered)


def _sortable(path: Path, scope: Scope) -> str:
    column = scope.column(path)
    if not column.field.sortable:
        raise SoqlError("not_sortable", scope.query.text, path.at, field=path.text)
    return column.sql


def _sorted(sql: str, ordered: Ordered) -> str:
    return f"{sql} {'DESC' if ordered.is_descending else 'ASC'} NULLS {ordered.nulls}"


def _where(query: Query, scope: Scope, binder: Binder) -> str:
    return f" WHERE {condition_sql(query.where, scope, binder)}" if query.where else ""


def _limit(query: Query, binder: Binder) -> str:
    limit = -1 if query.limit is None else query.limit
    return f" LIMIT {binder.bind(limit)} OFFSET {binder.bind(query.offset)}"
