"""Who is who: apps by key or name, users by name, and how a user stands to an app."""

from datetime import datetime
from sqlite3 import Connection, Row
from typing import Final

from evergrant.emulator.gates.attempt import Approvals, UserFacts
from evergrant.emulator.objects import stamp
from evergrant.emulator.permissions import COLUMN, PERMISSIONS
from evergrant.emulator.policies import AppPolicy
from evergrant.emulator.state import every, load_app, load_profile, one

_COLUMNS: Final = ", ".join(f'"{COLUMN}{name}"' for name in PERMISSIONS)
_HELD_SETS: Final = (
    'SELECT "Id" FROM "PermissionSet" WHERE "ProfileId" = :profile AND "IsOwnedByProfile" = 1'
    ' UNION SELECT "PermissionSetId" FROM "PermissionSetAssignment"'
    ' WHERE "AssigneeId" = :user AND "IsActive" = 1 AND NOT "IsRevoked"'
    ' AND ("ExpirationDate" IS NULL OR "ExpirationDate" > :now)'
)


def app_by_key(db: Connection, consumer_key: str) -> AppPolicy | None:
    """The app with that consumer key, even where deleted; None for a key never seen."""
    row = one(db, "SELECT id FROM x_app WHERE consumer_key = ?", consumer_key)
    return None if row is None else load_app(db, row["id"])


def app_by_name(db: Connection, name: str) -> AppPolicy:
    """The app with that API name; raises KeyError."""
    row = one(db, "SELECT id FROM x_app WHERE name = ?", name)
    if row is None:
        raise KeyError(f"no app is named {name}")
    return load_app(db, row["id"])


def user_row(db: Connection, username: str) -> Row | None:
    """A user by username, whatever its case; or by the part before the @ where that is unique."""
    exact = one(db, 'SELECT * FROM "User" WHERE "Username" = ?', username)
    if exact is not None or "@" in username:
        return exact
    found = every(db, 'SELECT * FROM "User" WHERE "Username" LIKE ?', f"{username}@%")
    return found[0] if len(found) == 1 else None


def permissions_of(db: Connection, user_id: str, now: datetime) -> frozenset[str]:
    """What profile and permission sets together permit."""
    user = one(db, 'SELECT "ProfileId" FROM "User" WHERE "Id" = ?', user_id)
    if user is None:
        return frozenset()
    rows = db.execute(
        f'SELECT {_COLUMNS} FROM "Profile" WHERE "Id" = :profile UNION ALL '
        f'SELECT {_COLUMNS} FROM "PermissionSet" WHERE "Id" IN ({_HELD_SETS})',
        {"profile": user["ProfileId"], "user": user_id, "now": stamp(now)},
    ).fetchall()
    return frozenset(name for name in PERMISSIONS if any(row[COLUMN + name] for row in rows))


def user_facts(db: Connection, user_id: str, now: datetime) -> UserFacts:
    """What the gates look at in a user; raises KeyError for an id that is no user's."""
    user = one(db, 'SELECT * FROM "User" WHERE "Id" = ?', user_id)
    if user is None:
        raise KeyError(user_id)
    login = one(db, 'SELECT "IsFrozen" FROM "UserLogin" WHERE "UserId" = ?', user_id)
    return UserFacts(
        id=user_id,
        username=user["Username"],
        permissions=permissions_of(db, user_id, now),
        profile=load_profile(db, user["ProfileId"]),
        is_active=bool(user["IsActive"]),
        is_frozen=login is not None and bool(login["IsFrozen"]),
    )


def approvals_of(db: Connection, user_id: str, app_id: str, now: datetime) -> Approvals:
    """Admin approval, and what the user approved in person."""
    rows = every(
        db, "SELECT scopes FROM x_refresh WHERE user_id = ? AND app_id = ? AND state = 'live'",
        user_id, app_id,
    )  # fmt: skip
    scopes = frozenset(scope for row in rows for scope in row["scopes"].split())
    return Approvals(is_granted(db, user_id, app_id, now), len(rows), scopes)


def is_granted(db: Connection, user_id: str, app_id: str, now: datetime) -> bool:
    """Whether a profile or permission set of the user is on the app's list."""
    user = one(db, 'SELECT "ProfileId" FROM "User" WHERE "Id" = ?', user_id)
    found = db.execute(
        'SELECT 1 FROM "SetupEntityAccess" WHERE "SetupEntityId" = :app '
        f'AND "ParentId" IN ({_HELD_SETS}) LIMIT 1',
        {"app": app_id, "profile": user and user["ProfileId"], "user": user_id, "now": stamp(now)},
    ).fetchone()
    return found is not None
