"""What all tables are made of."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, MetaData, String, Table, text

metadata = MetaData()


def key(name: str = "id") -> Column[str]:
    """An id that is the row's own."""
    return Column(name, String(64), primary_key=True)


def word(name: str) -> Column[str]:
    """A short text that is always there."""
    return Column(name, String(255), nullable=False)


def link(name: str, target: str) -> Column[str]:
    """The id of a row of another table."""
    return Column(name, String(64), ForeignKey(f"{target}.id"), nullable=False)


def whose() -> Column[str]:
    """The id of the tenant that a row belongs to, of a table that was there before tenants were.

    SQLite adds no column that refers to another table and is never empty.
    """
    return Column("tenant", String(64), nullable=False)


def only_one(name: str, table: Table, columns: tuple[str, ...], where: str) -> None:
    """At most one row for these columns among those that the condition picks."""
    condition = text(where)
    Index(
        name,
        *(table.c[column] for column in columns),
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )
