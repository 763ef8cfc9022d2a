"""Letting a user in again: a permission set assigned, a freeze lifted, an account made active.

Each looks first and writes only where something is to be changed (Object reference,
PermissionSetAssignment, UserLogin, User).
"""

from __future__ import annotations

from typing import Any

from evergrant.errors import NotFound
from evergrant.model import Session
from evergrant.org.query import VERSION, query, soql_text
from evergrant.org.rest import write
from evergrant.wire import Conversation

_RECORDS = f"/services/data/{VERSION}/sobjects"


def is_assigned(session: Session, username: str, permission_set: str) -> Conversation[bool]:
    """Whether a user holds a permission set, by its API name or label.

    Raises `Refused`, `Malformed` and what the network throws.
    """
    who, what = soql_text(username), soql_text(permission_set)
    found = yield from query(
        session,
        f"SELECT Id FROM PermissionSetAssignment WHERE Assignee.Username = {who}"
        f" AND (PermissionSet.Name = {what} OR PermissionSet.Label = {what})",
    )
    return bool(found)


def assign(session: Session, username: str, permission_set: str) -> Conversation[bool]:
    """Assign a permission set to a user; whether something was changed.

    Needs Assign Permission Sets.  Raises `NotFound` for a user or set that is not there, and as
    above.
    """
    if (yield from is_assigned(session, username, permission_set)):
        return False
    user = yield from _user(session, username)
    held = yield from _permission_set(session, permission_set)
    body = {"AssigneeId": user["Id"], "PermissionSetId": held}
    yield from write(session, "POST", f"{_RECORDS}/PermissionSetAssignment", body)
    return True


def is_frozen(session: Session, username: str) -> Conversation[bool]:
    """Whether a user is frozen.

    Raises as above; needs Manage Users to be seen.
    """
    row = yield from _login(session, username)
    return bool(row.get("IsFrozen"))


def unfreeze(session: Session, username: str) -> Conversation[bool]:
    """Unfreeze a user; whether something was changed.

    Needs Manage Users.  Raises as above.
    """
    row = yield from _login(session, username)
    if not row.get("IsFrozen"):
        return False
    yield from write(session, "PATCH", f"{_RECORDS}/UserLogin/{row['Id']}", {"IsFrozen": False})
    return True


def is_active(session: Session, username: str) -> Conversation[bool]:
    """Whether a user is active.

    Raises as above.
    """
    row = yield from _user(session, username)
    return bool(row.get("IsActive"))


def activate(session: Session, username: str) -> Conversation[bool]:
    """Make a user active again; whether something was changed.

    Needs Manage Users, and a licence that is free.  Raises as above.
    """
    row = yield from _user(session, username)
    if row.get("IsActive"):
        return False
    yield from write(session, "PATCH", f"{_RECORDS}/User/{row['Id']}", {"IsActive": True})
    return True


def _login(session: Session, username: str) -> Conversation[dict[str, Any]]:
    user = yield from _user(session, username)
    found = yield from query(
        session, f"SELECT Id, IsFrozen FROM UserLogin WHERE UserId = {soql_text(user['Id'])}"
    )
    if not found:
        raise NotFound(f"the org shows no UserLogin of {username}", whose="Salesforce admin")
    return found[0]


def _user(session: Session, username: str) -> Conversation[dict[str, Any]]:
    found = yield from query(
        session, f"SELECT Id, IsActive FROM User WHERE Username = {soql_text(username)}"
    )
    if not found:
        raise NotFound(f"the org has no user {username!r}", whose="you")
    return found[0]


def _permission_set(session: Session, name: str) -> Conversation[str]:
    what = soql_text(name)
    found = yield from query(
        session,
        f"SELECT Id FROM PermissionSet WHERE (Name = {what} OR Label = {what})"
        " AND IsOwnedByProfile = false",
    )
    if not found:
        raise NotFound(f"the org has no permission set {name!r}", whose="you")
    return str(found[0]["Id"])
