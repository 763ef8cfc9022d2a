"""Profile and PermissionSet: permissions are columns, login ranges and hours are policy."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from evergrant.emulator import acts, licenses, objects, profiles, state
from evergrant.emulator.metadata import kept
from evergrant.emulator.metadata.holders.bound import differing, is_true, spelled
from evergrant.emulator.metadata.holders.found import profile_label, profile_name
from evergrant.emulator.metadata.holders.holder import Change, Holder
from evergrant.emulator.metadata.problems import Refused
from evergrant.emulator.metadata.types.access import PERMISSION_SET, PROFILE, WEEKDAYS
from evergrant.emulator.permissions import COLUMN, PERMISSIONS
from evergrant.emulator.records import audit

if TYPE_CHECKING:
    from sqlite3 import Row

    from evergrant.emulator.metadata.document import Document
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import ProfilePolicy

_HOUR: Final = 60
_MIDNIGHT: Final = 24 * _HOUR
_STANDARD: Final = frozenset({"Admin", "Standard"})
_USERS: Final = "Manage Users"


def _profile_row(org: Org, name: str) -> Row | None:
    return state.one(org.db, 'SELECT * FROM "Profile" WHERE "Name" = ?', profile_label(name))


def _set_row(org: Org, name: str) -> Row | None:
    return state.one(
        org.db, 'SELECT * FROM "PermissionSet" WHERE "Name" = ? AND NOT "IsOwnedByProfile"', name
    )


def _profiles(org: Org) -> list[str]:
    rows = state.every(org.db, 'SELECT "Name" FROM "Profile" ORDER BY "Name"')
    return [profile_name(row["Name"]) for row in rows]


def _permission_sets(org: Org) -> list[str]:
    rows = state.every(
        org.db, 'SELECT "Name" FROM "PermissionSet" WHERE NOT "IsOwnedByProfile" ORDER BY "Name"'
    )
    return [row["Name"] for row in rows]


def _id(row: Row | None) -> str:
    return str(row["Id"]) if row is not None else ""


def _permitted(row: Row, document: Document) -> list[dict[str, str]]:
    """The permissions that are on, by name: the org's columns, and those it only keeps."""
    stored = {each["name"] for each in document.get("userPermissions", ())}
    own = {name for name in PERMISSIONS if row[f"{COLUMN}{name}"]}
    names = sorted(own | (stored - set(PERMISSIONS)))
    return [{"enabled": "true", "name": name} for name in names]


def _merged(before: Document, after: Document) -> Document:
    """What is kept after a deployment: a permission that is not named stays as it was."""
    listed = {each["name"]: each for each in before.get("userPermissions", ())}
    listed |= {each["name"]: each for each in after.get("userPermissions", ())}
    on = [each for each in listed.values() if is_true(each["enabled"])]
    return {**before, **after, "userPermissions": on}


def _permissions(document: Document) -> dict[str, bool]:
    """The permissions of a document that this org knows, on and off."""
    return {
        each["name"]: is_true(each["enabled"])
        for each in document.get("userPermissions", ())
        if each["name"] in PERMISSIONS
    }


def _read_profile(org: Org, name: str) -> Document | None:
    row = _profile_row(org, name)
    if row is None:
        return None
    before = kept.find(org, PROFILE.name, name)
    document: Document = before.document if before is not None else {}
    own = {"custom": spelled(name not in _STANDARD), "userLicense": _license(org, row)}
    policy = state.load_profile(org.db, row["Id"])
    return {**own, **document, **_logins(policy), "userPermissions": _permitted(row, document)}


def _license(org: Org, profile: Row) -> str:
    row = state.one(
        org.db, 'SELECT "Name" FROM "UserLicense" WHERE "Id" = ?', profile["UserLicenseId"]
    )
    return str(row["Name"]) if row is not None else licenses.SALESFORCE


def _logins(policy: ProfilePolicy) -> Document:
    ranges = [{"startAddress": first, "endAddress": last} for first, last in policy.login_ranges]
    hours = {
        f"{WEEKDAYS[day]}{end}": str(minute)
        for day, first, last in policy.login_hours
        for end, minute in (("Start", first), ("End", last))
    }
    return {"loginIpRanges": ranges} | ({"loginHours": hours} if hours else {})


def _write_profile(change: Change) -> None:
    org, document = change.org, change.document
    knobs = _knobs(document)
    label = profile_label(change.name)
    if _profile_row(org, change.name) is None:
        _create_profile(change, label)
    _turn(org, change.name, _permissions(document), knobs)
    before = kept.find(org, PROFILE.name, change.name)
    rest = {
        name: value
        for name, value in document.items()
        if name not in ("loginIpRanges", "loginHours")
    }
    kept.keep(org, PROFILE.name, change.name, _merged(before.document if before else {}, rest))


