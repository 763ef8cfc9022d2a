"""Looking at the user: there, active, frozen, allowed to use the API."""

from __future__ import annotations

from evergrant.errors import Refused
from evergrant.evidence import org_rows
from evergrant.evidence.live_names import perhaps, usernames_like
from evergrant.evidence.live_question import (
    NAME_USER,
    Found,
    Question,
    not_known,
    rows,
    sees_all,
    text,
    unknown,
)
from evergrant.model import Unknown
from evergrant.wire import Conversation


def user_record(question: Question) -> Conversation[list[Found]]:
    """Whether the user exists and is active, and whether the password is new since it worked."""
    names = ("user.exists", "user.active", "user.password_changed")
    if not question.user_id and not question.username:
        return not_known(names, question.no_user)
    where = (
        f"Id = {text(question.user_id)}"
        if question.user_id
        else f"Username = {text(question.username)}"
    )
    found = yield from rows(
        question, f"SELECT Id, Username, IsActive, LastPasswordChangeDate FROM User WHERE {where}"
    )
    if found:
        return [*org_rows.user(found[0], question.worked_at)]
    if not (yield from sees_all(question, "User", "Id", ("ViewAllUsers", "ManageUsers"))):
        return unknown(names, "this session sees no other users", "look with View All Users")
    return (yield from _missing(question, names, f"no User where {where}"))


def _missing(question: Question, names: tuple[str, ...], quote: str) -> Conversation[list[Found]]:
    """There is no such user; where a person typed a name much like another, it may be that one."""
    near = (yield from usernames_like(question)) if question.is_hearsay else []
    if near:
        why = Unknown(f"{quote}; {perhaps(near)}", NAME_USER)
        return [Found("user.exists", why, why.reason), *not_known(names[1:], why)]
    return [
        Found("user.exists", False, quote, "derived"),
        *unknown(names[1:], "there is no such user", NAME_USER),
    ]


def standing(question: Question) -> Conversation[list[Found]]:
    """Whether the user is frozen or locked out (UserLogin; needs Manage Users)."""
    names = ("user.frozen", "user.password_locked")
    if not question.user_id:
        return not_known(names, question.no_user)
    found = yield from rows(
        question,
        f"SELECT IsFrozen, IsPasswordLocked FROM UserLogin WHERE UserId = {text(question.user_id)}",
    )
    if not found:
        return unknown(names, "no UserLogin row is shown", "look with Manage Users")
    return [*org_rows.user_login(found[0])]


def permissions(question: Question) -> Conversation[list[Found]]:
    """What the user may do that bears on logins and the API, by profile or by permission set."""
    wanted = org_rows.PERMISSIONS
    if not question.user_id:
        return not_known(wanted.values(), question.no_user)
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
