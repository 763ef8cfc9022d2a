"""The few changes that the REST API allows here: grants of apps and permission sets, logins.

Object Reference: SetupEntityAccess and PermissionSetAssignment (create, delete), UserLogin
(IsFrozen; IsPasswordLocked to false only), User (of its fields IsActive alone is built),
AuthSession (delete). An admin's change leaves a row in the Setup Audit Trail.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from evergrant.emulator import objects, records, sessions, soql
from evergrant.emulator.audit_trail import LINES
from evergrant.emulator.data.call import answer, empty
from evergrant.emulator.data.errors import DataError
from evergrant.emulator.data.records import record_id
from evergrant.emulator.ids import is_id, to18
from evergrant.emulator.objects import OBJECTS, Value

if TYPE_CHECKING:
    from starlette.responses import Response

    from evergrant.emulator.data.call import Call
    from evergrant.emulator.schema import Field, SObject


@dataclass(frozen=True, slots=True)
class Grant:
    """What creating and deleting one kind of grant needs and leaves behind."""

    required: tuple[str, ...]
    created: str
    deleted: str
    """Setup Audit Trail actions."""


_GRANTS: Final = {
    "SetupEntityAccess": Grant(
        ("ParentId", "SetupEntityId"), "inferred:changeApplication", "inferred:changeApplication"
    ),
    "PermissionSetAssignment": Grant(
        ("PermissionSetId", "AssigneeId"), "PermSetAssign", "PermSetUnassign"
    ),
}


def create(call: Call) -> Response:
    """POST …/sobjects/PermissionSetAssignment: 201 with the new id."""
    entity = call.entity()
    grant = _grant(entity)
    _permitted(call, entity.createable)
    given = _given(call, entity, "createable")
    missing = [name for name in grant.required if given.get(name) is None]
    if missing:
        raise DataError("missing", fields=missing)
    with call.org.changing() as db:
        _refuse_duplicate(db, entity, {name: given[name] for name in grant.required})
        record = call.org.ids.new(entity.prefix)
        row = {**given, **_filled(entity, given), "SystemModstamp": call.caller.now}
        objects.insert(db, entity.name, Id=record, **row)
        _audit(call, grant.created, f"Created {entity.name} {record}")
    return answer({"id": record, "success": True, "errors": []}, 201)


def delete(call: Call) -> Response:
    """DELETE …/sobjects/PermissionSetAssignment/0Pa…: 204."""
    entity, record = call.entity(), record_id(call)
    if entity.name == "AuthSession":
        return _end_session(call, entity, record)
    grant = _grant(entity)
    _permitted(call, entity.deletable)
    with call.org.changing() as db:
        done = db.execute(f'DELETE FROM "{entity.name}" WHERE "Id" = ?', (record,))
        if done.rowcount == 0:
            raise DataError("no_resource")
        _audit(call, grant.deleted, f"Deleted {entity.name} {record}")
    return empty()


def _end_session(call: Call, entity: SObject, record: str) -> Response:
    """DELETE …/sobjects/AuthSession/0Ak…: the session itself ends, for who sees its row."""
    fields = (entity.by_name["id"],)
    if soql.one(call.org.db, entity, record, fields, call.caller, call.base) is None:
        raise DataError("no_resource")
    sessions.end_sessions(call.org, "deleted", id=record)
    return empty()


def change(call: Call) -> Response:
    """PATCH …/sobjects/UserLogin/0Yw… or …/User/005…: 204."""
    entity, record = call.entity(), record_id(call)
    if not entity.updateable:
        raise DataError("not_built", name=f"changing {entity.name}")
    _permitted(call, entity.updateable)
    given = _given(call, entity, "updateable")
    if given.get("IsPasswordLocked"):
        raise DataError("lock", fields=("IsPasswordLocked",))
    stamps: dict[str, Value] = {
        "LastModifiedDate": call.caller.now,
        "LastModifiedById": call.caller.user_id,
    }
    user = "UserId" if entity.name == "UserLogin" else "Id"
    with call.org.changing() as db:
        sql = f'SELECT "{user}" FROM "{entity.name}" WHERE "Id" = ?'
        row = db.execute(sql, (record,)).fetchone()
        if row is None:
            raise DataError("no_resource")
        objects.update(db, entity.name, record, **given, **stamps)
        for name in _LOGGED.keys() & given.keys():
            action = _LOGGED[name][bool(given[name])]
            _audit(call, action, f"{action} {row[0]}")
        _end_running(call, row[0], given)
    return empty()


_LOGGED: Final = {
    "IsFrozen": ("unfrozeuser", "frozeuser"),
    "IsActive": ("deactivateduser", "inferred:activateUser"),
}
"""Field → Setup Audit Trail action when it becomes false, and when it becomes true."""


def _end_running(call: Call, user: str, given: dict[str, Value]) -> None:
    """Freezing ends the running sessions (o-kb5319571); that deactivating does is inferred."""
    if given.get("IsFrozen") is True:
        sessions.end_sessions(call.org, "user frozen", user_id=user)
    if given.get("IsActive") is False:
        sessions.end_sessions(call.org, "user deactivated", user_id=user)


def _grant(entity: SObject) -> Grant:
    if entity.name not in _GRANTS:
        raise DataError("not_built", name=f"creating and deleting {entity.name}")
    return _GRANTS[entity.name]


def _permitted(call: Call, permissions: frozenset[str]) -> None:
    if not call.caller.has_any(permissions):
        raise DataError("access")


def _given(
    call: Call, entity: SObject, may: Literal["createable", "updateable"]
) -> dict[str, Value]:
    """The fields in the body, by their proper names; raises DataError for one it may not set."""
    body = call.json_object()
    body.pop("attributes", None)
    unknown = [name for name in body if name.lower() not in entity.by_name]
    if unknown:
        raise DataError("no_field", fields=unknown[:1], entity=entity.name)
    fields = {entity.by_name[name.lower()]: raw for name, raw in body.items()}
    refused = [one.name for one in fields if not getattr(one, may)]
    if refused:
        raise DataError("read_only", fields=refused)
    return {one.name: _value(call, one, raw) for one, raw in fields.items()}


def _value(call: Call, one: Field, raw: object) -> Value:
    if raw is None and one.type != "boolean":
        return None
    if one.type == "reference":
        return _reference(call, one, raw)
    if one.type == "boolean" and isinstance(raw, bool):
        return raw
    if one.type == "datetime" and isinstance(raw, str):
        return _moment(one, raw)
    raise DataError("bad_value", fields=(one.name,))


def _reference(call: Call, one: Field, raw: object) -> str:
    if not isinstance(raw, str) or not is_id(raw):
        raise DataError("bad_id", fields=(one.name,), label=one.label, value=str(raw)[:80])
    record = to18(raw)
    if not any(_exists(call.org.db, name, record) for name in one.refers_to):
        raise DataError("no_reference", fields=(one.name,))
    return record


def _exists(db: sqlite3.Connection, name: str, record: str) -> bool:
    found = db.execute(f'SELECT 1 FROM "{name}" WHERE "Id" = ?', (record,)).fetchone()
    return found is not None


def _moment(one: Field, raw: str) -> datetime:
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        raise DataError("bad_value", fields=(one.name,)) from None
    if moment.tzinfo is None:
        raise DataError("bad_value", fields=(one.name,))
    return moment


def _refuse_duplicate(db: sqlite3.Connection, entity: SObject, key: dict[str, Value]) -> None:
    where = " AND ".join(f'"{name}" = ?' for name in key)
    row = db.execute(f'SELECT "Id" FROM "{entity.name}" WHERE {where}', tuple(key.values()))
    found = row.fetchone()
    if found is not None:
        raise DataError("duplicate", fields=tuple(key), value=str(found[0]))


def _filled(entity: SObject, given: dict[str, Value]) -> dict[str, Value]:
    """What the org itself writes into a new row."""
    if entity.name == "PermissionSetAssignment":
        return {"IsActive": True}
    wanted = str(given["SetupEntityId"])[:3]
    kinds = entity.by_name["setupentityid"].refers_to
    return {"SetupEntityType": next(one for one in kinds if OBJECTS[one].prefix == wanted)}


def _audit(call: Call, action: str, display: str) -> None:
    section = LINES[action].section
    records.audit(call.org, action, display, section, by=call.caller.user_id)
