"""Being the one service of a SQLite database, and of nobody's while it is replaced.

The right is a lock that the operating system takes back when the process ends, however it ends: a
number of a process, written down, may be another one's later.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from evergrant.errors import Misuse, StoreTrouble
from evergrant.store.trouble import translated, unusable

_PREFIX = "sqlite:///"


def file_of(url: str) -> Path | None:
    """The file of a SQLite database; None for a database server."""
    return Path(url.removeprefix(_PREFIX)).expanduser() if url.startswith(_PREFIX) else None


@contextmanager
def alone(database: Path) -> Iterator[None]:
    """Let no other service run on a database file, nor anybody replace it, for a `with` block.

    Raises `Misuse` while somebody else does, and `StoreTrouble`.
    """
    lock = database.with_name(f"{database.name}.service")
    with _opened(lock, database) as held:
        _take(held, database)
        yield


def _opened(lock: Path, database: Path) -> closing[sqlite3.Connection]:
    """SQLite's own lock on an empty file: the same on every system, and among threads."""
    try:
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(lock.parent, error) from error
    with translated(database):
        return closing(
            sqlite3.connect(lock, timeout=0, isolation_level=None, check_same_thread=False)
        )


def _take(held: sqlite3.Connection, database: Path) -> None:
    try:
        with translated(database):
            held.execute("BEGIN EXCLUSIVE")
    except StoreTrouble as error:
        if getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise _taken(database) from error
        raise


def _taken(database: Path) -> Misuse:
    return Misuse(
        f"a service is running on {database}",
        why="A SQLite database is served by one process, and replaced by none meanwhile.",
        next_step="stop it first; several processes need a PostgreSQL database",
        whose="operator",
    )
