"""Copies of a SQLite database: made while others write, looked through, and put in its place.

A database server has tools of its own for this (`pg_dump`, `pg_basebackup`).
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from evergrant.errors import BadInput, StoreTrouble
from evergrant.store.audit_log import Deed
from evergrant.store.trouble import unusable

SIDES = ("-wal", "-shm")
"""Files that SQLite keeps beside a database."""


def copy_to(source: Path, target: Path) -> None:
    """Copy a database, as of one moment, into a new file of its owner alone.

    Raises `BadInput` when the target is there already, `StoreTrouble` when a copy cannot be made.
    """
    with _draft(target.parent, source) as draft:
        _copied(source, draft)
        try:
            os.link(draft, target)
        except FileExistsError as error:
            raise BadInput(f"{target} is there already", next_step="name a new file") from error


@contextmanager
def drafted(source: Path, beside: Path) -> Iterator[Path]:
    """A private copy of a backup in the folder of a database, to be looked through and changed.

    It is gone at the end, unless it was put in place.  Raises `BadInput` when the backup is none.
    """
    if not source.is_file():
        raise BadInput(f"there is no backup {source}")
    beside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _draft(beside.parent, source) as draft:
        _copied(source, draft)
        yield draft


def put_in_place(draft: Path, path: Path, mark: str) -> Path | None:
    """Make a copy the database; the one before is kept under another name, which is returned.

    Nobody may have the database open.  Raises `StoreTrouble`.
    """
    try:
        kept = _set_aside(path, mark)
        draft.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise unusable(path, error) from error
    return kept


def _set_aside(path: Path, mark: str) -> Path | None:
    if not path.exists():
        return None
    # What stands in the log belongs to the file: it is folded in before the file is moved.
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = path.with_name(f"{path.name}.{mark}")
    path.replace(kept)
    for side in SIDES:
        path.with_name(path.name + side).unlink(missing_ok=True)
    return kept


def log_since(path: Path, seq: int) -> Sequence[tuple[str, Deed]]:
    """The audit log of a database from a line on, each with its tenant, oldest first.

    Nothing where there is no such file, or none that can be read: it is about to be replaced.
    """
    if not path.is_file():
        return ()
    address = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as raw:
            rows = raw.execute(_LOG, (seq,)).fetchall()
        return [(whose, Deed(n, datetime.fromisoformat(at), *told)) for whose, n, at, *told in rows]
    except (sqlite3.Error, ValueError):
        return ()


_LOG = (
    "SELECT tenant, seq, at, actor, act, subject, text FROM audit_log WHERE seq >= ? ORDER BY seq"
)


@contextmanager
def _draft(folder: Path, source: Path) -> Iterator[Path]:
    try:
        number, name = tempfile.mkstemp(prefix=".evergrant-", suffix=".draft", dir=folder)
    except OSError as error:
        raise unusable(folder, error) from error
    os.close(number)
    draft = Path(name)
    try:
        yield draft
    except sqlite3.Error as error:
        raise StoreTrouble(
            f"{source} cannot be copied",
            why=str(error),
            next_step="see that it is a database of Evergrant, and that the disk has room",
            whose="operator",
        ) from error
    finally:
        for side in ("", *SIDES):
            draft.with_name(draft.name + side).unlink(missing_ok=True)


def _copied(source: Path, draft: Path) -> None:
    """SQLite's own online copy, judged and on the disk."""
    address = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as here, closing(sqlite3.connect(draft)) as to:
        here.backup(to, pages=1000, sleep=0.01)
        # One file, without a log beside it.
        to.execute("PRAGMA journal_mode=DELETE")
        found = to.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        raise StoreTrouble(f"{source} is damaged", why=str(found), whose="operator")
    with draft.open("rb") as file:
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
