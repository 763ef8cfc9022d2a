"""The org: its database, clock and callers' address, and what other rooms may ask of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from sqlite3 import Connection
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import JSONResponse

from evergrant.emulator import api_access, sessions, state
from evergrant.emulator.accounts import permissions_of
from evergrant.emulator.clock import Clock
from evergrant.emulator.ids import Ids
from evergrant.emulator.objects import OBJECTS, create_tables
from evergrant.emulator.sessions import Session

if TYPE_CHECKING:
    from evergrant.emulator.jwts import KeyPair

HOME_IP: Final = "198.51.100.10"
"""Where callers appear to come from until told otherwise (RFC 5737)."""
PREFIXES: Final = tuple(each.prefix for each in OBJECTS.values())
_IDS_A_RUN: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The org at one moment: rows, ids given out, clock and address."""

    db: Connection
    id_counts: dict[str, int]
    offset: timedelta
    ip: str


@dataclass(slots=True)
class Org:
    """One Salesforce org; use its database only while holding its lock."""

    seed: int = 7
    path: str = ":memory:"
    base_url: str = "http://127.0.0.1"
    """Scheme, host and port under which the org is served: its My Domain."""
    clock: Clock = field(default_factory=Clock)
    lock: threading.RLock = field(default_factory=threading.RLock)
    ip: str = HOME_IP
    busy: set[str] = field(default_factory=set)
    """Refresh tokens that a request is using right now."""
    keys: dict[str, KeyPair] = field(default_factory=dict)
    """Key pairs made for apps, by app name; they outlive a reset."""
    db: Connection = field(init=False)
    ids: Ids = field(init=False)
    run: int = field(init=False)
    """How often the database file was opened before."""
    random: Random = field(init=False)
    """Never rewound, so that no secret is ever given out twice."""

    def __post_init__(self) -> None:
        """Open the database and make its tables."""
        self.db = state.connect(self.path)
        create_tables(self.db)
        state.create_internal_tables(self.db)
        self.run = run = state.next_run(self.db)
        # A file opened again goes on with ids and secrets that it has not yet given out.
        self.ids = Ids(self.seed, dict.fromkeys(PREFIXES, run * _IDS_A_RUN) if run else None)
        self.random = Random(f"{self.seed} {run}")  # noqa: S311  # the same seed, the same secrets

    def session_for(self, token: str) -> Session | None:
        """The live session behind an access token, or None."""
        with self.lock:
            return sessions.live_session(self, token)

    def permissions_of(self, user_id: str) -> frozenset[str]:
        """API names, without the column prefix, from the profile and all permission sets."""
        with self.lock:
            return permissions_of(self.db, user_id, self.clock.now())

    def check_api(self, request: Request) -> Session | JSONResponse:
        """The session of a REST call, touched; or the refusal to send back."""
        with self.lock:
            return api_access.check(self, request)

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """The database, locked, in one transaction that an exception undoes."""
        with self.lock:
            if self.db.in_transaction:
                yield self.db
                return
            self.db.execute("BEGIN")
            try:
                yield self.db
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    def snapshot(self) -> Snapshot:
        """A copy to come back to."""
        with self.lock:
            copy = state.connect(":memory:")
            self.db.backup(copy)
            return Snapshot(copy, dict(self.ids.counts), self.clock.offset, self.ip)

    def restore(self, saved: Snapshot) -> None:
        """Become what was saved; the copy can be used again, and issued secrets stay known."""
        with self.lock:
            issued = state.every(self.db, "SELECT secret, kind FROM x_issued")
            saved.db.backup(self.db)
            self.db.executemany("INSERT OR IGNORE INTO x_issued VALUES (?, ?)", issued)
            state.note(self.db, "run", str(self.run))
            self.ids.counts = dict(saved.id_counts)
            self.clock.offset, self.ip = saved.offset, saved.ip
            self.busy.clear()

    def close(self) -> None:
        """Give the database back."""
        with self.lock:
            self.db.close()
