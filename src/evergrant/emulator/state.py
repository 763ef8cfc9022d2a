"""The org's internal tables: what Salesforce keeps but does not let one query.

Times in them are seconds since the epoch by the emulator's clock.
"""

import json
import sqlite3
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any, Final, TypeVar

from evergrant.emulator.database import Database
from evergrant.emulator.policies import AppPolicy, OrgPolicy, ProfilePolicy

T = TypeVar("T")

_TABLES: Final = (
    "x_meta (key TEXT PRIMARY KEY, value TEXT)",
    "x_policy (kind TEXT, id TEXT, value TEXT, PRIMARY KEY (kind, id))",
    "x_superseded (kind TEXT, id TEXT, value TEXT, until REAL)",
    "x_app (id TEXT PRIMARY KEY, name TEXT UNIQUE, consumer_key TEXT UNIQUE)",
    "x_secret (app_id TEXT, secret TEXT, until REAL)",
    "x_user (id TEXT PRIMARY KEY, password TEXT, security_token TEXT)",
    "x_code (code TEXT PRIMARY KEY, app_id TEXT, user_id TEXT, scopes TEXT, redirect_uri TEXT,"
    " challenge TEXT, nonce TEXT, issued_at REAL, used_at REAL, is_headless INTEGER)",
    "x_device (device_code TEXT PRIMARY KEY, user_code TEXT UNIQUE, app_id TEXT, scopes TEXT,"
    " user_id TEXT, state TEXT, issued_at REAL, polled_at REAL)",
    "x_handler (name TEXT PRIMARY KEY, body TEXT)",
    "x_refresh (token TEXT PRIMARY KEY, family TEXT, app_id TEXT, user_id TEXT, scopes TEXT,"
    " issued_at REAL, used_at REAL, state TEXT, flow TEXT, level TEXT)",
    "x_session (token TEXT PRIMARY KEY, id TEXT, user_id TEXT, app_id TEXT, scopes TEXT,"
    " source_ip TEXT, opened_at REAL, seen_at REAL, seconds INTEGER, family TEXT, ended TEXT,"
    " is_jwt INTEGER, level TEXT)",
    "x_confirmed (user_id TEXT, ip TEXT, PRIMARY KEY (user_id, ip))",
    "x_staged (id TEXT PRIMARY KEY, app_id TEXT, consumer_key TEXT, secret TEXT, state TEXT,"
    " until REAL)",
    "x_issued (secret TEXT, kind TEXT)",
    "x_metadata (type TEXT, name TEXT, owner TEXT, body TEXT, created TEXT, modified TEXT,"
    " PRIMARY KEY (type, name))",
    "x_metadata_job (id TEXT PRIMARY KEY, body TEXT, content BLOB, words TEXT, waits INTEGER)",
    "x_call (id INTEGER PRIMARY KEY, at TEXT, user_id TEXT, app_id TEXT, session_id TEXT,"
    " method TEXT, path TEXT, version TEXT, family TEXT, entity TEXT, status INTEGER, ip TEXT,"
    " agent TEXT)",
    "x_logout (id INTEGER PRIMARY KEY, at TEXT, user_id TEXT, app_id TEXT, session_id TEXT,"
    " ip TEXT, why TEXT)",
    "x_certificate (name TEXT PRIMARY KEY, label TEXT, pem TEXT, words TEXT)",
    "x_package (name TEXT PRIMARY KEY, installed TEXT)",
    "x_connection (direction TEXT PRIMARY KEY, user_id TEXT, chosen TEXT, secret TEXT,"
    " trouble TEXT, changed TEXT)",
    "x_vendor_flow (state TEXT PRIMARY KEY, direction TEXT, verifier TEXT, account TEXT)",
    "x_log_file (id TEXT PRIMARY KEY, body BLOB)",
)
_INDEXES: Final = (
    "x_refresh_family ON x_refresh (family)",
    "x_refresh_user ON x_refresh (user_id, app_id)",
    "x_session_family ON x_session (family) WHERE family IS NOT NULL",
    "x_session_id ON x_session (id)",
    "x_call_at ON x_call (at)",
    "x_logout_at ON x_logout (at)",
)

_STANDING: Final = {
    "User": "LastLoginDate",
    "UserLogin": "",
    "Profile": "",
    "PermissionSet": "",
    "PermissionSetAssignment": "",
    "SetupEntityAccess": "",
    "x_policy": "",
    "x_superseded": "",
    "x_app": "",
    "x_secret": "",
    "x_meta": "",
    "x_confirmed": "",
}
"""Tables that say who may do what, each with the column that every login writes."""
_GRANTED: Final = {"x_refresh": "used_at"}
"""The table of refresh tokens, with the column that every use writes."""
_MOST_KNOWN: Final = 4096


def connect(path: str) -> Database:
    """Open the one database; it is guarded by the org's lock, so any thread may use it."""
    db = sqlite3.connect(
        path, check_same_thread=False, isolation_level=None, factory=Database,
        cached_statements=512,
    )  # fmt: skip
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


def watch(db: Database) -> None:
    """Forget what was read as soon as a row of its tables changes, whoever changes it."""
    _watch(db, _STANDING, "forget", db.known.clear)
    _watch(db, _GRANTED, "forget_granted", db.granted.clear)


