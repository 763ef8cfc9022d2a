"""Who is who: apps by key or name, users by name, and how a user stands to an app."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from sqlite3 import Row
from typing import Final

from evergrant.emulator.database import Database
from evergrant.emulator.gates.attempt import Approvals, UserFacts
from evergrant.emulator.objects import stamp
from evergrant.emulator.permissions import COLUMN, PERMISSIONS
from evergrant.emulator.policies import AppPolicy, ProfilePolicy
from evergrant.emulator.state import every, load_app, load_profile, one, recall, recall_granted

_COLUMNS: Final = ", ".join(f'"{COLUMN}{name}"' for name in PERMISSIONS)
_HOLDINGS: Final = (
    f'SELECT \'\' AS id, NULL AS until, {_COLUMNS} FROM "Profile" WHERE "Id" = :profile '
    f'UNION ALL SELECT "Id", NULL, {_COLUMNS} FROM "PermissionSet"'
    ' WHERE "ProfileId" = :profile AND "IsOwnedByProfile" = 1 '
    f'UNION ALL SELECT s."Id", a."ExpirationDate", {_COLUMNS} FROM "PermissionSet" s'
    ' JOIN "PermissionSetAssignment" a ON a."PermissionSetId" = s."Id"'
    ' WHERE a."AssigneeId" = :user AND a."IsActive" = 1 AND NOT a."IsRevoked"'
)


@dataclass(frozen=True, slots=True)
class _Holding:
    """A profile or a permission set that a user has, and what it permits."""

    id: str
    """Of the permission set; empty for the profile itself, which stands on no app's list."""
    until: str | None
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is known of a user while no admin changes it."""

    facts: UserFacts
    """As they are while everything held lasts."""
    holdings: tuple[_Holding, ...]
    is_lasting: bool
    """Whether nothing held runs out by itself."""

    def facts_at(self, now: datetime) -> UserFacts:
        """What the gates look at."""
        if self.is_lasting:
            return self.facts
        return replace(self.facts, permissions=_permitted(self.held(now)))

    def held(self, now: datetime) -> tuple[_Holding, ...]:
        """What has not run out."""
        if self.is_lasting:
            return self.holdings
        at = stamp(now)
        return tuple(each for each in self.holdings if each.until is None or each.until > at)


def _permitted(holdings: Iterable[_Holding]) -> frozenset[str]:
    return frozenset().union(*(each.permissions for each in holdings))


def app_by_key(db: Database, consumer_key: str) -> AppPolicy | None:
    """The app with that consumer key, even where deleted; None for a key never seen."""
    return recall(db, ("consumer_key", consumer_key), lambda: _app_by_key(db, consumer_key))


def _app_by_key(db: Database, consumer_key: str) -> AppPolicy | None:
    row = one(db, "SELECT id FROM x_app WHERE consumer_key = ?", consumer_key)
    return None if row is None else load_app(db, row["id"])


def app_by_name(db: Database, name: str) -> AppPolicy:
    """The app with that API name; raises KeyError."""
    row = one(db, "SELECT id FROM x_app WHERE name = ?", name)
    if row is None:
        raise KeyError(f"no app is named {name}")
    return load_app(db, row["id"])


def user_row(db: Database, username: str) -> Row | None:
    """A user by username, whatever its case; or by the part before the @ where that is unique."""
    exact = one(db, 'SELECT * FROM "User" WHERE "Username" = ?', username)
    if exact is not None or "@" in username:
        return exact
    found = every(db, 'SELECT * FROM "User" WHERE "Username" LIKE ?', f"{username}@%")
    return found[0] if len(found) == 1 else None


def user_id_of(db: Database, username: str) -> str | None:
    """The id of the user that `user_row` finds, or None."""
    return recall(db, ("Username", username), lambda: _user_id_of(db, username))


def _user_id_of(db: Database, username: str) -> str | None:
    row = user_row(db, username)
    return None if row is None else str(row["Id"])


def _standing(db: Database, user_id: str) -> _Standing | None:
    """A user by id; None for an id that is no user's."""
    return recall(db, (_Standing, user_id), lambda: _read_standing(db, user_id))


def _read_standing(db: Database, user_id: str) -> _Standing | None:
    user = one(db, 'SELECT * FROM "User" WHERE "Id" = ?', user_id)
    if user is None:
        return None
    login = one(db, 'SELECT "IsFrozen" FROM "UserLogin" WHERE "UserId" = ?', user_id)
    who = {"user": user_id, "profile": user["ProfileId"]}
    holdings = tuple(_holding(row) for row in db.execute(_HOLDINGS, who))
    facts = UserFacts(
        id=user_id,
        username=user["Username"],
        permissions=_permitted(holdings),
        profile=load_profile(db, user["ProfileId"]),
        is_active=bool(user["IsActive"]),
        is_frozen=login is not None and bool(login["IsFrozen"]),
        is_external=user["UserType"] != "Standard",
        confirmed_from=_confirmed_from(db, user_id),
    )
    return _Standing(facts, holdings, all(each.until is None for each in holdings))


def _confirmed_from(db: Database, user_id: str) -> frozenset[str]:
    rows = every(db, "SELECT ip FROM x_confirmed WHERE user_id = ?", user_id)
    return frozenset(row["ip"] for row in rows)


def _holding(row: Row) -> _Holding:
    permitted = frozenset(name for name in PERMISSIONS if row[COLUMN + name])
    return _Holding(row["id"], row["until"], permitted)


def profile_of(db: Database, user_id: str) -> ProfilePolicy | None:
    """The login policy of a user's profile; None for an id that is no user's."""
    found = _standing(db, user_id)
    return None if found is None else found.facts.profile


def permissions_of(db: Database, user_id: str, now: datetime) -> frozenset[str]:
    """What profile and permission sets together permit."""
    found = _standing(db, user_id)
    return frozenset() if found is None else found.facts_at(now).permissions


def user_facts(db: Database, user_id: str, now: datetime) -> UserFacts:
    """What the gates look at in a user; raises KeyError for an id that is no user's."""
    found = _standing(db, user_id)
    if found is None:
        raise KeyError(user_id)
    return found.facts_at(now)


def approvals_of(db: Database, user_id: str, app_id: str, now: datetime) -> Approvals:
    """Admin approval, and what the user approved in person."""
    admitted = is_granted(db, user_id, app_id, now)
    return recall_granted(
        db, (Approvals, admitted, user_id, app_id),
        lambda: _approvals(db, user_id, app_id, admitted=admitted),
    )  # fmt: skip


def _approvals(db: Database, user_id: str, app_id: str, *, admitted: bool) -> Approvals:
    rows = every(
        db, "SELECT scopes, flow FROM x_refresh"
        " WHERE user_id = ? AND app_id = ? AND state = 'live'", user_id, app_id,
    )  # fmt: skip
    scopes = frozenset(scope for row in rows for scope in row["scopes"].split())
    by_device = sum(row["flow"] == "device" for row in rows)
    return Approvals(admitted, len(rows), scopes, by_device)


def is_granted(db: Database, user_id: str, app_id: str, now: datetime) -> bool:
    """Whether a profile or permission set of the user is on the app's list."""
    found = _standing(db, user_id)
    listed = recall(db, ("listed", app_id), lambda: _listed(db, app_id))
    return found is not None and any(each.id in listed for each in found.held(now))


def _listed(db: Database, app_id: str) -> frozenset[str]:
    rows = every(db, 'SELECT "ParentId" FROM "SetupEntityAccess" WHERE "SetupEntityId" = ?', app_id)
    return frozenset(row["ParentId"] for row in rows)
