"""Statements that are compiled once: for what is asked again and again.

SQLAlchemy builds, keys and looks up a statement each time it is executed, which takes longer than
SQLite takes to carry it out.  A prepared statement is the same Core statement, compiled once for
each dialect; its types still convert what goes in and what comes out.  Carried out many times in
one go, it waits for PostgreSQL once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from evergrant.store.database import Tx
from evergrant.store.scope import named, refuse_strange, tenant_of

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Ready:
    sql: str
    inward: tuple[str, ...]
    """Names of the parameters, in order."""
    conversions: tuple[tuple[int, Convert], ...]
    """Where a parameter stands that is converted, and by what."""
    is_positional: bool
    outward: tuple[str, ...]
    readings: tuple[tuple[int, Convert], ...]
    """Where a column stands that is converted, and by what."""

    def parameters(self, given: Mapping[str, Any]) -> Any:
        values = [given.get(name) for name in self.inward]
        for at, convert in self.conversions:
            values[at] = convert(values[at])
        return values if self.is_positional else dict(zip(self.inward, values, strict=True))

    def read(self, row: Sequence[Any]) -> list[Any]:
        cells = list(row)
        for at, convert in self.readings:
            if cells[at] is not None:
                cells[at] = convert(cells[at])
        return cells


class Prepared:
    """One statement; its parameters are the `bindparam`s, or the columns that an INSERT names."""

    def __init__(self, statement: Any, columns: Sequence[str] | None = None) -> None:
        self._statement, self._columns = statement, columns
        self._ready: dict[type[SQLCompiler], _Ready] = {}

    def run(self, tx: Tx, **given: Any) -> int:
        """Carry it out; returns how many rows it touched."""
        return int(self._executed(tx, given)[1].rowcount)

    def one(self, tx: Tx, **given: Any) -> dict[str, Any] | None:
        """Its one row, by names of columns; None when there is none."""
        ready, cursor = self._executed(tx, given)
        row = cursor.fetchone()
        return dict(zip(ready.outward, ready.read(row), strict=True)) if row is not None else None

    def every(self, tx: Tx, **given: Any) -> list[list[Any]]:
        """Its rows, converted, in the order of their columns."""
        ready, cursor = self._executed(tx, given)
        return [ready.read(row) for row in cursor.fetchall()]

    def run_each(self, tx: Tx, many: Sequence[Mapping[str, Any]]) -> list[int]:
        """Carry it out for each of these; returns how many rows each touched."""
        return [int(cursor.rowcount) for _, cursor in self._each(tx, many)]

    def cells_each(self, tx: Tx, many: Sequence[Mapping[str, Any]]) -> list[list[Any] | None]:
        """For each of these its one row, converted, in the order of its columns; None for none."""
        found = [(ready, cursor.fetchone()) for ready, cursor in self._each(tx, many)]
        return [ready.read(row) if row is not None else None for ready, row in found]

    def _executed(self, tx: Tx, given: Mapping[str, Any]) -> tuple[_Ready, Any]:
        # NOTE: the driver's own cursor: SQLAlchemy would describe each result anew.
        ready, cursor = self._for(tx.dialect), tx.connection.cursor()
        try:
            cursor.execute(ready.sql, self._values(tx, ready, given, tenant_of(tx)))
        except tx.dialect.loaded_dbapi.Error as error:
            raise _as_sqlalchemy(ready, tx.dialect, error) from error
        return ready, cursor

    def _each(self, tx: Tx, many: Sequence[Mapping[str, Any]]) -> Iterator[tuple[_Ready, Any]]:
        """The cursor after each; what it holds is to be read before the next is asked for."""
        ready, cursor = self._for(tx.dialect), cast(Any, tx.connection.cursor())
        tenant = tenant_of(tx)
        values = [self._values(tx, ready, given, tenant) for given in many]
        try:
            if tx.dialect.name == "sqlite":
                for each in values:
                    cursor.execute(ready.sql, each)
                    yield ready, cursor
            elif many:
                # psycopg sends them all before it waits for the first (libpq's pipeline mode).
                cursor.executemany(ready.sql, values, returning=True)
                for _ in many:
                    yield ready, cursor
                    cursor.nextset()
        except tx.dialect.loaded_dbapi.Error as error:
            raise _as_sqlalchemy(ready, tx.dialect, error) from error

    def _for(self, dialect: Dialect) -> _Ready:
        # NOTE: a statement for one tenant is another statement.
        if (ready := self._ready.get(dialect.statement_compiler)) is None:
            made = _made(self._statement, self._columns, dialect)
            ready = self._ready[dialect.statement_compiler] = made
        return ready

    def _values(self, tx: Tx, ready: _Ready, given: Mapping[str, Any], tenant: str) -> Any:
        values = ready.parameters(given)
        if not tenant:
            return values
        if self._statement.is_insert:
            refuse_strange(tx, self._statement, given)
        return named(values, tenant)


def _as_sqlalchemy(ready: _Ready, dialect: Dialect, error: Exception) -> BaseException:
    """What the driver raised as SQLAlchemy raises it, without the values: they may be secrets."""
    driver: Any = dialect.loaded_dbapi
    return DBAPIError.instance(
        ready.sql, None, error, driver.Error, hide_parameters=True, dialect=dialect
    )


def _made(statement: Any, columns: Sequence[str] | None, dialect: Dialect) -> _Ready:
    compiled: SQLCompiler = statement.compile(dialect=dialect, column_keys=columns)
    names = compiled.positiontup if compiled.positional else list(compiled.binds)
    inward = tuple(names or ())
    selected: Any = getattr(statement, "selected_columns", None)
    if selected is None:
        selected = getattr(statement, "_returning", ())
    return _Ready(
        compiled.string,
        inward,
        _converted(_inward(compiled, name, dialect) for name in inward),
        bool(compiled.positional),
        tuple(each.name for each in selected),
        _converted(_outward(each.type, dialect) for each in selected),
    )


def _converted(converts: Iterator[Convert | None]) -> tuple[tuple[int, Convert], ...]:
    return tuple((at, convert) for at, convert in enumerate(converts) if convert is not None)


def _inward(compiled: SQLCompiler, name: str, dialect: Dialect) -> Convert | None:
    found = compiled.binds[name]
    if not found.required:
        # A constant of the statement itself: what is given has no say.
        constant = found.effective_value
        return lambda _: constant
    return found.type.dialect_impl(dialect).bind_processor(dialect)


def _outward(kind: sa.types.TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
