"""The org's internal tables: what Salesforce keeps but does not let one query.

Times in them are seconds since the epoch by the emulator's clock.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from evergrant.emulator.policies import AppPolicy, OrgPolicy, ProfilePolicy

_TABLES: Final = (
    "x_meta (key TEXT PRIMARY KEY, value TEXT)",
    "x_policy (kind TEXT, id TEXT, value TEXT, PRIMARY KEY (kind, id))",
    "x_app (id TEXT PRIMARY KEY, name TEXT UNIQUE, consumer_key TEXT UNIQUE)",
    "x_secret (app_id TEXT, secret TEXT, until REAL)",
    "x_user (id TEXT PRIMARY KEY, password TEXT, security_token TEXT)",
    "x_code (code TEXT PRIMARY KEY, app_id TEXT, user_id TEXT, scopes TEXT, redirect_uri TEXT,"
    " challenge TEXT, nonce TEXT, issued_at REAL, used_at REAL, is_headless INTEGER)",
    "x_device (device_code TEXT PRIMARY KEY, user_code TEXT UNIQUE, app_id TEXT, scopes TEXT,"
    " user_id TEXT, state TEXT, issued_at REAL, polled_at REAL)",
    "x_handler (name TEXT PRIMARY KEY, body TEXT)",
    "x_refresh (token TEXT PRIMARY KEY, family TEXT, app_id TEXT, user_id TEXT, scopes TEXT,"
    " issued_at REAL, used_at REAL, state TEXT)",
    "x_session (token TEXT PRIMARY KEY, id TEXT, user_id TEXT, app_id TEXT, scopes TEXT,"
    " source_ip TEXT, seen_at REAL, seconds INTEGER, family TEXT, ended TEXT,"
    " is_jwt INTEGER)",
    "x_trace (id INTEGER PRIMARY KEY, body TEXT)",
    "x_request (id INTEGER PRIMARY KEY, body TEXT)",
    "x_issued (secret TEXT PRIMARY KEY, kind TEXT)",
)
_INDEXES: Final = (
    "x_refresh_family ON x_refresh (family)",
    "x_refresh_user ON x_refresh (user_id, app_id)",
    "x_session_family ON x_session (family)",
    "x_session_user ON x_session (user_id)",
    "x_session_app ON x_session (app_id)",
)


def connect(path: str) -> sqlite3.Connection:
    """Open the one database; it is guarded by the org's lock, so any thread may use it."""
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    db.row_factory = sqlite3.Row
    # A lost emulator loses nothing of worth: speed comes before durability.
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA journal_mode = MEMORY")
    return db


def create_internal_tables(db: sqlite3.Connection) -> None:
    """Make the tables that no query of a client reaches."""
    for table in _TABLES:
        db.execute(f"CREATE TABLE IF NOT EXISTS {table}")
    for index in _INDEXES:
        db.execute(f"CREATE INDEX IF NOT EXISTS {index}")


def one(db: sqlite3.Connection, sql: str, *values: object) -> sqlite3.Row | None:
    """The first row of a query, or None."""
    row: sqlite3.Row | None = db.execute(sql, values).fetchone()
    return row


def every(db: sqlite3.Connection, sql: str, *values: object) -> list[sqlite3.Row]:
    """All rows of a query."""
    return db.execute(sql, values).fetchall()


def put(db: sqlite3.Connection, table: str, **values: object) -> None:
    """Insert or replace one row of an internal table."""
    marks = ", ".join("?" for _ in values)
    db.execute(
        f"INSERT OR REPLACE INTO {table} ({', '.join(values)}) VALUES ({marks})",
        tuple(values.values()),
    )


def note(db: sqlite3.Connection, key: str, value: str) -> None:
    """Remember a word about the whole org."""
    put(db, "x_meta", key=key, value=value)


def noted(db: sqlite3.Connection, key: str) -> str:
    """A word remembered; raises KeyError when there is none."""
    row = one(db, "SELECT value FROM x_meta WHERE key = ?", key)
    if row is None:
        raise KeyError(key)
    return str(row["value"])


def next_run(db: sqlite3.Connection) -> int:
    """How often this database was opened before; counts this time."""
    row = one(db, "SELECT value FROM x_meta WHERE key = 'run'")
    run = int(row["value"]) + 1 if row else 0
    note(db, "run", str(run))
    return run


Policy = AppPolicy | ProfilePolicy | OrgPolicy


def save_policy(db: sqlite3.Connection, id_: str, policy: Policy) -> None:
    """Store a policy under the id of its app, profile or org."""
    put(db, "x_policy", kind=type(policy).__name__, id=id_, value=json.dumps(asdict(policy)))


def load_app(db: sqlite3.Connection, id_: str) -> AppPolicy:
    """An app by its record id; raises KeyError."""
    return AppPolicy(**_loaded(db, "AppPolicy", id_))


def load_profile(db: sqlite3.Connection, id_: str) -> ProfilePolicy:
    """A profile's login policy by its record id; raises KeyError."""
    return ProfilePolicy(**_loaded(db, "ProfilePolicy", id_))


def load_org(db: sqlite3.Connection) -> OrgPolicy:
    """What holds for the whole org; raises KeyError."""
    return OrgPolicy(**_loaded(db, "OrgPolicy", "org"))


def _loaded(db: sqlite3.Connection, kind: str, id_: str) -> dict[str, Any]:
    row = one(db, "SELECT value FROM x_policy WHERE kind = ? AND id = ?", kind, id_)
    if row is None:
        raise KeyError(f"{kind} {id_}")
    return {name: tupled(value) for name, value in json.loads(row["value"]).items()}


def tupled(value: object) -> object:
    """Lists, at any depth, as tuples."""
    return tuple(tupled(each) for each in value) if isinstance(value, list) else value


def words(scopes: Iterable[str]) -> str:
    """Scopes as they stand in a table and on the wire."""
    return " ".join(scopes)
