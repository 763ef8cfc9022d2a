"""Who is on an app's list: the SetupEntityAccess rows of its permission sets and profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from evergrant.emulator import acts, state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy

Grantee = Literal["permission_set", "profile"]
_LISTED: Final[dict[Grantee, str]] = {
    "permission_set": 'SELECT s."Label" AS shown, s."Name" AS name FROM "PermissionSet" s'
    ' JOIN "SetupEntityAccess" a ON a."ParentId" = s."Id"'
    ' WHERE a."SetupEntityId" = ? AND NOT s."IsOwnedByProfile" ORDER BY 1',
    "profile": 'SELECT p."Name" AS shown, p."Name" AS name FROM "Profile" p'
    ' JOIN "PermissionSet" s ON s."ProfileId" = p."Id" AND s."IsOwnedByProfile"'
    ' JOIN "SetupEntityAccess" a ON a."ParentId" = s."Id"'
    ' WHERE a."SetupEntityId" = ? ORDER BY 1',
}


def listed(org: Org, app: AppPolicy, grantee: Grantee) -> list[tuple[str, str]]:
    """What is on an app's list, as (label, API name)."""
    rows = state.every(org.db, _LISTED[grantee], app.id)
    return [(row["shown"], row["name"]) for row in rows]


def set_list(org: Org, app: AppPolicy, grantee: Grantee, wanted: Iterable[str]) -> None:
    """Make an app's list these names or labels and no others."""
    before, after = listed(org, app, grantee), set(wanted)
    for label, name in before:
        if not after & {label, name}:
            acts.do(org, "ungrant_app", app=app.name, **{grantee: name})
    known = {word for pair in before for word in pair}
    for each in sorted(after - known):
        acts.do(org, "grant_app", app=app.name, **{grantee: each})