def _turn(org: Org, name: str, permissions: dict[str, bool], knobs: dict[str, Any]) -> None:
    """Change what stands otherwise, as an admin does: what is the same leaves no line."""
    row = _profile_row(org, name)
    if row is None:
        raise AssertionError("a profile that was just written")
    turned = _differing(row, permissions)
    others = differing(state.load_profile(org.db, row["Id"]), knobs)
    if turned or others:
        acts.do(org, "set_profile", profile=row["Name"], permissions=turned, **others)


def _differing(row: Row, permissions: dict[str, bool]) -> dict[str, bool]:
    return {name: on for name, on in permissions.items() if bool(row[f"{COLUMN}{name}"]) != on}


def _create_profile(change: Change, label: str) -> None:
    """Only custom profiles can be made; a standard one comes with its licence (inferred)."""
    if not is_true(change.document.get("custom", "false")):
        raise Refused("no_profile", name=label)
    if not change.document.get("userLicense"):
        raise Refused("required", name="userLicense")
    try:
        profiles.add_profile(change.org, label, frozenset(), change.document["userLicense"])
    except KeyError as error:
        told = {"type": "UserLicense", "name": change.document["userLicense"]}
        raise Refused("no_named", field="userLicense", **told) from error
    audit(change.org, "inferred:insertProfile", f"Created profile {label}", _USERS)


def _knobs(document: Document) -> dict[str, Any]:
    """Login ranges and hours, each only where the document names it; raises Refused."""
    found: dict[str, Any] = {}
    if "loginIpRanges" in document:
        found["login_ranges"] = tuple(_range(each) for each in document["loginIpRanges"])
    if "loginHours" in document:
        found["login_hours"] = _hours(document["loginHours"])
    return found


def _range(each: Document) -> tuple[str, str]:
    pair = (each["startAddress"], each["endAddress"])
    try:
        first, last = map(ip_address, pair)
        if int(first) > int(last):
            raise ValueError(f"{first} comes after {last}")
    except ValueError as error:
        raise Refused("policy", name="loginIpRanges", why=str(error)) from error
    return pair


def _hours(document: Document) -> tuple[tuple[int, int, int], ...]:
    """Days with both ends; an empty loginHours clears all (MD-profile)."""
    for value in document.values():
        is_hour = value.isdigit() and int(value) % _HOUR == 0 and int(value) <= _MIDNIGHT
        if value and not is_hour:
            raise Refused("hours", value=value)
    ends = [(day, document.get(f"{name}Start"), document.get(f"{name}End"))
            for day, name in enumerate(WEEKDAYS)]  # fmt: skip
    return tuple((day, int(first), int(last)) for day, first, last in ends if first and last)


def _read_permission_set(org: Org, name: str) -> Document | None:
    row = _set_row(org, name)
    if row is None:
        return None
    before = kept.find(org, PERMISSION_SET.name, name)
    document: Document = before.document if before is not None else {}
    own = {"label": row["Label"], "userPermissions": _permitted(row, document)}
    if row["Description"]:
        own["description"] = row["Description"]
    return {"hasActivationRequired": "false", **document, **own}


def _write_permission_set(change: Change) -> None:
    org, document = change.org, change.document
    label, told = document["label"], document.get("description")
    if _set_row(org, change.name) is None:
        profiles.add_permission_set(org, change.name, label)
        audit(org, "PermSetCreate", f"Created permission set {label}", _USERS)
    objects.update(
        org.db, "PermissionSet", _id(_set_row(org, change.name)), Label=label,
        **({} if told is None else {"Description": told}),
    )  # fmt: skip
    row = _set_row(org, change.name)
    if row is not None and (permissions := _differing(row, _permissions(document))):
        acts.do(org, "set_permission_set", permission_set=change.name, permissions=permissions)
    before = kept.find(org, PERMISSION_SET.name, change.name)
    merged = _merged(before.document if before else {}, document)
    kept.keep(org, PERMISSION_SET.name, change.name, merged)


def _remove_permission_set(org: Org, name: str) -> None:
    record = _id(_set_row(org, name))
    org.db.execute('DELETE FROM "PermissionSetAssignment" WHERE "PermissionSetId" = ?', (record,))
    org.db.execute('DELETE FROM "SetupEntityAccess" WHERE "ParentId" = ?', (record,))
    org.db.execute('DELETE FROM "PermissionSet" WHERE "Id" = ?', (record,))
    audit(org, "inferred:deletePermissionSet", f"Deleted permission set {name}", _USERS)
    kept.drop(org, PERMISSION_SET.name, name)


PROFILES: Final = Holder(
    _profiles, _read_profile, _write_profile, None,
    lambda org, name: _id(_profile_row(org, name)),
    frozenset({"userPermissions", "loginIpRanges", "loginHours"}),
)  # fmt: skip
PERMISSION_SETS: Final = Holder(
    _permission_sets, _read_permission_set, _write_permission_set, _remove_permission_set,
    lambda org, name: _id(_set_row(org, name)),
    frozenset({"label", "description", "userPermissions"}),
)  # fmt: skip
