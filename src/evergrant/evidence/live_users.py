"""Looking at the user: there, active, frozen, allowed to use the API."""

from __future__ import annotations

from evergrant.errors import Refused
from evergrant.evidence.live_question import (
    Found,
    Question,
    moment,
    rows,
    sees_all,
    text,
    unknown,
)
from evergrant.wire import Conversation

_NO_USER = "nobody named the user"
_NAME_USER = "name the user (username or id)"


def user_record(question: Question) -> Conversation[list[Found]]:
    """Whether the user exists and is active, and whether the password is new since it worked."""
    names = ("user.exists", "user.active", "user.password_changed")
    if not question.user_id and not question.username:
        return unknown(names, _NO_USER, _NAME_USER)
    where = (
        f"Id = {text(question.user_id)}"
        if question.user_id
        else f"Username = {text(question.username)}"
    )
    found = yield from rows(
        question, f"SELECT Id, Username, IsActive, LastPasswordChangeDate FROM User WHERE {where}"
    )
    if found:
        return [*_seen(found[0]), *_password(question, found[0])]
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


def _password(question: Question, row: dict[str, object]) -> list[Found]:
    name, changed = "user.password_changed", moment(row.get("LastPasswordChangeDate"))
    if changed is None or question.worked_at is None:
        return unknown(
            (name,), "when it worked last is not known", "look at User.LastPasswordChangeDate"
        )
    quote = f"LastPasswordChangeDate {changed:%Y-%m-%d %H:%M:%S} UTC"
    return [Found(name, changed > question.worked_at, quote, "derived")]


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


SPECIAL = {
    "ApiUserOnly": "user.api_only",
    "CanApproveUninstalledApps": "user.may_approve_uninstalled",
    "UseAnyApiClient": "user.use_any_api_client",
    "UseAnyApiAuth": "user.use_any_api_auth",
}
"""Permission → fact; orgs without the feature do not know the field (org-model 2.3)."""


def permissions(question: Question) -> Conversation[list[Found]]:
    """What the user may do that bears on logins and the API, by profile or by permission set."""
    wanted = {"ApiEnabled": "user.api_enabled", **SPECIAL}
    if not question.user_id:
        return unknown(wanted.values(), _NO_USER, _NAME_USER)
    found: list[Found] = []
    for permission, name in wanted.items():
        try:
            found += yield from _permission(question, permission, name)
        except Refused as error:
            if error.error != "INVALID_FIELD":
                raise
            found += unknown((name,), f"this org has no {permission}", "nothing to do")
    return found


def _permission(question: Question, permission: str, name: str) -> Conversation[list[Found]]:
    user, field = text(question.user_id), f"Permissions{permission}"
    profile = yield from rows(
        question, f"SELECT Id, Profile.Name, Profile.{field} FROM User WHERE Id = {user}"
    )
    held = yield from rows(
        question,
        "SELECT PermissionSet.Label FROM PermissionSetAssignment"
        f" WHERE AssigneeId = {user} AND PermissionSet.{field} = true",
    )
    if not profile:
        return unknown((name,), "the user is not shown", "look with View All Users")
    of_profile = profile[0].get("Profile") or {}
    is_on = bool(held) or of_profile.get(field) is True
    quote = f"profile {of_profile.get('Name')}: {permission} {of_profile.get(field)};"
    return [Found(name, is_on, f"{quote} permission sets with it: {len(held)}", "derived")]
