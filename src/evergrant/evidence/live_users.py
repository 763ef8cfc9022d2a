"""Looking at the user: there, active, frozen, allowed to use the API."""

from __future__ import annotations

from evergrant.evidence.live_question import Found, Question, rows, sees_all, text, unknown
from evergrant.wire import Conversation

_NO_USER = "nobody named the user"
_NAME_USER = "name the user (username or id)"


def user_record(question: Question) -> Conversation[list[Found]]:
    """Whether the user exists and is active."""
    names = ("user.exists", "user.active")
    if not question.user_id and not question.username:
        return unknown(names, _NO_USER, _NAME_USER)
    where = (
        f"Id = {text(question.user_id)}"
        if question.user_id
        else f"Username = {text(question.username)}"
    )
    found = yield from rows(question, f"SELECT Id, Username, IsActive FROM User WHERE {where}")
    if found:
        return _seen(found[0])
    if not (yield from sees_all(question, "User", "Id", ("ViewAllUsers", "ManageUsers"))):
        return unknown(names, "this session sees no other users", "look with View All Users")
    return [
        Found("user.exists", False, f"no User where {where}", "derived"),
        *unknown(names[1:], "there is no such user", _NAME_USER),
    ]


def _seen(row: dict[str, object]) -> list[Found]:
    quote = f"User {row.get('Username')}: IsActive {row.get('IsActive')}"
    return [
        Found("user.exists", True, quote, learned=str(row.get("Id", ""))),
        Found("user.active", row.get("IsActive") is True, quote),
    ]


def standing(question: Question) -> Conversation[list[Found]]:
    """Whether the user is frozen or locked out (UserLogin; needs Manage Users)."""
    names = ("user.frozen", "user.password_locked")
    if not question.user_id:
        return unknown(names, _NO_USER, _NAME_USER)
    found = yield from rows(
        question,
        f"SELECT IsFrozen, IsPasswordLocked FROM UserLogin WHERE UserId = {text(question.user_id)}",
    )
    if not found:
        return unknown(names, "no UserLogin row is shown", "look with Manage Users")
    quote = f"UserLogin: IsFrozen {found[0].get('IsFrozen')}, IsPasswordLocked"
    quote += f" {found[0].get('IsPasswordLocked')}"
    return [
        Found("user.frozen", found[0].get("IsFrozen") is True, quote),
        Found("user.password_locked", found[0].get("IsPasswordLocked") is True, quote),
    ]


def permissions(question: Question) -> Conversation[list[Found]]:
    """Whether the user has API Enabled, by profile or by permission set."""
    if not question.user_id:
        return unknown(("user.api_enabled",), _NO_USER, _NAME_USER)
    user = text(question.user_id)
    profile = yield from rows(
        question,
        f"SELECT Id, Profile.Name, Profile.PermissionsApiEnabled FROM User WHERE Id = {user}",
    )
    held = yield from rows(
        question,
        "SELECT PermissionSet.Label FROM PermissionSetAssignment"
        f" WHERE AssigneeId = {user} AND PermissionSet.PermissionsApiEnabled = true",
    )
    if not profile:
        return unknown(("user.api_enabled",), "the user is not shown", "look with View All Users")
    of_profile = profile[0].get("Profile") or {}
    is_on = bool(held) or of_profile.get("PermissionsApiEnabled") is True
    quote = f"profile {of_profile.get('Name')}: API Enabled"
    quote += f" {of_profile.get('PermissionsApiEnabled')}; permission sets with it: {len(held)}"
    return [Found("user.api_enabled", is_on, quote, "derived")]
