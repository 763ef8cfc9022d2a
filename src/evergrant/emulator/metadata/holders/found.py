"""Finding what components name: apps, profiles, permission sets, users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import apps, state
from evergrant.emulator.accounts import user_row
from evergrant.emulator.metadata import kept
from evergrant.emulator.metadata.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppKind, AppPolicy

APP_TYPES: Final[dict[AppKind, str]] = {
    "connected_app": "ConnectedApp",
    "external_client_app": "ExternalClientApplication",
}
_PROFILE_LABELS: Final = {"Admin": "System Administrator", "Standard": "Standard User"}
_PROFILE_NAMES: Final = {label: name for name, label in _PROFILE_LABELS.items()}


def apps_named(org: Org, kind: AppKind) -> dict[str, AppPolicy]:
    """The apps of a kind that stand in the org, by full name.

    They are those of the queryable object. An app that was not deployed bears its API name, with
    underscores for hyphens, which a developer name cannot have.
    """
    given = {each.owner: each.name for each in kept.every(org, APP_TYPES[kind])}
    rows = state.every(org.db, f'SELECT "Id" FROM "{apps.OBJECTS[kind]}"')
    found = [state.load_app(org.db, row["Id"]) for row in rows]
    return {
        given.get(each.id, each.name.replace("-", "_")): each
        for each in found
        if each.in_org and not each.deleted
    }


def name_in_org(org: Org, full_name: str) -> str:
    """A name for a new app that no app of either kind has, deleted ones included."""
    name, place = full_name, 1
    while state.one(org.db, "SELECT 1 FROM x_app WHERE name = ?", name) is not None:
        place += 1
        name = f"{full_name}_{place}"
    return name


def parent(org: Org, name: str) -> AppPolicy:
    """The external client app that a file of settings or policies names; raises Refused."""
    found = apps_named(org, "external_client_app").get(name)
    if found is None:
        raise Refused("no_app", name=name)
    return found


def profile_label(full_name: str) -> str:
    """The name in Setup of a profile's full name: Admin is System Administrator."""
    return _PROFILE_LABELS.get(full_name, full_name)


def profile_name(label: str) -> str:
    """The full name of a profile."""
    return _PROFILE_NAMES.get(label, label)


def require_profiles(org: Org, names: Iterable[str], field: str) -> None:
    """Raises Refused for the first name that no profile bears."""
    for name in names:
        if state.one(org.db, 'SELECT 1 FROM "Profile" WHERE "Name" = ?', name) is None:
            raise Refused("no_named", field=field, type="Profile", name=name)


def permission_sets_missing(org: Org, names: Iterable[str]) -> list[str]:
    """Of these names those that are neither name nor label of a permission set."""
    return [
        name for name in names
        if state.one(
            org.db, 'SELECT 1 FROM "PermissionSet" WHERE ("Name" = ? OR "Label" = ?)'
            ' AND NOT "IsOwnedByProfile"', name, name,
        ) is None
    ]  # fmt: skip


def require_run_as(org: Org, username: str) -> None:
    """The user that client credentials run as must be there and active; raises Refused."""
    row = user_row(org.db, username)
    if row is None or not row["IsActive"]:
        raise Refused("run_as")
