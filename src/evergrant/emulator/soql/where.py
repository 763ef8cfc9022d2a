"""WHERE and HAVING to SQL: each comparison is checked against its field's properties and type.

SOQL knows no third truth value: a null field is simply unequal to any value (inferred from how
!= and NOT IN treat nulls).  SQL's unknown therefore ends at each negation: between AND and OR
it does no harm, and plain comparisons let the database use its indexes.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Final, Never, assert_never

from evergrant.emulator.ids import is_id, to18
from evergrant.emulator.objects import stamp
from evergrant.emulator.schema import FieldType
from evergrant.emulator.soql import dates as soql_dates
from evergrant.emulator.soql.ast import (
    Aggregate,
    Combined,
    Comparison,
    Condition,
    Joined,
    Listed,
    Literals,
    Not,
    Path,
    Period,
    String,
)
from evergrant.emulator.soql.errors import SoqlError
from evergrant.emulator.soql.scope import Binder, Bound, Column, Scope

_KINDS: Final[dict[FieldType, str]] = {
    "id": "id",
    "reference": "reference",
    "string": "string",
    "picklist": "string",
    "textarea": "string",
    "url": "string",
    "email": "string",
    "phone": "string",
    "boolean": "boolean",
    "int": "integer",
    "double": "double",
    "base64": "base64",
    "datetime": "dateTime",
}
"""How an error calls the type of a field."""

_ORDERLESS: Final = frozenset({"boolean"})
_NUMBERS: Final = frozenset({"integer", "double"})
_IDS: Final = frozenset({"id", "reference"})
_LONGEST_PATTERN: Final = 10_000
_LARGEST: Final = 2**62
ColumnOf = Callable[[Path | Aggregate], Column]


def condition_sql(
    condition: Condition, scope: Scope, binder: Binder, column: ColumnOf | None = None
) -> str:
    """The SQL of a condition; raises SoqlError where the org refuses it.

    `column` finds what is compared; without it, a field that may be filtered.
    """
    find = column or (lambda path: _filterable(path, scope))
    match condition:
        case Combined(word, conditions):
            parts = [condition_sql(each, scope, binder, column) for each in conditions]
            return _balanced(word, parts)
        case Not(inner):
            return _negated(condition_sql(inner, scope, binder, column))
        case Comparison(path):
            return _comparison(condition, _Checked(path, find(path), scope), binder)
        case Listed(path, values, is_negated):
            sql = _Checked(path, find(path), scope).among(values, binder)
            return _negated(sql) if is_negated else sql
        case Joined():
            return _joined(condition, scope, binder)
        case _:
            assert_never(condition)


def _negated(sql: str) -> str:
    return f"({sql} IS NOT TRUE)"


def _balanced(word: str, parts: list[str]) -> str:
    """The parts joined as a balanced tree, so that many of them do not make a deep one."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_balanced(word, parts[:middle])} {word} {_balanced(word, parts[middle:])})"


def _filterable(path: Path | Aggregate, scope: Scope) -> Column:
    if isinstance(path, Aggregate):
        raise TypeError("only HAVING compares aggregates")
    column = scope.column(path)
    if not column.field.filterable:
        raise SoqlError("not_filterable", scope.query.text, path.at, field=path.text)
    return column


def _comparison(asked: Comparison, checked: "_Checked", binder: Binder) -> str:
    if asked.operator == "LIKE":
        return checked.like(asked.value, binder)
    if asked.operator == "=":
        return checked.equal(asked.value, binder)
    if asked.operator == "!=":
        return _negated(checked.equal(asked.value, binder))
    return checked.ordered(asked.operator, asked.value, binder)


def _joined(asked: Joined, scope: Scope, binder: Binder) -> str:
    column = _filterable(asked.path, scope)
    inner = Scope(asked.query, scope.caller, f"s{len(binder.values)}_")
    wanted = asked.query.selected[0].what
    if column.field.type not in _IDS or not isinstance(wanted, Path):
        raise SoqlError("semi_join_field", scope.query.text, asked.path.at, field=asked.path.text)
    found = inner.column(wanted)
    if found.field.type not in _IDS:
        raise SoqlError("semi_join_field", scope.query.text, wanted.at, field=wanted.text)
    where = f"{found.sql} IS NOT NULL"
    if asked.query.where is not None:
        where += f" AND {condition_sql(asked.query.where, inner, binder)}"
    sql = f"({column.sql} IN (SELECT {found.sql} FROM {inner.source} WHERE {where}))"
    return _negated(sql) if asked.is_negated else sql


