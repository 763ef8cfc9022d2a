"""One PostgreSQL database: any number of writers, who are alone with the connection they change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import psycopg
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from evergrant.errors import BadInput, StoreTrouble
from evergrant.store.trouble import FAILED, Words, told

KEPT, MOST = 8, 32
"""Connections that a process keeps, and that it opens at most."""
SILENT_S = 30
"""After so long without a word in the middle of a transaction PostgreSQL undoes it: whoever was
stopped holds up nobody for longer."""

_AWAY = (
    "cannot be reached",
    "PostgreSQL gave no answer, or went away; what was not committed was undone.",
    "start it, or check the host, the port and the network; then try again",
)
_CLOSED = (
    "does not let us in",
    "PostgreSQL refused the user, the password or the database; nothing was changed.",
    "check user, password and pg_hba.conf, and that the database exists",
)
_LOCKED = (
    "is locked",
    "Another transaction holds what this one needs; nothing was changed.",
    "try again; if it stays locked, look into pg_stat_activity",
)
_UNWRITABLE = (
    "cannot be written",
    "PostgreSQL takes no writes here: it is a standby, read-only, or the user may not.",
    "point EVERGRANT_DATABASE_URL to the primary, with a user who owns the tables",
)
_FULL = (
    "has no room to grow",
    "PostgreSQL's disk, memory or connections are used up; the transaction was undone.",
    "free space, or raise max_connections, and try again",
)
_DAMAGED = (
    "is damaged",
    "PostgreSQL found files that cannot be right, or its disk failed.",
    "stop the service and restore a backup",
)
_CODES: dict[str, Words] = {
    "08": _AWAY, "57P": _AWAY, "28": _CLOSED, "3D": _CLOSED, "3F": _UNWRITABLE,
    "40P01": _LOCKED, "40001": _LOCKED,
    "55P03": _LOCKED, "57014": _LOCKED, "25006": _UNWRITABLE, "42501": _UNWRITABLE, "53": _FULL,
    "25P03": _LOCKED, "42P05": FAILED, "58": _DAMAGED, "XX001": _DAMAGED, "XX002": _DAMAGED,
}  # fmt: skip
"""How SQLSTATEs begin → what they mean here (PostgreSQL manual, appendix A)."""
_OURS = ("0A", "23", "42")
"""How those begin that are a mistake of ours, and nobody else's: what is not in `_CODES` besides,
such as a statement that a pooler forgot or an internal error, is the database's."""
_PREPARE = (
    f"SET idle_in_transaction_session_timeout = {SILENT_S * 1000}",
    # A commit is on the disk before anybody acts on it, whatever the database's default; a
    # stricter one stays.
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') IN ('off', 'local')",
)


class Postgres:
    """A PostgreSQL database that is there already; thread-safe, and shared by any machines."""

    is_remote = True

    def __init__(self, url: URL, patience_s: float) -> None:
        self.name = f"{url.database or url.username} on {url.host or 'this machine'}"
        self.writer = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": max(2, round(patience_s)), **_named(url)},
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            max_overflow=MOST - KEPT,
            pool_pre_ping=True,  # after a restart of PostgreSQL nobody is handed a dead connection
            pool_size=KEPT,
            pool_timeout=patience_s,
            execution_options={"writes": True},
        )
        self.reader = self.writer.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True, writes=False
        )

        @event.listens_for(self.writer, "connect")
        def prepare(raw: Any, _record: object) -> None:
            with raw.cursor() as cursor:
                for line in (f"SET lock_timeout = {round(patience_s * 1000)}", *_PREPARE):
                    cursor.execute(line)
            raw.commit()

    def turn(self, *, waits: bool = True) -> AbstractContextManager[None]:  # noqa: ARG002
        """Writers need no turns: each holds the connection that it changes."""
        return nullcontext()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """What PostgreSQL, its driver and the pool raise, as `StoreTrouble`.

        A text that PostgreSQL cannot keep is `BadInput`.  A broken constraint or a wrong statement
        is our own mistake and passes as it is; whatever else has no word of its own has failed.
        """
        try:
            yield
        except (psycopg.Error, DBAPIError) as error:
            raw = error.orig if isinstance(error, DBAPIError) else error
            if isinstance(raw, psycopg.DataError):
                raise _unfit() from error
            words = _words(raw)
            if words is None:
                raise
            raise self._trouble(words, raw) from error
        except PoolTimeout as error:
            raise told(self.name, _FULL, "every connection is in use") from error

    def close(self) -> None:
        """Close every connection."""
        self.writer.dispose()

    def _trouble(self, words: Words, raw: object) -> StoreTrouble:
        # NOTE: of a failed login the driver says the user, never the password.
        return told(self.name, words, str(raw).strip().split("\n")[0])


def _named(url: URL) -> dict[str, str]:
    return {} if "application_name" in url.query else {"application_name": "evergrant"}


def _words(raw: object) -> Words | None:
    code = getattr(raw, "sqlstate", None)
    if not code:
        # The driver's own errors carry no code: the connection could not be made, or broke.
        return _AWAY if isinstance(raw, psycopg.OperationalError | psycopg.InterfaceError) else None
    known = next((words for begins, words in _CODES.items() if code.startswith(begins)), None)
    return known or (None if code.startswith(_OURS) else FAILED)


def _unfit() -> BadInput:
    return BadInput(
        "a text cannot be stored",
        why="It is longer than its place, or holds a character that PostgreSQL cannot keep.",
        next_step="shorten it, or leave out what is no text",
    )
