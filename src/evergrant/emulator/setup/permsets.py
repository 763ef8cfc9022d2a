"""Permission Sets: the list, and one set's apps, permissions and people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import state
from evergrant.emulator.setup.apps import grant
from evergrant.emulator.setup.desk import Deed, NoRecord, Page
from evergrant.emulator.setup.lookup import (
    app_of,
    apps_granted_to,
    apps_of,
    missing,
    picked,
    record_of,
    sets_of,
    users_of,
)
from evergrant.emulator.setup.permissions import held, offered, turned
from evergrant.emulator.setup.rights import ASSIGN, EDIT_SETS, VIEW

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from sqlite3 import Row

    from evergrant.emulator.setup.desk import Act, Desk, Form


def _list(desk: Desk) -> Mapping[str, object]:
    return {"sets": sets_of(desk)}


def _set(desk: Desk) -> Row:
    row = record_of(desk, desk.record)
    if row["IsOwnedByProfile"]:
        raise NoRecord(desk.record)
    return row


def _one(desk: Desk) -> Mapping[str, object]:
    row = _set(desk)
    listed = apps_granted_to(desk, row["Id"])
    assigned = assigned_to(desk, row["Id"])
    return {
        "held_set": row, "offered": offered(desk), "held": held(row),
        "apps": listed, "other_apps": [app for app in apps_of(desk) if app not in listed],
        "assigned": assigned, "other_users": missing(users_of(desk), assigned, "UserId"),
    }  # fmt: skip


def assigned_to(desk: Desk, set_id: str) -> list[Row]:
    """The users who hold a permission set."""
    return state.every(
        desk.db, 'SELECT DISTINCT u."Id" AS "UserId", u."Name", u."Username", a."ExpirationDate",'
        ' a."SystemModstamp" FROM "PermissionSetAssignment" a JOIN "User" u'
        ' ON u."Id" = a."AssigneeId" WHERE a."PermissionSetId" = ? ORDER BY u."LastName"', set_id,
    )  # fmt: skip


def _save(desk: Desk, form: Form) -> Iterable[Act]:
    row = _set(desk)
    if changed := turned(desk, form, row):
        yield "set_permission_set", {"permission_set": row["Name"], "permissions": changed}


def _app(*, is_given: bool) -> Deed:
    def plan(desk: Desk, form: Form) -> Iterable[Act]:
        return grant(desk, app_of(desk, form.get("app", "")), _set(desk), is_given=is_given)

    return Deed(EDIT_SETS, plan)


def assignment(desk: Desk, user: Row, held_set: Row, *, is_given: bool) -> Iterable[Act]:
    """The act that assigns a permission set to a user, or takes it away."""
    has_it = user["Id"] in {row["UserId"] for row in assigned_to(desk, held_set["Id"])}
    if has_it == is_given:
        return []
    act = "assign_permission_set" if is_given else "unassign_permission_set"
    return [(act, {"user": user["Username"], "permission_set": held_set["Name"]})]


def _user(*, is_given: bool) -> Deed:
    def plan(desk: Desk, form: Form) -> Iterable[Act]:
        return assignment(desk, picked(desk, form, "user", "005"), _set(desk), is_given=is_given)

    return Deed(ASSIGN, plan)


PAGES: Final = (
    Page("/lightning/setup/PermSets/home", "Permission Sets", "permsets.html", VIEW, _list),
    Page(
        "/0PS", "Permission Set", "permset.html", VIEW, _one,
        {
            "save": Deed(EDIT_SETS, _save),
            "add_app": _app(is_given=True), "remove_app": _app(is_given=False),
            "add_user": _user(is_given=True), "remove_user": _user(is_given=False),
        },
        "inferred",
    ),
)  # fmt: skip
