"""The queryable objects of the org, and the tables their rows live in."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from math import floor
from typing import Final

from evergrant.emulator.events.status import code_of
from evergrant.emulator.ids import named, twin
from evergrant.emulator.objects import apps, users
from evergrant.emulator.objects.external import EXTERNAL
from evergrant.emulator.objects.logs import LOGS
from evergrant.emulator.objects.neighbors import NEIGHBORS
from evergrant.emulator.objects.not_built import NOT_BUILT
from evergrant.emulator.objects.places import PLACES
from evergrant.emulator.objects.scopes import BESIDE
from evergrant.emulator.schema import Field, SObject

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Value = str | float | bool | datetime | None
"""What insert takes; datetimes are aware and are stored in Salesforce's form."""

OBJECTS: Final[dict[str, SObject]] = {
    each.name: each
    for each in (
        apps.APP_MENU_ITEM,
        apps.CONNECTED_APPLICATION,
        apps.EXTERNAL_CLIENT_APPLICATION,
        apps.OAUTH_TOKEN,
        apps.PERMISSION_SET,
        apps.PERMISSION_SET_ASSIGNMENT,
        apps.SETUP_ENTITY_ACCESS,
        users.AUTH_SESSION,
        users.IDP_EVENT_LOG,
        users.LOGIN_HISTORY,
        users.ORGANIZATION,
        users.PROFILE,
        users.SETUP_AUDIT_TRAIL,
        users.USER,
        users.USER_LOGIN,
        users.VERIFICATION_HISTORY,
        *EXTERNAL,
        *BESIDE,
        *PLACES,
        *LOGS,
        *NEIGHBORS,
    )
}

_BY_LOWER_NAME: Final = {name.lower(): each for name, each in OBJECTS.items()}
_NOT_BUILT_BY_LOWER_NAME: Final = {name.lower(): name for name in NOT_BUILT}
_TEXTUAL: Final = frozenset({"string", "picklist", "textarea", "url", "email", "phone"})
_NUMBERS: Final = {"int": "INTEGER", "double": "REAL"}
_INTERNAL: Final = (
    "x_query (id TEXT PRIMARY KEY, number INTEGER, user_id TEXT, page INTEGER, records TEXT)",
    "x_api_use (day TEXT PRIMARY KEY, calls INTEGER NOT NULL)",
)
_INDEXES: Final = (
    ("AppMenuItem", "ApplicationId"),
    ("EventLogFile", "LogDate"),
    ("IdpEventLog", "Timestamp"),
    ("LoginHistory", "LoginTime"),
    ("LoginHistory", "UserId", "LoginTime"),
    ("OauthToken", "UserId"),
    ("SetupAuditTrail", "CreatedDate"),
    ("PermissionSetAssignment", "AssigneeId"),
    ("SetupEntityAccess", "SetupEntityId"),
    ("User", "Username"),
    ("UserLogin", "UserId"),
)


def find_object(name: str) -> SObject | None:
    """The object of that name in any case, or None where this org has none."""
    return _BY_LOWER_NAME.get(name.lower())


def not_built(name: str) -> str | None:
    """The object of that name and why this org has it not, though Salesforce has; else None."""
    proper = _NOT_BUILT_BY_LOWER_NAME.get(name.lower())
    return proper and f"the object {proper} ({NOT_BUILT[proper]})"


def create_tables(db: sqlite3.Connection) -> None:
    """Make one table or view an object, named as the object, with columns named as its fields.

    With them come the data API's own tables: open queries and calls counted by day.  Views read
    the internal tables too, which may be made later.
    """
    add_functions(db)
    for each in OBJECTS.values():
        for statement in _making(each):
            db.execute(statement)
    for table in _INTERNAL:
        db.execute(f"CREATE TABLE IF NOT EXISTS {table}")
    for table, *columns in _INDEXES:
        quoted = ", ".join(f'"{each}"' for each in columns)
        db.execute(
            f'CREATE INDEX IF NOT EXISTS "i_{table}_{"_".join(columns)}" ON "{table}" ({quoted})'
        )


def add_functions(db: sqlite3.Connection) -> None:
    """Give a connection what the views call; a copy of a database needs it anew."""
    db.create_function("sf_twin", 3, _twin, deterministic=True)
    db.create_function("sf_named", 2, lambda prefix, name: named(prefix, str(name)),
                       deterministic=True)  # fmt: skip
    db.create_function("sf_login_code", 1, code_of, deterministic=True)


def _twin(prefix: str, record: str | None, place: int) -> str | None:
    return None if record is None else twin(prefix, record, place)


def _making(entity: SObject) -> Iterator[str]:
    """The statements that make an object's table; or its view, as it is written today."""
    if entity.view is None:
        columns = ", ".join(_column(one) for one in entity.fields)
        yield f'CREATE TABLE IF NOT EXISTS "{entity.name}" ({columns})'
        return
    shown = entity.view.columns
    missing = {"boolean": "0"}
    what = ", ".join(
        f'{shown.get(one.name, missing.get(one.type, "NULL"))} AS "{one.name}"'
        for one in entity.fields
    )
    yield f'DROP VIEW IF EXISTS "{entity.name}"'
    yield f'CREATE VIEW "{entity.name}" AS SELECT {what} FROM {entity.view.source}'


def _column(one: Field) -> str:
    name = f'"{one.name}"'
    if one.type == "id":
        return f"{name} TEXT PRIMARY KEY NOT NULL"
    if one.type == "boolean":
        return f"{name} INTEGER NOT NULL DEFAULT 0"
    if one.type in _NUMBERS:
        return f"{name} {_NUMBERS[one.type]}"
    # SOQL compares text without case; ids keep theirs.
    return f"{name} TEXT COLLATE NOCASE" if one.type in _TEXTUAL else f"{name} TEXT"


def insert(db: sqlite3.Connection, name: str, **fields: Value) -> None:
    """Store one row of an object; Id is required, what is not named is null or false.

    Raises KeyError for an object or a field that OBJECTS does not have.
    """
    db.execute(inserting(name, *fields), _stored(fields))


@cache
def inserting(name: str, *fields: str) -> str:
    """The statement that stores these fields of a row; raises KeyError as insert does."""
    quoted = ", ".join(f'"{OBJECTS[name].by_name[each.lower()].name}"' for each in fields)
    marks = ", ".join("?" for _ in fields)
    return f'INSERT INTO "{name}" ({quoted}) VALUES ({marks})'


def update(db: sqlite3.Connection, name: str, record: str, **fields: Value) -> None:
    """Change fields of the row with that 18-character Id; raises KeyError as insert does."""
    db.execute(_updating(name, tuple(fields)), (*_stored(fields), record))


@cache
def _updating(name: str, fields: tuple[str, ...]) -> str:
    known = OBJECTS[name].by_name
    changes = ", ".join(f'"{known[each.lower()].name}" = ?' for each in fields)
    return f'UPDATE "{name}" SET {changes} WHERE "Id" = ?'


def _stored(fields: dict[str, Value]) -> list[str | float | None]:
    return [stamp(each) if isinstance(each, datetime) else each for each in fields.values()]


def stamp(moment: datetime) -> str:
    """A time as the REST API writes it, in whole seconds: 2026-01-31T10:00:00.000+0000."""
    return _stamp(floor(moment.timestamp()))


@lru_cache(maxsize=4096)
def _stamp(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).isoformat()[:19] + ".000+0000"


def parse_stamp(text: str) -> datetime:
    """The aware time that stamp wrote; raises ValueError for any other form."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
