"""The org: its database, clock and callers' address, and what other rooms may ask of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import InitVar, dataclass, field
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import JSONResponse

from evergrant.emulator import api_access, sessions, state, state_file
from evergrant.emulator.accounts import permissions_of
from evergrant.emulator.clock import Clock
from evergrant.emulator.database import MEMORY, Database
from evergrant.emulator.diary import Diary, Entry
from evergrant.emulator.homes import Home
from evergrant.emulator.ids import Ids
from evergrant.emulator.objects import OBJECTS, add_functions, create_tables
from evergrant.emulator.sessions import Session
from evergrant.emulator.trouble.fault import Faults

if TYPE_CHECKING:
    from evergrant.emulator.doors import Door
    from evergrant.emulator.jwts import KeyPair

HOME_IP: Final = "198.51.100.10"
"""Where callers appear to come from until told otherwise (RFC 5737)."""
"""The path of a database that no file keeps."""
PREFIXES: Final = tuple(each.prefix for each in OBJECTS.values())
_IDS_A_RUN: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The org at one moment: rows, ids given out, clock and address."""

    db: Database
    id_counts: dict[str, int]
    offset: timedelta
    ip: str
    attempts: tuple[tuple[int, Entry], ...]
    requests: tuple[tuple[int, Entry], ...]


@dataclass(slots=True)
class Org:
    """One Salesforce org; use its database only while holding its lock."""

    seed: int = 7
    path: str = MEMORY
    base_url: str = ""
    """Scheme, host and port under which the org is served; until it is, those of My Domain."""
    home: Home = field(default_factory=Home)
    doors: dict[int, Door] = field(default_factory=dict)
    """Ports beside that of My Domain under which the org is reached, each with what it plays."""
    clock: Clock = field(default_factory=Clock)
    has_own_time: bool = True
    """False where orgs side by side share one clock, which no reset of one of them moves."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    ip: str = HOME_IP
    strict: bool = False
    """Whether what is only inferred is refused with 501 (strict.py)."""
    busy: set[str] = field(default_factory=set)
    """Refresh tokens that a request is using right now."""
    attempts: Diary = field(default_factory=Diary)
    """Attempts at a grant or a call, with every gate's answer."""
    requests: Diary = field(default_factory=Diary)
    """Requests seen, secrets masked."""
    faults: Faults = field(default_factory=Faults)
    """Trouble laid for requests to come; no snapshot keeps it."""
    keys: dict[str, KeyPair] = field(default_factory=dict)
    """Key pairs made for apps, by app name; they outlive a reset."""
    db: Database = field(init=False)
    ids: Ids = field(init=False)
    run: int = field(init=False)
    """How often the database file was opened before."""
    random: Random = field(init=False)
    """Never rewound, so that no secret is ever given out twice."""
    forks: int = field(default=0, init=False)
    origin: InitVar[Snapshot | None] = None
    """What the org begins as; None: as its file, or empty."""

    def __post_init__(self, origin: Snapshot | None) -> None:
        """Open the database and make its tables; raises state_file.BadState, sqlite3.Error."""
        self.base_url = self.base_url or f"https://{self.home.host}"
        self.db = _opened(self.path, origin)
        state.watch(self.db)
        self.run = run = state.next_run(self.db)
        # A file opened again goes on with ids and secrets that it has not yet given out.
        seed = self.home.seeded(self.seed)
        self.ids = Ids(seed, dict.fromkeys(PREFIXES, run * _IDS_A_RUN) if run else None)
        self.random = Random(f"{seed} {run}")  # noqa: S311  # the same seed, the same secrets
        if self.path != MEMORY:
            state_file.resume(self)

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
    def changing(self) -> Iterator[Database]:
        """The database, locked, in one transaction and at one moment; an exception undoes it."""
        with self.lock:
            if self.db.in_transaction:
                yield self.db
                return
            self.db.begin()
            self.clock.hold()
            try:
                yield self.db
            except BaseException:
                self.db.rollback()
                raise
            finally:
                self.clock.release()
            self.db.commit()

    def snapshot(self) -> Snapshot:
        """A copy to come back to."""
        with self.lock:
            copy = state.connect(":memory:")
            self.db.backup(copy)
            return Snapshot(
                copy, dict(self.ids.counts), self.clock.offset, self.ip,
                self.attempts.pages(), self.requests.pages(),
            )  # fmt: skip

    def restore(self, saved: Snapshot) -> None:
        """Become what was saved; the copy can be used again, and issued secrets stay known."""
        with self.lock:
            issued = state.every(self.db, "SELECT secret, kind FROM x_issued")
            saved.db.backup(self.db)
            self.db.forget()
            known = {row["secret"] for row in state.every(self.db, "SELECT secret FROM x_issued")}
            fresh = [row for row in issued if row["secret"] not in known]
            self.db.executemany("INSERT INTO x_issued VALUES (?, ?)", fresh)
            state.note(self.db, "run", str(self.run))
            self._go_on_from(saved)

    def _go_on_from(self, saved: Snapshot) -> None:
        """Take over what a snapshot holds beside its rows."""
        self.ids.counts = dict(saved.id_counts)
        if self.has_own_time:
            self.clock.offset = saved.offset
        self.ip = saved.ip
        self.attempts.turn_back(saved.attempts)
        self.requests.turn_back(saved.requests)
        self.busy.clear()
        self.remember()

    def fork(self) -> Org:
        """Another org that was the same until now and goes its own way; no file keeps it.

        Faults and doors are not taken along; the same forks give out the same secrets.
        """
        with self.lock:
            self.forks, saved = self.forks + 1, self.snapshot()
            other = Org(
                self.seed, home=self.home, base_url=self.base_url, clock=self.clock.copy(),
                strict=self.strict, keys=dict(self.keys), origin=saved,
            )  # fmt: skip
            other._go_on_from(saved)
            words = f"{self.home.seeded(self.seed)} {self.run} fork {self.forks}"
        other.random = Random(words)  # noqa: S311  # as above
        return other

    def remember(self) -> None:
        """Write down what the next run of a file begins with, beside its rows."""
        if self.path != MEMORY:
            state_file.keep(self)

    def close(self) -> None:
        """Give the database back."""
        with self.lock:
            self.db.close()


def _opened(path: str, origin: Snapshot | None) -> Database:
    db = state.connect(path)
    if origin is not None:
        origin.db.backup(db)
        add_functions(db)
        return db
    try:
        if path != MEMORY:
            state_file.check(db, _make_tables)
        _make_tables(db)
    except BaseException:
        db.close()
        raise
    return db


def _make_tables(db: Database) -> None:
    create_tables(db)
    state.create_internal_tables(db)
