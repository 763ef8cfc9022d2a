"""Statements that are compiled once: for what is asked again and again.

SQLAlchemy builds, keys and looks up a statement each time it is executed, which takes longer than
SQLite takes to carry it out.  A prepared statement is the same Core statement, compiled once for
each dialect; its types still convert what goes in and what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from evergrant.store.database import Tx

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Ready:
    sql: str
    inward: tuple[tuple[str, Convert | None], ...]
    """Parameters in order, each with what converts it."""
    is_positional: bool
    outward: tuple[tuple[str, Convert | None], ...]

    def parameters(self, given: Mapping[str, Any]) -> Any:
        pairs = ((name, given.get(name), convert) for name, convert in self.inward)
        if self.is_positional:
            return tuple(convert(value) if convert else value for _, value, convert in pairs)
        return {name: convert(value) if convert else value for name, value, convert in pairs}

    def read(self, row: Sequence[Any]) -> dict[str, Any]:
        return {
            name: convert(value) if convert else value
            for (name, convert), value in zip(self.outward, row, strict=True)
        }


class Prepared:
    """One statement; its parameters are the `bindparam`s, or the columns that an INSERT names."""

    def __init__(self, statement: Any, columns: Sequence[str] | None = None) -> None:
        self._statement, self._columns = statement, columns
        self._ready: dict[str, _Ready] = {}

    def run(self, tx: Tx, **given: Any) -> int:
        """Carry it out; returns how many rows it touched."""
        return int(self._executed(tx, given)[1].rowcount)

    def one(self, tx: Tx, **given: Any) -> dict[str, Any] | None:
        """Its one row, by names of columns; None when there is none."""
        ready, cursor = self._executed(tx, given)
        row = cursor.fetchone()
        return ready.read(row) if row is not None else None

    def cells(self, tx: Tx, **given: Any) -> list[Any] | None:
        """Its one row, converted, in the order of its columns; None when there is none."""
        ready, cursor = self._executed(tx, given)
        row = cursor.fetchone()
        if row is None:
            return None
        return [
            convert(value) if convert and value is not None else value
            for (_, convert), value in zip(ready.outward, row, strict=True)
        ]

    def _executed(self, tx: Tx, given: Mapping[str, Any]) -> tuple[_Ready, Any]:
        # NOTE: the driver's own cursor: SQLAlchemy would describe each result anew.
        ready, cursor = self._for(tx.dialect), tx.connection.cursor()
        driver: Any = tx.dialect.loaded_dbapi
        try:
            cursor.execute(ready.sql, ready.parameters(given))
        except driver.Error as error:
            # As SQLAlchemy raises it, and without the values: they may be secrets.
            raise DBAPIError.instance(
                ready.sql, None, error, driver.Error, hide_parameters=True, dialect=tx.dialect
            ) from error
        return ready, cursor

    def _for(self, dialect: Dialect) -> _Ready:
        name = f"{dialect.name}+{dialect.driver}"
        if name not in self._ready:
            self._ready[name] = _made(self._statement, self._columns, dialect)
        return self._ready[name]


def _made(statement: Any, columns: Sequence[str] | None, dialect: Dialect) -> _Ready:
    compiled: SQLCompiler = statement.compile(dialect=dialect, column_keys=columns)
    names = compiled.positiontup if compiled.positional else list(compiled.binds)
    inward = tuple((name, _inward(compiled, name, dialect)) for name in names or ())
    selected: Any = getattr(statement, "selected_columns", None)
    if selected is None:
        selected = getattr(statement, "_returning", ())
    outward = tuple((each.name, _outward(each.type, dialect)) for each in selected)
    return _Ready(compiled.string, inward, bool(compiled.positional), outward)


def _inward(compiled: SQLCompiler, name: str, dialect: Dialect) -> Convert | None:
    found = compiled.binds[name]
    if not found.required:
        # A constant of the statement itself: what is given has no say.
        constant = found.effective_value
        return lambda _: constant
    return found.type.dialect_impl(dialect).bind_processor(dialect)


def _outward(kind: sa.types.TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
