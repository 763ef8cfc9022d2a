"""A recursive-descent parser for the part of SOQL that this org runs.

Built: SELECT fields with dotted parents, COUNT(), aggregates and aliases; FROM with an alias;
WHERE; GROUP BY; ORDER BY; LIMIT; OFFSET. What else Salesforce has is refused by its name with
status 501, and what Salesforce has not is refused as Salesforce does.
"""

from typing import Final

from evergrant.emulator.soql.ast import (
    Aggregate,
    Condition,
    Function,
    Nulls,
    Ordered,
    Path,
    Query,
    Selected,
)
from evergrant.emulator.soql.conditions import Conditions
from evergrant.emulator.soql.errors import SoqlError
from evergrant.emulator.soql.reader import NO_FIELDS, Reader

LAST_OFFSET: Final = 2000
_MOST_SELECTED: Final = 500

_FUNCTIONS: Final[dict[str, Function]] = {
    "COUNT": "COUNT",
    "COUNT_DISTINCT": "COUNT_DISTINCT",
    "MIN": "MIN",
    "MAX": "MAX",
    "SUM": "SUM",
    "AVG": "AVG",
}
_NOT_BUILT_FUNCTIONS: Final = frozenset(
    {"FIELDS", "TOLABEL", "FORMAT", "CONVERTCURRENCY", "CONVERTTIMEZONE", "CALENDAR_MONTH",
     "CALENDAR_QUARTER", "CALENDAR_YEAR", "DAY_IN_MONTH", "DAY_IN_WEEK", "DAY_IN_YEAR",
     "DAY_ONLY", "FISCAL_MONTH", "FISCAL_QUARTER", "FISCAL_YEAR", "HOUR_IN_DAY",
     "WEEK_IN_MONTH", "WEEK_IN_YEAR", "GROUPING", "DISTANCE", "GEOLOCATION", "ROLLUP", "CUBE"}
)  # fmt: skip
_NOT_BUILT_CLAUSES: Final = frozenset({"USING", "WITH", "HAVING", "FOR", "ALL"})


def parse(text: str) -> Query:
    """The query as a value; raises SoqlError and nothing else."""
    reader = Reader(text)
    reader.expect("SELECT")
    selected = _selection(reader)
    reader.expect("FROM")
    entity = reader.path()
    alias = _alias(reader)
    where = _where(reader)
    groups = _groups(reader)
    orders = _orders(reader)
    limit = reader.whole_number() if reader.accept("LIMIT") else None
    offset = _offset(reader)
    _end(reader)
    return Query(text, selected, entity, alias, where, groups, orders, limit, offset)


def _selection(reader: Reader) -> tuple[Selected, ...]:
    found = [_selected(reader)]
    is_bare_count = isinstance(found[0].what, Aggregate) and found[0].what.path is None
    while not is_bare_count and reader.accept(","):
        found.append(_selected(reader))
        if len(found) > _MOST_SELECTED:
            raise SoqlError("too_complicated")
    return tuple(found)


def _selected(reader: Reader) -> Selected:
    if reader.token.word == "(":
        reader.not_built("a query inside SELECT")
    if reader.token.word == "TYPEOF":
        reader.not_built("TYPEOF")
    what = _expression(reader)
    if isinstance(what, Aggregate) and what.path is None:
        return Selected(what, None)
    return Selected(what, _alias(reader))


def _expression(reader: Reader) -> Path | Aggregate:
    if reader.following.word != "(":
        return reader.path()
    name = reader.token
    if name.word in _NOT_BUILT_FUNCTIONS:
        reader.not_built(f"the function {name.word}")
    if name.word not in _FUNCTIONS:
        reader.refuse()
    reader.take()
    reader.expect("(")
    if name.word == "COUNT" and reader.accept(")"):
        return Aggregate("COUNT", None, name.at)
    path = reader.path()
    reader.expect(")")
    return Aggregate(_FUNCTIONS[name.word], path, name.at)


def _alias(reader: Reader) -> str | None:
    token = reader.token
    if token.kind != "name" or "." in token.text or token.word in NO_FIELDS:
        return None
    return reader.take().text


def _where(reader: Reader) -> Condition | None:
    return Conditions(reader).read() if reader.accept("WHERE") else None


def _groups(reader: Reader) -> tuple[Path, ...]:
    if not reader.accept("GROUP", "BY"):
        return ()
    found = [_group(reader)]
    while reader.accept(","):
        found.append(_group(reader))
        if len(found) > _MOST_SELECTED:
            raise SoqlError("too_complicated")
    return tuple(found)


def _group(reader: Reader) -> Path:
    if reader.following.word == "(" and reader.token.word in _NOT_BUILT_FUNCTIONS:
        reader.not_built(f"GROUP BY {reader.token.word}")
    return reader.path()


def _orders(reader: Reader) -> tuple[Ordered, ...]:
    if not reader.accept("ORDER", "BY"):
        return ()
    found = [_ordered(reader)]
    while reader.accept(","):
        found.append(_ordered(reader))
        if len(found) > _MOST_SELECTED:
            raise SoqlError("too_complicated")
    return tuple(found)


def _ordered(reader: Reader) -> Ordered:
    at = reader.token
    what = _expression(reader)
    if isinstance(what, Aggregate) and what.path is None:
        raise SoqlError("unexpected_token", reader.text, at.at, token=at.text)
    is_descending = reader.accept("DESC")
    if not is_descending:
        reader.accept("ASC")
    return Ordered(what, is_descending, _nulls(reader))


def _nulls(reader: Reader) -> Nulls:
    """Nulls come first unless the query says otherwise, whichever the direction."""
    if not reader.accept("NULLS"):
        return "FIRST"
    if reader.accept("LAST"):
        return "LAST"
    reader.expect("FIRST")
    return "FIRST"


def _offset(reader: Reader) -> int:
    if not reader.accept("OFFSET"):
        return 0
    offset = reader.whole_number()
    if offset > LAST_OFFSET:
        raise SoqlError("offset")
    return offset


def _end(reader: Reader) -> None:
    if reader.token.word in _NOT_BUILT_CLAUSES:
        reader.not_built(f"the clause {reader.token.word}")
    if reader.token.kind != "end":
        reader.refuse()
