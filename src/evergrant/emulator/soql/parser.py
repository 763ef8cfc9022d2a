"""A recursive-descent parser for the part of SOQL that this org runs.

Built: SELECT fields with dotted parents, queries over children, COUNT(), aggregates and aliases;
FROM with an alias; WHERE; GROUP BY; HAVING; ORDER BY; LIMIT; OFFSET. What else Salesforce
has is refused by its name with status 501, and what Salesforce has not is refused as Salesforce
does.
"""

from collections.abc import Callable
from typing import Final

from evergrant.emulator.soql.ast import (
    Aggregate,
    Condition,
    Nulls,
    Ordered,
    Path,
    Query,
    Selected,
)
from evergrant.emulator.soql.conditions import Conditions
from evergrant.emulator.soql.errors import SoqlError
from evergrant.emulator.soql.expressions import NOT_BUILT_FUNCTIONS, expression
from evergrant.emulator.soql.reader import NO_FIELDS, Reader

LAST_OFFSET: Final = 2000
_MOST_SELECTED: Final = 500
_MOST_CHILDREN: Final = 20
"""Queries over children in one query: SOQL and SOSL Reference, limits."""

_NOT_BUILT_CLAUSES: Final = frozenset({"USING", "WITH", "FOR", "ALL"})


def parse(text: str) -> Query:
    """The query as a value; raises SoqlError and nothing else."""
    reader = Reader(text)
    query = _query(reader, _selected)
    _end(reader)
    return query


def _query(reader: Reader, item: Callable[[Reader], Selected]) -> Query:
    at = reader.token.at
    reader.expect("SELECT")
    selected = _selection(reader, item)
    reader.expect("FROM")
    entity = reader.path()
    alias = _alias(reader)
    where = _where(reader)
    groups = _groups(reader)
    having = Conditions(reader, expression).read() if groups and reader.accept("HAVING") else None
    orders = _orders(reader)
    limit = reader.whole_number() if reader.accept("LIMIT") else None
    offset = _offset(reader)
    return Query(
        reader.text, selected, entity, alias, where, groups, having, orders, limit, offset, at
    )


def _selection(reader: Reader, item: Callable[[Reader], Selected]) -> tuple[Selected, ...]:
    found = [item(reader)]
    is_bare_count = isinstance(found[0].what, Aggregate) and found[0].what.path is None
    while not is_bare_count and reader.accept(","):
        found.append(item(reader))
        if len(found) > _MOST_SELECTED:
            raise SoqlError("too_complicated")
    _not_too_many(found)
    return tuple(found)


def _not_too_many(found: list[Selected]) -> None:
    children = [each.what for each in found if isinstance(each.what, Query)]
    if len(children) > _MOST_CHILDREN:
        raise SoqlError("child_queries", children[_MOST_CHILDREN].text, children[_MOST_CHILDREN].at)


def _selected(reader: Reader) -> Selected:
    if reader.accept("("):
        query = _query(reader, _field)
        reader.expect(")")
        return Selected(query, None)
    return _field(reader)


def _field(reader: Reader) -> Selected:
    if reader.token.word == "TYPEOF":
        reader.not_built("TYPEOF")
    what = expression(reader)
    if isinstance(what, Aggregate) and what.path is None:
        return Selected(what, None)
    return Selected(what, _alias(reader))


def _alias(reader: Reader) -> str | None:
    token = reader.token
    if token.kind != "name" or "." in token.text or token.word in NO_FIELDS:
        return None
    return reader.take().text


def _where(reader: Reader) -> Condition | None:
    return Conditions(reader, Reader.path).read() if reader.accept("WHERE") else None


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
    if reader.following.word == "(" and reader.token.word in NOT_BUILT_FUNCTIONS:
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
    what = expression(reader)
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
