"""The store: one SQLite file, opened safely, read and written in short transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from evergrant.clock import SystemClock
from evergrant.errors import BadInput
from evergrant.store import migrations
from evergrant.store.trouble import translated, trouble, unusable, waited

Tx: TypeAlias = Connection
"""A transaction in progress; every function of the store's nouns takes one first."""

PATIENCE_S = 5.0
"""Seconds to wait for another writer before saying that the database is locked."""

_REPLACED = (
    "is not the file that was opened",
    "Somebody has put another file in its place; nothing was written to either.",
    "restart the service, so that it opens the file that is there now",
)
_PRAGMAS = (
    "PRAGMA synchronous=FULL",  # a commit is on the disk before anybody acts on it
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # what the vault wipes is overwritten in the file, too
)


class Store:
    """The database; thread-safe, and shared with other processes on the same machine."""

    def __init__(self, engine: Engine, path: Path, patience_s: float) -> None:
        self._engine = engine
        self._patience_s = patience_s
        self._turn = Lock()
        self._inode = path.stat().st_ino
        self.path = path

    @classmethod
    def open(cls, url: str, *, patience_s: float = PATIENCE_S) -> Store:
        """Open a database, make it when it is missing, and bring its tables up to date.

        Raises `BadInput` for a URL that is no SQLite file, `StoreTrouble` when the file cannot be
        used: locked, read-only, damaged, no database, somebody else's, or of a newer version.
        """
        path = _file_of(url)
        _make(path)
        with translated(path):
            _use_wal(path, patience_s)
        store = cls(_engine(path, patience_s), path, patience_s)
        try:
            with store.write() as tx:
                migrations.bring_up(tx, path)
        except BaseException:
            store.close()
            raise
        return store

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A snapshot: everything read inside belongs to one moment; it blocks nobody."""
        with translated(self.path), self._engine.connect() as tx, tx.begin():
            yield tx

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """A transaction that commits at the end, or leaves nothing when an error passes.

        Writers take turns; keep it short and never talk to the network inside.  Raises
        `StoreTrouble` when the turn does not come.
        """
        if not self._turn.acquire(timeout=self._patience_s):
            raise waited(self.path, self._patience_s)
        try:
            self._require_file()
            with translated(self.path), self._engine.connect() as tx:
                tx.execution_options(writes=True)
                with tx.begin():
                    yield tx
        finally:
            self._turn.release()

    def _require_file(self) -> None:
        """Refuse to write into a file that was taken away: what is written there is gone with us.

        NOTE: an open file without a name takes every commit, and nobody ever finds it again.
        """
        try:
            found = self.path.stat().st_ino
        except OSError as error:
            raise unusable(self.path, error) from error
        if found != self._inode:
            raise trouble(self.path, _REPLACED)

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file."""
        self._engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _file_of(text: str) -> Path:
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise _no_file("it is no SQLAlchemy URL") from error
    if url.get_backend_name() != "sqlite":
        raise _no_file(f"it names {url.get_backend_name()}, and this version keeps SQLite only")
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise _no_file("it names no file, and what is in memory would be lost")
    return Path(url.database).expanduser()


def _no_file(why: str) -> BadInput:
    # The URL itself is not repeated: one for another database may hold a password.
    return BadInput(
        "the database URL cannot be used",
        why=why,
        next_step="set EVERGRANT_DATABASE_URL to sqlite:////path/to/evergrant.db, or unset it",
        whose="operator",
    )


def _make(path: Path) -> None:
    """Make the file for its owner alone; SQLite gives its side files the same mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        if path.stat().st_mode & 0o077:
            with suppress(PermissionError):  # another user's file: SQLite says what may be done
                path.chmod(0o600)
    except OSError as error:
        raise unusable(path, error) from error


def _use_wal(path: Path, patience_s: float) -> None:
    """Switch the file to write-ahead logging, which it then remembers.

    NOTE: SQLite's own waiting does not cover this switch; two processes that start together on a
    new file would see *locked* at once.
    """
    clock, tries = SystemClock(), max(1, round(patience_s / 0.02))
    raw = sqlite3.connect(path, timeout=patience_s, isolation_level=None)
    try:
        for left in reversed(range(tries)):
            try:
                raw.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or not left:
                    raise
                clock.sleep(0.02)
            else:
                return
    finally:
        raw.close()


def _engine(path: Path, patience_s: float) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": patience_s},
        hide_parameters=True,
        pool_size=16,
        max_overflow=48,
        pool_timeout=patience_s,
    )

    @event.listens_for(engine, "connect")
    def prepare(raw: Any, _record: object) -> None:
        raw.isolation_level = None  # transactions are begun below, by name
        for pragma in _PRAGMAS:
            raw.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(tx: Connection) -> None:
        # IMMEDIATE takes the write lock at once: a transaction never fails half-way for it.
        writes = tx.get_execution_options().get("writes", False)
        tx.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
