"""Users: the list, and one user's standing, permission sets, approvals and logins.

That a user's page stands at the record id is inferred; its OAuth Connected Apps list with Revoke
is stated (help page platform.remoteaccess_request.htm).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import state
from evergrant.emulator.setup.desk import Deed, Page
from evergrant.emulator.setup.logins import COLUMNS, newest_of
from evergrant.emulator.setup.lookup import (
    missing,
    picked,
    profiles_of,
    record_of,
    sets_of,
    users_of,
)
from evergrant.emulator.setup.permsets import assignment
from evergrant.emulator.setup.rights import ASSIGN, EDIT_USERS, FREEZE, REVOKE, VIEW, VIEW_LOGINS
from evergrant.emulator.setup.usage import approvals_of, revoke_one

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from sqlite3 import Row

    from evergrant.emulator.setup.desk import Act, Desk, Form


def _list(desk: Desk) -> Mapping[str, object]:
    return {"users": users_of(desk)}


def _one(desk: Desk) -> Mapping[str, object]:
    user = record_of(desk, desk.record)
    assigned = _assigned(desk, user["Id"])
    return {
        "user": user,
        "login": state.one(desk.db, 'SELECT * FROM "UserLogin" WHERE "UserId" = ?', user["Id"]),
        "profiles": profiles_of(desk), "assigned": assigned,
        "other_sets": missing(sets_of(desk), assigned),
        **_seen_by(desk, user["Id"]),
    }  # fmt: skip


def _seen_by(desk: Desk, user_id: str) -> Mapping[str, object]:
    """Approvals and logins, for whoever may see those of others; None for the rest."""
    sees_tokens = REVOKE.allows(desk.permissions)
    sees_logins = VIEW_LOGINS.allows(desk.permissions)
    return {
        "approvals": approvals_of(desk, user_id=user_id) if sees_tokens else None,
        "logins": newest_of(desk, user_id) if sees_logins else None, "columns": COLUMNS,
    }  # fmt: skip


def _assigned(desk: Desk, user_id: str) -> list[Row]:
    return state.every(
        desk.db, 'SELECT DISTINCT s."Id", s."Label", s."Name" FROM "PermissionSetAssignment" a'
        ' JOIN "PermissionSet" s ON s."Id" = a."PermissionSetId"'
        ' WHERE a."AssigneeId" = ? ORDER BY s."Label"', user_id,
    )  # fmt: skip


def _save(desk: Desk, form: Form) -> Iterable[Act]:
    user, profile = record_of(desk, desk.record), picked(desk, form, "profile", "00e")
    is_active = "active" in form
    if is_active != bool(user["IsActive"]):
        yield "activate_user" if is_active else "deactivate_user", {"user": user["Username"]}
    if profile["Id"] != user["ProfileId"]:
        yield "set_user", {"user": user["Username"], "ProfileId": profile["Id"]}


def _on_user(act: str) -> Deed:
    def plan(desk: Desk, _form: Form) -> Iterable[Act]:
        return [(act, {"user": record_of(desk, desk.record)["Username"]})]

    return Deed(EDIT_USERS if act == "unlock_user" else FREEZE, plan)


def _reset(desk: Desk, _form: Form) -> Iterable[Act]:
    return [("reset_password", {"user": record_of(desk, desk.record)["Username"]})]


def _assign(*, is_given: bool) -> Deed:
    def plan(desk: Desk, form: Form) -> Iterable[Act]:
        user, held = record_of(desk, desk.record), picked(desk, form, "set", "0PS")
        return assignment(desk, user, held, is_given=is_given)

    return Deed(ASSIGN, plan)


PAGES: Final = (
    Page("/lightning/setup/ManageUsers/home", "Users", "users.html", VIEW, _list),
    Page(
        "/005", "User", "user.html", VIEW, _one,
        {
            "save": Deed(EDIT_USERS, _save),
            **{name: _on_user(f"{name}_user") for name in ("freeze", "unfreeze", "unlock")},
            "reset": Deed(EDIT_USERS, _reset),
            "add_set": _assign(is_given=True), "remove_set": _assign(is_given=False),
            "revoke": Deed(REVOKE, revoke_one),
        },
        "inferred",
    ),
)  # fmt: skip
