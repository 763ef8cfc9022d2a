"""The store: one database, opened safely, read and written in short transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType

from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError

from evergrant.errors import BadInput, Misuse
from evergrant.store import migrations
from evergrant.store.database import PATIENCE_S, Database, Tx
from evergrant.store.scope import All, Only, Scope, scoped
from evergrant.store.sqlite import Sqlite

__all__ = ["PATIENCE_S", "Store", "Tx"]

_ALL = All()


class Store:
    """The database; thread-safe, and shared with other processes."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, url: str, *, patience_s: float = PATIENCE_S) -> Store:
        """Open a database, make it when it is missing, and bring its tables up to date.

        A SQLite file is made when it is missing; a PostgreSQL database must be there, and empty or
        ours.  Raises `BadInput` for a URL that names neither, `StoreTrouble` when the database
        cannot be used: locked, read-only, damaged, out of reach, somebody else's, or of a newer
        version.
        """
        store = cls(_open(url, patience_s))
        try:
            with store.write() as tx:
                migrations.bring_up(tx, store.database.name)
        except BaseException:
            store.close()
            raise
        return store

    @property
    def is_remote(self) -> bool:
        """Whether a statement waits for a network, and so must not hold up an event loop."""
        return self.database.is_remote

    @property
    def path(self) -> Path:
        """The file of a SQLite database.  Raises `Misuse` for a database that is none."""
        if isinstance(self.database, Sqlite):
            return self.database.path
        raise Misuse(f"the database {self.database.name} is no file")

    @contextmanager
    def read(self, scope: Scope = _ALL) -> Iterator[Tx]:
        """A snapshot: everything read inside belongs to one moment; it blocks nobody."""
        engine = self.database.reader if isinstance(scope, All) else self._own_reader
        with self.database.translated(), engine.connect() as tx:
            if isinstance(scope, Only):
                tx.execution_options(tenant=scope.tenant)
            with tx.begin():
                yield tx

    @contextmanager
    def write(self, scope: Scope = _ALL) -> Iterator[Tx]:
        """A transaction that commits at the end, or leaves nothing when an error passes.

        Keep it short and never talk to the network inside.  Raises `StoreTrouble` when it cannot
        begin or commit.
        """
        database = self.database
        engine = database.writer if isinstance(scope, All) else self._own_writer
        with database.turn(), database.translated(), engine.connect() as tx:
            if isinstance(scope, Only):
                tx.execution_options(tenant=scope.tenant)
            with tx.begin():
                yield tx

    @cached_property
    def _own_reader(self) -> Engine:
        return scoped(self.database.reader)

    @cached_property
    def _own_writer(self) -> Engine:
        return scoped(self.database.writer)

    def close(self) -> None:
        """Close every connection; SQLite's write-ahead log is folded into the file."""
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _open(text: str, patience_s: float) -> Database:
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise _unusable("it is no SQLAlchemy URL") from error
    kind = url.get_backend_name()
    if kind not in _KINDS:
        raise _unusable(f"it names {kind}, and Evergrant keeps SQLite and PostgreSQL")
    return _KINDS[kind](url, patience_s)


def _sqlite(url: URL, patience_s: float) -> Database:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise _unusable("it names no file, and what is in memory would be lost")
    return Sqlite(Path(url.database).expanduser(), patience_s)


def _postgres(url: URL, patience_s: float) -> Database:
    # Imported here: who keeps SQLite need not have PostgreSQL's driver.
    try:
        from evergrant.store.postgres import Postgres
    except ImportError as error:
        raise BadInput(
            "PostgreSQL needs the extra `postgres`",
            next_step='install it with: pip install "evergrant[postgres]"',
            whose="operator",
        ) from error
    return Postgres(url, patience_s)


_KINDS: dict[str, Callable[[URL, float], Database]] = {
    "sqlite": _sqlite,
    "postgresql": _postgres,
    "postgres": _postgres,
}


def _unusable(why: str) -> BadInput:
    # The URL itself is not repeated: it may hold a password.
    return BadInput(
        "the database URL cannot be used",
        why=why,
        next_step="set EVERGRANT_DATABASE_URL to sqlite:////path/to/evergrant.db or "
        "postgresql://user@host/database, or unset it",
        whose="operator",
    )
