"""What a store asks of a database: an engine, turns for writers, and its troubles in our words."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

from sqlalchemy import Connection, Engine

Tx: TypeAlias = Connection
"""A transaction in progress; every function of the store's nouns takes one first."""

PATIENCE_S = 5.0
"""Seconds to wait for another writer before saying that the database is locked."""


class Database(Protocol):
    """One kind of database, opened."""

    @property
    def name(self) -> str:
        """What it is called in errors: a path, or a database and its host; never a password."""

    @property
    def writer(self) -> Engine:
        """Gives connections whose transactions commit; their option `writes` says so."""

    @property
    def reader(self) -> Engine:
        """Gives connections that see one moment and write nothing."""

    @property
    def is_remote(self) -> bool:
        """Whether a statement waits for a network, and so must not hold up an event loop."""

    def turn(self, *, waits: bool = True) -> AbstractContextManager[None]:
        """The right to begin a writing transaction.  Raises `StoreTrouble` when it does not come.

        Who changes a connection is alone with it in either database: SQLite lets one writer at a
        time, PostgreSQL locks the connection's row (`store.holding`).
        """

    def translated(self) -> AbstractContextManager[None]:
        """Turns what the driver raises into `StoreTrouble`, and nothing else."""

    def close(self) -> None:
        """Close every connection."""
