"""How Setup pages find what they are about: records by the id in an address or a form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrant.emulator import ids, state
from evergrant.emulator.setup.desk import NoRecord

if TYPE_CHECKING:
    from collections.abc import Iterable
    from sqlite3 import Row

    from evergrant.emulator.policies import AppKind, AppPolicy
    from evergrant.emulator.setup.desk import Desk, Form

_TABLES = {"005": "User", "0PS": "PermissionSet", "00e": "Profile"}


def record_of(desk: Desk, id_: str) -> Row:
    """A user, permission set or profile; raises NoRecord."""
    table = _TABLES.get(id_[:3])
    if table is None or not ids.is_id(id_):
        raise NoRecord(id_)
    row = state.one(desk.db, f'SELECT * FROM "{table}" WHERE "Id" = ?', ids.to18(id_))
    if row is None:
        raise NoRecord(id_)
    return row


def picked(desk: Desk, form: Form, field: str, prefix: str) -> Row:
    """The record of that kind which a form names; raises NoRecord."""
    id_ = form.get(field, "")
    if not id_.startswith(prefix):
        raise NoRecord(id_)
    return record_of(desk, id_)


def app_of(desk: Desk, id_: str) -> AppPolicy:
    """An app that was not deleted; raises NoRecord."""
    try:
        app = state.load_app(desk.db, ids.to18(id_))
    except (KeyError, ValueError) as error:
        raise NoRecord(id_) from error
    if app.deleted:
        raise NoRecord(id_)
    return app


def apps_of(desk: Desk, *kinds: AppKind) -> list[AppPolicy]:
    """Every app of these kinds that was not deleted, by label; of all kinds where none is named."""
    rows = state.every(desk.db, "SELECT id FROM x_app")
    apps = (state.load_app(desk.db, row["id"]) for row in rows)
    wanted = [app for app in apps if not app.deleted and (not kinds or app.kind in kinds)]
    return sorted(wanted, key=lambda app: app.label.casefold())


def apps_granted_to(desk: Desk, set_id: str) -> list[AppPolicy]:
    """The apps whose list bears this permission set, or the profile that owns it; by label."""
    rows = state.every(
        desk.db, 'SELECT "SetupEntityId" FROM "SetupEntityAccess" WHERE "ParentId" = ?', set_id
    )
    granted = {row["SetupEntityId"] for row in rows}
    return [app for app in apps_of(desk) if app.id in granted]


def users_of(desk: Desk) -> list[Row]:
    """Every user, by full name."""
    return state.every(
        desk.db, 'SELECT u.*, p."Name" AS "ProfileName" FROM "User" u LEFT JOIN "Profile" p'
        ' ON p."Id" = u."ProfileId" ORDER BY u."LastName", u."FirstName"',
    )  # fmt: skip


def sets_of(desk: Desk) -> list[Row]:
    """Every permission set that is not a profile's own, by label."""
    return state.every(
        desk.db, 'SELECT * FROM "PermissionSet" WHERE NOT "IsOwnedByProfile" ORDER BY "Label"'
    )


def profiles_of(desk: Desk) -> list[Row]:
    """Every profile with its user license, by name."""
    return state.every(
        desk.db, 'SELECT p.*, l."Name" AS "License" FROM "Profile" p'
        ' LEFT JOIN "UserLicense" l ON l."Id" = p."UserLicenseId" ORDER BY p."Name"',
    )  # fmt: skip


def missing(rows: Iterable[Row], held: Iterable[Row], key: str = "Id") -> list[Row]:
    """The rows that are not yet among those held: what an Add control offers."""
    there = {row[key] for row in held}
    return [row for row in rows if row["Id"] not in there]