def _watch(db: Database, tables: Mapping[str, str], name: str, forget: Callable[[], None]) -> None:
    db.create_function(name, 0, forget)
    for table, noisy in tables.items():
        columns = [row["name"] for row in db.execute(f'PRAGMA table_info("{table}")')]
        watched = ", ".join(f'"{each}"' for each in columns if each != noisy)
        for when in ("INSERT", "DELETE", f"UPDATE OF {watched}"):
            trigger = f"x_watch_{table}_{when.partition(' ')[0]}"
            db.execute(
                f'CREATE TEMP TRIGGER "{trigger}" AFTER {when} ON main."{table}"'
                f" BEGIN SELECT {name}(); END"
            )


def recall(db: Database, key: Hashable, read: Callable[[], T]) -> T:
    """What `read` answers, which must rest on standing tables only; read once until they change."""
    try:
        held: T = db.known[key]
    except KeyError:
        held = _learn(db.known, key, read())
    return held


def recall_granted(db: Database, key: Hashable, read: Callable[[], T]) -> T:
    """The same for what rests on the refresh tokens only, but for when each was used last."""
    try:
        held: T = db.granted[key]
    except KeyError:
        held = _learn(db.granted, key, read())
    return held


def _learn(shelf: dict[Hashable, Any], key: Hashable, held: T) -> T:
    if len(shelf) >= _MOST_KNOWN:
        shelf.clear()
    shelf[key] = held
    return held


def one(db: sqlite3.Connection, sql: str, *values: object) -> sqlite3.Row | None:
    """The first row of a query, or None."""
    row: sqlite3.Row | None = db.execute(sql, values).fetchone()
    return row


def every(db: sqlite3.Connection, sql: str, *values: object) -> list[sqlite3.Row]:
    """All rows of a query."""
    return db.execute(sql, values).fetchall()


def put(db: sqlite3.Connection, table: str, **values: object) -> None:
    """Insert or replace one row of an internal table."""
    db.execute(putting(table, *values), tuple(values.values()))


@cache
def putting(table: str, *columns: str) -> str:
    """The statement that does so with these columns."""
    marks = ", ".join("?" for _ in columns)
    return f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})"


def note(db: sqlite3.Connection, key: str, value: str) -> None:
    """Remember a word about the whole org."""
    put(db, "x_meta", key=key, value=value)


def noted(db: Database, key: str) -> str:
    """A word remembered; raises KeyError when there is none."""
    return recall(db, ("x_meta", key), lambda: _noted(db, key))


def _noted(db: Database, key: str) -> str:
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
P = TypeVar("P", AppPolicy, ProfilePolicy, OrgPolicy)


def save_policy(db: sqlite3.Connection, id_: str, policy: Policy) -> None:
    """Store a policy under the id of its app, profile or org."""
    put(db, "x_policy", kind=type(policy).__name__, id=id_, value=json.dumps(asdict(policy)))


def load_app(db: Database, id_: str) -> AppPolicy:
    """An app by its record id; raises KeyError."""
    return recall(db, (AppPolicy, id_), lambda: AppPolicy(**_loaded(db, "AppPolicy", id_)))


def secrets_of(db: Database, app_id: str) -> tuple[tuple[str, float | None], ...]:
    """An app's secrets, each with the moment after which it is good no longer."""
    return recall(db, ("x_secret", app_id), lambda: _read_secrets(db, app_id))


def _read_secrets(db: Database, app_id: str) -> tuple[tuple[str, float | None], ...]:
    rows = every(db, "SELECT secret, until FROM x_secret WHERE app_id = ?", app_id)
    return tuple((row["secret"], row["until"]) for row in rows)


def load_profile(db: Database, id_: str) -> ProfilePolicy:
    """A profile's login policy by its record id; raises KeyError."""
    return recall(
        db, (ProfilePolicy, id_), lambda: ProfilePolicy(**_loaded(db, "ProfilePolicy", id_))
    )


def load_org(db: Database) -> OrgPolicy:
    """What holds for the whole org; raises KeyError."""
    return recall(db, OrgPolicy, lambda: OrgPolicy(**_loaded(db, "OrgPolicy", "org")))


def find_policy(db: Database, kind: type[P], id_: str) -> P | None:
    """A policy by its kind and id; None where there is none yet."""
    try:
        return kind(**_loaded(db, kind.__name__, id_))
    except KeyError:
        return None


def _loaded(db: Database, kind: str, id_: str) -> dict[str, Any]:
    row = one(db, "SELECT value FROM x_policy WHERE kind = ? AND id = ?", kind, id_)
    if row is None:
        raise KeyError(f"{kind} {id_}")
    return policy_words(row["value"])


def policy_words(text: str) -> dict[str, Any]:
    """The knobs of a policy as it was stored."""
    return {name: tupled(value) for name, value in json.loads(text).items()}


def tupled(value: object) -> object:
    """Lists, at any depth, as tuples."""
    return tuple(tupled(each) for each in value) if isinstance(value, list) else value


def words(scopes: Iterable[str]) -> str:
    """Scopes as they stand in a table and on the wire."""
    return " ".join(scopes)