class _Checked:
    """A field being compared, with what its errors need."""

    def __init__(self, path: Path | Aggregate, column: Column, scope: Scope) -> None:
        self._path = path
        self._column = column
        self._scope = scope
        self._type = column.field.type

    def like(self, value: Literals, binder: Binder) -> str:
        if _KINDS[self._type] != "string" or not self._column.field.likeable:
            self._refuse("bad_operator", kind=_KINDS[self._type])
        if not isinstance(value, String):
            self._refuse("quotes_needed", kind=_KINDS[self._type])
        if len(value.pattern) > _LONGEST_PATTERN:
            raise SoqlError("too_complicated")
        return rf"({self._column.sql} LIKE {binder.bind(value.pattern)} ESCAPE '\')"

    def equal(self, value: Literals, binder: Binder) -> str:
        if value is None:
            return f"({self._column.sql} IS NULL)"
        if isinstance(value, Period):
            first, after = self._span(value)
            mine = self._column.sql
            return f"({mine} >= {binder.bind(first)} AND {mine} < {binder.bind(after)})"
        return f"({self._column.sql} = {binder.bind(self._value(value))})"

    def among(self, values: tuple[Literals, ...], binder: Binder) -> str:
        plain = [each for each in values if each is not None and not isinstance(each, Period)]
        marks = ", ".join(binder.bind(self._value(each)) for each in plain)
        parts = [f"({self._column.sql} IN ({marks}))"] if plain else []
        parts += [
            self.equal(each, binder) for each in values if each is None or isinstance(each, Period)
        ]
        return _balanced("OR", parts)

    def ordered(self, sign: str, value: Literals, binder: Binder) -> str:
        if self._type in _ORDERLESS or value is None:
            self._refuse("bad_operator", kind=_KINDS[self._type])
        if isinstance(value, Period):
            edge, sign = _edge(sign, self._span(value))
            return f"({self._column.sql} {sign} {binder.bind(edge)})"
        return f"({self._column.sql} {sign} {binder.bind(self._value(value))})"

    def _span(self, value: Period) -> tuple[str, str]:
        if self._type != "datetime":
            self._refuse("quotes_needed", kind=_KINDS[self._type])
        try:
            first, after = soql_dates.span(value.name, value.number, self._scope.caller.now)
        except (OverflowError, ValueError):
            self._refuse("bad_literal", token=f"{value.name}:{value.number}")
        return stamp(first), stamp(after)

    def _value(self, value: String | float | bool | datetime | date) -> Bound:
        kind = _KINDS[self._type]
        match value:
            case String() if kind == "string":
                return value.plain
            case String() if self._type in _IDS:
                return self._id(value.plain)
            case bool() if kind == "boolean":
                return int(value)
            case datetime() if kind == "dateTime":
                return _exact(value)
            case int() | float() if kind in _NUMBERS and not isinstance(value, bool):
                return value if abs(value) < _LARGEST else float(value)
            case _:
                is_text = kind == "string" or self._type in _IDS
                return self._refuse("quotes_needed" if is_text else "quotes_refused", kind=kind)

    def _id(self, text: str) -> str:
        if not is_id(text):
            self._refuse("bad_id", token=text)
        return to18(text)

    def _refuse(self, key: str, **words: str) -> Never:
        raise SoqlError(key, self._scope.query.text, self._path.at, field=self._path.text, **words)


def _edge(sign: str, span: tuple[str, str]) -> tuple[str, str]:
    """What an ordered comparison with a span compares with: <= reaches its end, others its start.

    Inferred from how integrations write "> LAST_N_DAYS:7" and "<= TODAY" and get rows.
    """
    first, after = span
    return (after, "<") if sign == "<=" else (first, sign)


def _exact(moment: datetime) -> str:
    """A time with its milliseconds, in the form that stored times compare with as text."""
    return stamp(moment).replace(".000+", f".{moment.microsecond // 1000:03d}+")
