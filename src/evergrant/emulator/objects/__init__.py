"""The queryable objects of the org, and the tables their rows live in."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from evergrant.emulator.objects import apps, users
from evergrant.emulator.schema import Field, SObject

Value = str | int | bool | datetime | None
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
    )
}

NOT_BUILT: Final = frozenset(
    {
        "ApiEvent", "ApiTotalUsageEventLog", "AuthProvider", "CorsWhitelistEntry", "EventLogFile",
        "ExtlClntAppOauthConsumer", "ExtlClntAppOauthIpRange", "ExtlClntAppOauthPlcyCnfg",
        "ExtlClntAppOauthSecuritySettings", "ExtlClntAppOauthSettings", "ExtlClntAppPlcyCnfg",
        "IPAddressRange", "InstalledSubscriberPackage", "LoginEvent", "LoginEventLog", "LoginGeo",
        "LoginIp", "NamedCredential", "Network", "OauthCustomScope", "OauthCustomScopeApp",
        "OauthTokenExchangeHandler", "PermissionSetGroup", "PermissionSetLicense", "SamlSsoConfig",
        "TenantSecurityConnectedApp", "TenantUsageEntitlement", "TransactionSecurityPolicy",
        "UserLicense", "UserSetupEntityAccess", "VerificationHistory",
    }
)  # fmt: skip
"""Objects that Salesforce has and this org does not: asked for, they answer 501, not no rows."""

_BY_LOWER_NAME: Final = {name.lower(): each for name, each in OBJECTS.items()}
_NOT_BUILT_BY_LOWER_NAME: Final = {name.lower(): name for name in NOT_BUILT}
_TEXTUAL: Final = frozenset({"string", "picklist", "textarea", "url", "email", "phone"})
_INTERNAL: Final = (
    "x_query (id TEXT PRIMARY KEY, number INTEGER, user_id TEXT, page INTEGER, records TEXT)",
    "x_api_use (day TEXT PRIMARY KEY, calls INTEGER NOT NULL)",
)
_INDEXES: Final = (
    ("AppMenuItem", "ApplicationId"),
    ("LoginHistory", "LoginTime"),
    ("LoginHistory", "UserId"),
    ("OauthToken", "UserId"),
    ("PermissionSetAssignment", "AssigneeId"),
    ("SetupEntityAccess", "SetupEntityId"),
    ("User", "Username"),
    ("UserLogin", "UserId"),
)


def find_object(name: str) -> SObject | None:
    """The object of that name in any case, or None where this org has none."""
    return _BY_LOWER_NAME.get(name.lower())


def not_built(name: str) -> str | None:
    """The proper name of an object that Salesforce has and this org has not; else None."""
    return _NOT_BUILT_BY_LOWER_NAME.get(name.lower())


def create_tables(db: sqlite3.Connection) -> None:
    """Make one table an object, named as the object, with columns named as its fields.

    With them come the data API's own tables: open queries and calls counted by day.
    """
    for each in OBJECTS.values():
        columns = ", ".join(_column(one) for one in each.fields)
        db.execute(f'CREATE TABLE IF NOT EXISTS "{each.name}" ({columns})')
    for table in _INTERNAL:
        db.execute(f"CREATE TABLE IF NOT EXISTS {table}")
    for table, column in _INDEXES:
        db.execute(f'CREATE INDEX IF NOT EXISTS "i_{table}_{column}" ON "{table}" ("{column}")')


def _column(one: Field) -> str:
    name = f'"{one.name}"'
    if one.type == "id":
        return f"{name} TEXT PRIMARY KEY NOT NULL"
    if one.type == "boolean":
        return f"{name} INTEGER NOT NULL DEFAULT 0"
    if one.type == "int":
        return f"{name} INTEGER"
    # SOQL compares text without case; ids keep theirs.
    return f"{name} TEXT COLLATE NOCASE" if one.type in _TEXTUAL else f"{name} TEXT"


def insert(db: sqlite3.Connection, name: str, **fields: Value) -> None:
    """Store one row of an object; Id is required, what is not named is null or false.

    Raises KeyError for an object or a field that OBJECTS does not have.
    """
    known = OBJECTS[name]
    columns = [known.by_name[each.lower()].name for each in fields]
    quoted = ", ".join(f'"{each}"' for each in columns)
    marks = ", ".join("?" for _ in columns)
    db.execute(f'INSERT INTO "{name}" ({quoted}) VALUES ({marks})', tuple(_stored(fields)))


def update(db: sqlite3.Connection, name: str, record: str, **fields: Value) -> None:
    """Change fields of the row with that 18-character Id; raises KeyError as insert does."""
    known = OBJECTS[name]
    changes = ", ".join(f'"{known.by_name[each.lower()].name}" = ?' for each in fields)
    db.execute(f'UPDATE "{name}" SET {changes} WHERE "Id" = ?', (*_stored(fields), record))


def _stored(fields: dict[str, Value]) -> Iterator[str | int | None]:
    for value in fields.values():
        yield stamp(value) if isinstance(value, datetime) else value


def stamp(moment: datetime) -> str:
    """A time as the REST API writes it, in whole seconds: 2026-01-31T10:00:00.000+0000."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")[:19] + ".000+0000"


def parse_stamp(text: str) -> datetime:
    """The aware time that stamp wrote; raises ValueError for any other form."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
