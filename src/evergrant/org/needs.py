"""What a session's own user may do in an org, one question each.

Objects and fields are asked for by describe, which answers for the user who asks and needs no
admin's permission; permission sets and permissions lie in setup objects, which need *View Setup and
Configuration* (Object Reference, PermissionSetAssignment).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from evergrant.errors import Malformed, Refused
from evergrant.model import Session
from evergrant.org.query import VERSION, query, soql_text
from evergrant.org.rest import get
from evergrant.wire import Conversation

COMPONENTS: Final = {
    "NamedCredential": "DeveloperName",
    "AuthProvider": "DeveloperName",
    "PermissionSet": "Name",
    "ConnectedApplication": "Name",
}
"""Setup objects whose rows show that a step was done, and the field that names a row."""
_OBJECT: Final = {
    "read": "queryable",
    "create": "createable",
    "edit": "updateable",
    "delete": "deletable",
}
_FIELD: Final = {"create": "createable", "edit": "updateable"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes or no, and the org's own words for it."""

    holds: bool
    quote: str


def object_access(session: Session, name: str, access: str) -> Conversation[Answer]:
    """Whether the user may read, create, edit or delete rows of an object."""
    told = yield from _described(session, name)
    if told is None:
        return Answer(False, f"describe of {name}: NOT_FOUND, not there for this user")
    word = _OBJECT.get(access, "queryable")
    return Answer(told.get(word) is True, f"describe of {name}: {word} {told.get(word)}")


def field_access(session: Session, path: str, access: str) -> Conversation[Answer]:
    """Whether the user may see, set or change a field; `path` is `Object.Field`."""
    name, _, wanted = path.partition(".")
    told = yield from _described(session, name)
    if told is None:
        return Answer(False, f"describe of {name}: NOT_FOUND, not there for this user")
    listed = told.get("fields")
    known = {str(each.get("name")).lower(): each for each in listed or () if isinstance(each, dict)}
    found = known.get(wanted.lower())
    if found is None:
        return Answer(False, f"describe of {name} lists no field {wanted} for this user")
    word = _FIELD.get(access, "")
    if not word:
        return Answer(True, f"describe of {name} lists the field {wanted}")
    return Answer(found.get(word) is True, f"{path}: {word} {found.get(word)}")


def has_permission(session: Session, user_id: str, name: str) -> Conversation[Answer]:
    """Whether a user has a permission (`ApiEnabled`), by profile or by permission set."""
    user, field = soql_text(user_id), f"Permissions{name}"
    rows = yield from query(
        session, f"SELECT Profile.Name, Profile.{field} FROM User WHERE Id = {user}"
    )
    profile = (rows[0].get("Profile") if rows else None) or {}
    if profile.get(field) is True:
        return Answer(True, f"profile {profile.get('Name')}: {field} true")
    held = yield from query(
        session,
        "SELECT PermissionSet.Label FROM PermissionSetAssignment"
        f" WHERE AssigneeId = {user} AND PermissionSet.{field} = true",
    )
    names = ", ".join(_label(each) for each in held)
    return Answer(bool(held), f"permission sets with {field}: {names or 'none of the user’s'}")


def has_permission_set(session: Session, user_id: str, name: str) -> Conversation[Answer]:
    """Whether a permission set, by its API name, is assigned to a user."""
    rows = yield from query(
        session,
        "SELECT PermissionSet.Label FROM PermissionSetAssignment"
        f" WHERE AssigneeId = {soql_text(user_id)} AND PermissionSet.Name = {soql_text(name)}",
    )
    told = f"assigned: {_label(rows[0])}" if rows else f"no assignment of {name} to this user"
    return Answer(bool(rows), told)


def has_page(session: Session, user_id: str, name: str) -> Conversation[Answer]:
    """Whether a Visualforce page is open to a user by one of the user's permission sets.

    NOTE: that page access lies in SetupEntityAccess, under the id of the ApexPage, is inferred from
    the other types that the Object Reference lists.
    """
    pages = yield from query(session, f"SELECT Id FROM ApexPage WHERE Name = {soql_text(name)}")
    if not pages:
        return Answer(False, f"no Visualforce page {name} in this org")
    rows = yield from query(
        session,
        "SELECT ParentId FROM SetupEntityAccess"
        f" WHERE SetupEntityId = {soql_text(str(pages[0].get('Id')))}",
    )
    held = yield from query(
        session,
        "SELECT PermissionSetId FROM PermissionSetAssignment"
        f" WHERE AssigneeId = {soql_text(user_id)}",
    )
    theirs = {each.get("PermissionSetId") for each in held}
    is_open = any(each.get("ParentId") in theirs for each in rows)
    told = "one of them" if is_open else "none of them"
    return Answer(is_open, f"{len(rows)} permission sets open {name}; the user holds {told}")


def has_component(session: Session, evidence: str) -> Conversation[Answer]:
    """Whether a row stands in the org that a step leaves behind: `NamedCredential Orbit_Cloud`.

    Raises `Malformed` for an object that is not among `COMPONENTS`.
    """
    kind, _, name = evidence.partition(" ")
    if kind not in COMPONENTS or not name:
        raise Malformed(f"{evidence!r} names no component that can be looked for")
    rows = yield from query(
        session, f"SELECT Id FROM {kind} WHERE {COMPONENTS[kind]} = {soql_text(name)} LIMIT 1"
    )
    return Answer(bool(rows), f"{kind} {name}: {'there' if rows else 'not there'}")


def _described(session: Session, name: str) -> Conversation[dict[str, Any] | None]:
    """What the org says of an object to this user; None where it says that there is none."""
    path = f"/services/data/{VERSION}/sobjects/{quote(name, safe='')}/describe"
    try:
        told = yield from get(session, path)
    except Refused as refusal:
        if refusal.error == "NOT_FOUND":
            return None
        raise
    if not isinstance(told, dict):
        raise Malformed(f"the description of {name} is none")
    return told


def _label(row: dict[str, Any]) -> str:
    return str((row.get("PermissionSet") or {}).get("Label"))
