"""What goes wrong with a database, in words: every failure becomes one `StoreTrouble`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from evergrant.errors import StoreTrouble

Words: TypeAlias = tuple[str, str, str]
"""What is the matter with the database, why, and what to do."""

_UNWRITABLE = (
    "cannot be written",
    "This user can neither make nor write the file there; nothing was changed.",
    "give this user write access to the folder and the file, or point EVERGRANT_DATA_DIR elsewhere",
)
_LOCKED = (
    "is locked",
    "Another process has been writing to it for longer than we wait; nothing was changed.",
    "try again; if it stays locked, find the process that holds the file open",
)
_DAMAGED = (
    "is damaged",
    "SQLite found pages that cannot be right; what was committed before is in the last backup.",
    "stop the service, copy the file aside, and restore a backup (or try sqlite3's .recover)",
)
FAILED = (
    "failed",
    "It says something that Evergrant has no word for; the transaction was undone.",
    "look into what it says; if nothing there explains it, report it as a defect of Evergrant",
)
"""What no table has a word for."""
_TROUBLES: dict[int, Words] = {
    sqlite3.SQLITE_PERM: _UNWRITABLE,
    sqlite3.SQLITE_READONLY: _UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: _UNWRITABLE,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: (
        "is no SQLite database",
        "The file begins with something else; it was left as it is.",
        "check the path in EVERGRANT_DATABASE_URL, or move the file away",
    ),
    sqlite3.SQLITE_FULL: (
        "has no room to grow",
        "The disk or a quota is full; the transaction was undone, nothing earlier was lost.",
        "free space on that disk and try again",
    ),
    sqlite3.SQLITE_IOERR: (
        "cannot be read or written",
        "The disk reported an error; the transaction was undone.",
        "check the disk (and whether the file lies on a network share, which SQLite does not bear)",
    ),
}
"""What each SQLite result code means here (https://sqlite.org/rescode.html)."""


def trouble(path: Path, words: Words, detail: str = "") -> StoreTrouble:
    """The error for a database file, in the three words of the table."""
    return told(str(path), words, detail)


def told(name: str, words: Words, detail: str = "") -> StoreTrouble:
    """The error for a database of that name."""
    what, why, next_step = words
    return StoreTrouble(
        f"the database {name} {what}",
        why=f"{why} ({detail})" if detail else why,
        next_step=next_step,
        whose="operator",
    )


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite, the pool and the file system raise into `StoreTrouble`.

    A broken constraint or a wrong use of the driver is our own mistake and passes as it is.
    """
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        raw = error.orig if isinstance(error, DBAPIError) else error
        words = _words(raw)
        if words is None:
            raise
        raise trouble(path, words, str(raw)) from error
    except PoolTimeout as error:
        raise trouble(path, _LOCKED, "every connection is in use") from error


def _words(raw: object) -> Words | None:
    # NOTE: extended result codes carry the plain code in their lowest byte.
    known = _TROUBLES.get(getattr(raw, "sqlite_errorcode", 0) & 0xFF)
    return known or (FAILED if isinstance(raw, sqlite3.OperationalError) else None)


def unusable(path: Path, error: OSError) -> StoreTrouble:
    """The error for a file or folder that the file system will not give us."""
    return trouble(path, _UNWRITABLE, error.strerror or type(error).__name__)


def waited(path: Path, seconds: float) -> StoreTrouble:
    """The error for a writer of this process that did not come to its turn."""
    return trouble(path, _LOCKED, f"waited {seconds:g} s for another writer of this process")
