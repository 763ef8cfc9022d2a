"""Statements that are compiled once: for what is asked again and again.

SQLAlchemy builds, keys and looks up a statement each time it is executed, which takes longer than
SQLite takes to carry it out.  A prepared statement is the same Core statement, compiled once for
each dialect; its types still convert what goes in and what comes out.  Carried out many times in
one go, it waits for PostgreSQL once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from evergrant.store.database import Tx
from evergrant.store.scope import named, refuse_strange, tenant_of

T = TypeVar("T")
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
        values = list(map(given.get, self.inward))
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
        _, touched = self._each(tx, many, lambda cursor: cursor.rowcount)
        return touched

    def run_all(self, tx: Tx, many: Sequence[Mapping[str, Any]]) -> None:
        """Carry it out for each of these, whatever that touches."""
        if many:
            ready, values = self._filled(tx, many)
            with _raising(tx, ready):
                tx.connection.cursor().executemany(ready.sql, values)

    def cells_each(self, tx: Tx, many: Sequence[Mapping[str, Any]]) -> list[list[Any] | None]:
        """For each of these its one row, converted, in the order of its columns; None for none."""
        ready, rows = self._each(tx, many, lambda cursor: cursor.fetchone())
        return [ready.read(row) if row is not None else None for row in rows]

    def _executed(self, tx: Tx, given: Mapping[str, Any]) -> tuple[_Ready, Any]:
        # NOTE: the driver's own cursor: SQLAlchemy would describe each result anew.
        (ready, [values]), cursor = self._filled(tx, [given]), tx.connection.cursor()
        with _raising(tx, ready):
            cursor.execute(ready.sql, values)
        return ready, cursor

    def _each(
        self, tx: Tx, many: Sequence[Mapping[str, Any]], see: Callable[[Any], T]
    ) -> tuple[_Ready, list[T]]:
        """What is seen of the cursor after each."""
        (ready, values), cursor = self._filled(tx, many), cast(Any, tx.connection.cursor())
        with _raising(tx, ready):
            if tx.dialect.name == "sqlite":
                return ready, [see(cursor.execute(ready.sql, each)) for each in values]
            if not many:
                return ready, []
            # psycopg sends them all before it waits for the first (libpq's pipeline mode).
            cursor.executemany(ready.sql, values, returning=True)
            seen = [see(cursor)]
            while cursor.nextset():
                seen.append(see(cursor))
            return ready, seen

    def _for(self, dialect: Dialect) -> _Ready:
        # NOTE: a statement for one tenant is another statement.
        if (ready := self._ready.get(dialect.statement_compiler)) is None:
            made = _made(self._statement, self._columns, dialect)
            ready = self._ready[dialect.statement_compiler] = made
        return ready

    def _filled(self, tx: Tx, many: Sequence[Mapping[str, Any]]) -> tuple[_Ready, list[Any]]:
        """The statement for this transaction, and its parameters for each of these."""
        ready = self._for(tx.dialect)
        values = [ready.parameters(given) for given in many]
        if not (tenant := tenant_of(tx)):
            return ready, values
        if self._statement.is_insert:
            for given in many:
                refuse_strange(tx, self._statement, given)
        return ready, [named(each, tenant) for each in values]


@contextmanager
def _raising(tx: Tx, ready: _Ready) -> Iterator[None]:
    """Raise what the driver raises as SQLAlchemy does, without the values: they may be secrets."""
    driver: Any = tx.dialect.loaded_dbapi
    try:
        yield
    except driver.Error as error:
        raise DBAPIError.instance(
            ready.sql, None, error, driver.Error, hide_parameters=True, dialect=tx.dialect
        ) from error


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
