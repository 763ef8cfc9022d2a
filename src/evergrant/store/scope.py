"""Whose rows a transaction sees: those of one tenant, or everybody's.

The scope is a property of the transaction and no condition that each query has to remember.  In a
transaction `Only` for one tenant every statement is compiled so that a table stands for the
tenant's own rows of it, wherever it is named: in a FROM, a join, a subquery, an UPDATE, a DELETE.
It is compiled once and kept, like any other statement; a transaction over `All` costs nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from evergrant.errors import OurBug
from evergrant.store.database import Tx
from evergrant.store.tables import metadata
from evergrant.store.tables import tenant as tenants

FIRST: Final = "default"
"""The tenant that every installation begins with."""


@dataclass(frozen=True, slots=True)
class Only:
    """What belongs to one tenant, and nothing else."""

    tenant: str


@dataclass(frozen=True, slots=True)
class All:
    """Whatever there is: for the house's own work, which is done for every tenant."""


Scope: TypeAlias = Only | All

_PARENTS: Final = ("integration", "connection")
"""Columns that say what a row without a tenant of its own belongs to."""


def parent_of(table: sa.Table) -> str:
    """The column that leads to the row that has the tenant; '' where the row itself has it.

    Raises `OurBug` for a table of which nobody could say whose its rows are.
    """
    if "tenant" in table.c or table is tenants:
        return ""
    found = next((name for name in _PARENTS if name in table.c), "")
    if not found:
        raise OurBug(f"nobody knows whose the rows of table {table.name} are")
    return found


def owner_of(table: sa.Table) -> sa.Column[str]:
    """The column with the tenant's id, of a table that has it."""
    return table.c.id if table is tenants else table.c.tenant


class _Nobody(str):
    """Stands in a compiled statement for the tenant, until it is carried out."""

    __slots__ = ()


_NOBODY: Final = _Nobody("no tenant")
_TENANT: Final = sa.bindparam("scope_tenant", _NOBODY, type_=sa.String)


class _Scoped(SQLCompiler):
    """A compiler in whose statements every table is the tenant's own part of it."""

    # NOTE: SQLAlchemy's own visitors have no types.

    def visit_table(
        self, table: Any, asfrom: Any = False, iscrud: Any = False, *more: Any, **how: Any
    ) -> Any:
        """A table in a FROM is a subquery of its name; what is written into stays the table."""
        whole: Any = super()
        text = whole.visit_table(table, asfrom, iscrud, *more, **how)
        if not asfrom or iscrud:
            return text
        name = self.preparer.format_table(table)
        own = f"(SELECT * FROM {name} WHERE {self._is_own(table, name)})"
        # An alias of the table puts its own name behind.
        alias = how.get("enclosing_alias")
        is_named = alias is not None and alias.element is table
        return own if is_named else f"{own} AS {name}"

    def visit_update(self, update_stmt: Any, *more: Any, **how: Any) -> Any:
        """Only the tenant's own rows are changed."""
        return super().visit_update(update_stmt.where(_is_own(update_stmt.table)), *more, **how)

    def visit_delete(self, delete_stmt: Any, *more: Any, **how: Any) -> Any:
        """Only the tenant's own rows go."""
        whole: Any = super()
        return whole.visit_delete(delete_stmt.where(_is_own(delete_stmt.table)), *more, **how)

    def visit_textclause(self, textclause: Any, *_more: Any, **_how: Any) -> Any:
        """Words cannot be looked through: a statement of words is refused."""
        raise OurBug(f"a statement in words has no scope: {textclause.text[:40]}")

    def _is_own(self, table: sa.Table, name: str) -> str:
        tenant = self.process(_TENANT)
        if not (column := parent_of(table)):
            return f"{name}.{owner_of(table).name} = {tenant}"
        # NOTE: asked of each row, by its parent's key: the tenant's parents may be many.
        owner = f"{column}.id = {name}.{column} AND {column}.tenant = {tenant}"
        return f"EXISTS (SELECT 1 FROM {column} WHERE {owner})"


def _is_own(table: sa.Table) -> sa.ColumnElement[bool]:
    if not (column := parent_of(table)):
        return owner_of(table) == _TENANT
    parent = metadata.tables[column]
    return sa.exists().where(parent.c.id == table.c[column])


def scoped(engine: Engine) -> Engine:
    """The same engine, on the same connections, for transactions of one tenant.

    The database must have been reached before: what is known of it then is known here.
    """
    made = engine.execution_options()
    made.dialect = _narrow(engine.dialect)
    event.listen(made, "before_cursor_execute", _name_tenant, retval=True)
    return made


def _narrow(dialect: Dialect) -> Dialect:
    made = copy.copy(dialect)
    whole: Any = dialect.statement_compiler
    made.statement_compiler = _compiler(whole)
    return made


@cache
def _compiler(whole: Any) -> Any:
    """Made once, so that what is compiled is kept once, however often a database is opened."""
    return type("Scoped", (_Scoped, whole), {})


def owner_in(tx: Tx) -> str:
    """To whom belongs what a transaction adds and nobody gave to anyone else."""
    return tenant_of(tx) or FIRST


def tenant_of(tx: Tx) -> str:
    """Whose rows a transaction sees; '' for everybody's."""
    whose: str = tx.get_execution_options().get("tenant", "")
    return whose


def named(parameters: Any, tenant: str) -> Any:
    """The parameters of one statement, in order or by name, with the tenant in its place."""
    if isinstance(parameters, Mapping):
        return {name: _or(tenant, value) for name, value in parameters.items()}
    return tuple(_or(tenant, value) for value in parameters)


def _or(tenant: str, value: Any) -> Any:
    return tenant if value is _NOBODY else value


def _name_tenant(
    tx: Tx, _cursor: Any, statement: str, parameters: Any, context: Any, is_many: bool
) -> tuple[str, Any]:
    tenant = tenant_of(tx)
    if context is not None and (context.isinsert or context.isupdate):
        for each in context.compiled_parameters:
            refuse_strange(tx, context.compiled.statement, each)
    if is_many:
        return statement, [named(each, tenant) for each in parameters]
    return statement, named(parameters, tenant)


def refuse_strange(tx: Tx, statement: Any, values: Mapping[str, Any]) -> None:
    """See that nothing is written for another tenant, or for what belongs to another tenant.

    Raises `OurBug`: whoever writes has looked first for whom.
    """
    table, column = statement.table, parent_of(statement.table)
    given = values.get(column or "tenant")
    if given is None and statement.is_update:
        return
    if _owner(tx, column, given) != tenant_of(tx):
        raise OurBug(f"a row of another tenant was about to be written into {table.name}")


def _owner(tx: Tx, column: str, given: Any) -> Any:
    """To whom belongs what such a column names; None for what is not there for this tenant."""
    if not column:
        return given
    parent = metadata.tables[column]
    return tx.execute(sa.select(parent.c.tenant).where(parent.c.id == given)).scalar_one_or_none()
