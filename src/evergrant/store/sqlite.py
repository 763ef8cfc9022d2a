"""One SQLite file: write-ahead log, every commit on the disk, one writer at a time."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from evergrant.clock import SystemClock
from evergrant.store.trouble import translated, trouble, unusable, waited

_REPLACED = (
    "is not the file that was opened",
    "Somebody has put another file in its place; nothing was written to either.",
    "restart the service, so that it opens the file that is there now",
)
_PRAGMAS = (
    "PRAGMA synchronous=FULL",  # a commit is on the disk before anybody acts on it
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-16384",  # KiB: the upper pages of a hundred thousand connections stay
    "PRAGMA wal_autocheckpoint=4000",  # pages: what many commits touch is copied back once
    "PRAGMA secure_delete=ON",  # what the vault wipes is overwritten in the file, too
)


class Sqlite:
    """A database file, made when it is missing; thread-safe, and shared on one machine."""

    is_remote = False

    def __init__(self, path: Path, patience_s: float) -> None:
        _make(path)
        with translated(path):
            _use_wal(path, patience_s)
        self.path, self._patience_s = path, patience_s
        self.inode = path.stat().st_ino
        self._turn = Lock()
        self.reader = _engine(path, patience_s)
        self.writer = self.reader.execution_options(writes=True)

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    @contextmanager
    def turn(self, *, waits: bool = True) -> Iterator[None]:
        """Writers of this process take turns; those of others wait for the file's own lock."""
        patience_s = self._patience_s if waits else 0.0
        if not self._turn.acquire(timeout=patience_s):
            raise waited(self.path, patience_s)
        try:
            self._require_file()
            yield
        finally:
            self._turn.release()

    def translated(self) -> AbstractContextManager[None]:
        """What SQLite, the pool and the file system raise, as `StoreTrouble`."""
        return translated(self.path)

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file."""
        self.reader.dispose()

    def _require_file(self) -> None:
        """Refuse to write into a file that was taken away: what is written there is gone with us.

        NOTE: an open file without a name takes every commit, and nobody ever finds it again.
        """
        try:
            found = os.stat(self.path).st_ino  # noqa: PTH116 (for each transaction, in half the time)
        except OSError as error:
            raise unusable(self.path, error) from error
        if found != self.inode:
            raise trouble(self.path, _REPLACED)


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
        raw: Any = tx.connection.dbapi_connection
        # IMMEDIATE takes the write lock at once: a transaction never fails half-way for it.
        raw.execute("BEGIN IMMEDIATE" if tx.get_execution_options().get("writes") else "BEGIN")

    return engine
