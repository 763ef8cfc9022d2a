"""Run a SOQL query as a caller: parse, compile, ask the database, shape the records."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, assert_never

from evergrant.emulator.ids import NO_ID
from evergrant.emulator.schema import Field, SObject
from evergrant.emulator.soql.ast import Comparison, Path, Query, Selected, String
from evergrant.emulator.soql.errors import SoqlError
from evergrant.emulator.soql.parser import parse
from evergrant.emulator.soql.scope import Caller
from evergrant.emulator.soql.select import Shown, Statement, statement

Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None
Record = dict[str, Json]

MOST_AGGREGATES: Final = 2000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found."""

    entity: SObject
    total: int
    records: list[Record]
    """Empty for COUNT(), which has a total alone."""


def run(db: sqlite3.Connection, text: str, caller: Caller, base: str) -> Answer:
    """The answer to a query; `base` begins the records' addresses, as /services/data/v67.0.

    Raises SoqlError where the org refuses the query, and nothing else.
    """
    return _answered(db, parse(text), caller, base)


def one(
    db: sqlite3.Connection, entity: SObject, record: str, fields: tuple[Field, ...],
    caller: Caller, base: str,
) -> Record | None:  # fmt: skip
    """One record by its 18-character id, or None where the caller sees no such row."""
    selected = tuple(Selected(Path((each.name,), 0), None) for each in fields)
    wanted = Comparison(Path(("Id",), 0), "=", String(record, record))
    query = Query("", selected, Path((entity.name,), 0), None, wanted, (), None, (), None, 0)
    found = _answered(db, query, caller, base).records
    return found[0] if found else None


def _answered(db: sqlite3.Connection, query: Query, caller: Caller, base: str) -> Answer:
    asked = statement(query, caller)
    rows = db.execute(asked.sql, asked.values).fetchall()
    entity = asked.scope.entity
    match asked.kind:
        case "count":
            return Answer(entity, int(rows[0][0]), [])
        case "groups":
            if len(rows) > MOST_AGGREGATES:
                raise SoqlError("aggregate_pages")
            return Answer(entity, len(rows), [_aggregate(asked, row) for row in rows])
        case "records":
            # Compiled for nobody, a query over children is refused even where no parent is found.
            for each in asked.children:
                statement(each.of(NO_ID), caller)
            rows = rows[: entity.end]
            found = [_record(asked, row, base) for row in rows]
            for record, row in zip(found, rows, strict=True):
                record.update(_children(db, asked, row, base))
            return Answer(entity, len(rows), found)
        case _:
            assert_never(asked.kind)


def _children(
    db: sqlite3.Connection, asked: Statement, row: tuple[Json, ...], base: str
) -> Iterator[tuple[str, Json]]:
    """The children of a record, as a small answer of their own; null where there are none."""
    for each in asked.children:
        query = each.of(str(row[len(asked.shown)]))
        found = _answered(db, query, asked.scope.caller, base)
        records: list[Json] = list(found.records)
        yield each.child.name, {
            "totalSize": found.total, "done": True, "records": records,
        } if records else None  # fmt: skip


def _aggregate(asked: Statement, row: tuple[Json, ...]) -> Record:
    record: Record = {"attributes": {"type": "AggregateResult"}}
    for shown, value in zip(asked.shown, row, strict=True):
        record[shown.key] = _shown(shown, value)
    return record


def _record(asked: Statement, row: tuple[Json, ...], base: str) -> Record:
    values, ids = row[: len(asked.shown)], row[len(asked.shown) :]
    nodes = {
        path: _node(asked.scope.parents[path].entity, record_id, base)
        for path, record_id in zip(asked.parents, ids, strict=True)
    }
    for shown, value in zip(asked.shown, values, strict=True):
        _hang(nodes, shown.parents)
        node = nodes[shown.parents]
        if node is not None:
            node[shown.key] = _blob(node, shown, value) or _shown(shown, value)
    return nodes[()] or {}


def _node(entity: SObject, record_id: Json, base: str) -> Record | None:
    if record_id is None:
        return None
    known = NO_ID if entity.by_name["id"].is_always_null else record_id
    address = f"{base}/sobjects/{entity.name}/{known}"
    return {"attributes": {"type": entity.name, "url": address}}


def _hang(nodes: dict[tuple[str, ...], Record | None], parents: tuple[str, ...]) -> None:
    """Put each parent into its child's record, in the order in which the query names them."""
    for depth, name in enumerate(parents):
        child = nodes[parents[:depth]]
        if child is not None:
            child.setdefault(name, nodes[parents[: depth + 1]])


def _blob(node: Record, shown: Shown, value: Json) -> str | None:
    """Where a file's body can be had: the REST API gives its address in place of the bytes."""
    attributes = node["attributes"]
    if value is None or shown.field is None or shown.field.type != "base64":
        return None
    return f"{attributes['url']}/{shown.key}" if isinstance(attributes, dict) else None


def _shown(shown: Shown, value: Json) -> Json:
    if shown.field is None:
        return value
    if shown.field.is_always_null:
        return None
    return bool(value) if shown.field.type == "boolean" and value is not None else value
