"""Manage Connected Apps: the list, one app's policies, and who is on its list.

That a connected app's own page stands at its record id is stated (EventLogFile reference,
ApiTotalUsage).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import state
from evergrant.emulator.setup import policies
from evergrant.emulator.setup.desk import Deed, NoRecord, Page, Right
from evergrant.emulator.setup.lookup import (
    app_of,
    apps_of,
    missing,
    picked,
    profiles_of,
    sets_of,
    users_of,
)
from evergrant.emulator.setup.rights import EDIT_APPS, VIEW

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from sqlite3 import Row

    from evergrant.emulator.policies import AppPolicy
    from evergrant.emulator.setup.desk import Act, Desk, Form


def _connected(desk: Desk) -> Mapping[str, object]:
    return {"apps": [app for app in apps_of(desk, "connected_app") if app.installed]}


def shown(desk: Desk) -> Mapping[str, object]:
    """One app that is installed, its policies, and who is on its list; raises NoRecord."""
    app = app_of(desk, desk.record)
    if not app.installed:
        raise NoRecord(f"{app.label} is not installed")
    granted = holders(desk, app.id)
    of_sets, of_profiles = _split(granted)
    return {
        "app": app, "policies": policies, "refresh": policies.refresh_parts(app.refresh_policy),
        "refresh_choices": policies.refresh_choices(app), "users": users_of(desk),
        "sets": of_sets, "profiles": of_profiles,
        "other_sets": missing(sets_of(desk), of_sets),
        "other_profiles": missing(profiles_of(desk), of_profiles, "ProfileId"),
    }  # fmt: skip


def holders(desk: Desk, app_id: str) -> list[Row]:
    """Every permission set on an app's list, those that stand for a profile among them."""
    return state.every(
        desk.db, 'SELECT DISTINCT s."Id", s."Name", s."Label", s."ProfileId",'
        ' s."IsOwnedByProfile", p."Name" AS "ProfileName" FROM "SetupEntityAccess" a'
        ' JOIN "PermissionSet" s ON s."Id" = a."ParentId"'
        ' LEFT JOIN "Profile" p ON p."Id" = s."ProfileId"'
        ' WHERE a."SetupEntityId" = ? ORDER BY "ProfileName", s."Label"', app_id,
    )  # fmt: skip


def _split(granted: list[Row]) -> tuple[list[Row], list[Row]]:
    return (
        [row for row in granted if not row["IsOwnedByProfile"]],
        [row for row in granted if row["IsOwnedByProfile"]],
    )


def saved(desk: Desk, form: Form) -> Iterable[Act]:
    """The acts that a filled policy form comes down to."""
    app = app_of(desk, desk.record)
    if changed := policies.words(desk, form, app):
        yield "set_app", {"app": app.name, **changed}


def grant(desk: Desk, app: AppPolicy, holder: Row, *, is_given: bool) -> Iterable[Act]:
    """The act that puts a profile or permission set on an app's list, or takes it off."""
    is_profile = holder["Id"].startswith("00e")
    key = "ProfileId" if is_profile else "Id"
    if is_given == (holder["Id"] in {row[key] for row in holders(desk, app.id)}):
        return []
    name = {"profile" if is_profile else "permission_set": holder["Name"]}
    return [("grant_app" if is_given else "ungrant_app", {"app": app.name, **name})]


def granting(right: Right) -> dict[str, Deed]:
    """The buttons that change an app's list of profiles and permission sets."""

    def planned(prefix: str, *, is_given: bool) -> Deed:
        def plan(desk: Desk, form: Form) -> Iterable[Act]:
            holder = picked(desk, form, "holder", prefix)
            return grant(desk, app_of(desk, desk.record), holder, is_given=is_given)

        return Deed(right, plan)

    return {
        "add_profile": planned("00e", is_given=True),
        "remove_profile": planned("00e", is_given=False),
        "add_set": planned("0PS", is_given=True),
        "remove_set": planned("0PS", is_given=False),
    }


CONNECTED: Final = "/lightning/setup/ConnectedApplication/home"
PAGES: Final = (
    Page(CONNECTED, "Manage Connected Apps", "apps.html", VIEW, _connected),
    Page(
        "/0H4", "Connected App", "app.html", VIEW, shown,
        {"save": Deed(EDIT_APPS, saved), **granting(EDIT_APPS)}, "official",
    ),
)  # fmt: skip
"""A path of three characters after the slash means every record with that key prefix."""
