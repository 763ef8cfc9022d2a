"""Carrying a plan out in an org: looked at, backed up, checked by the org, deployed, read back.

Each part is a conversation of its own, so that the backup can be stored before anything changes
and a person can say yes in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from evergrant.errors import BadInput
from evergrant.model import Session
from evergrant.org import access
from evergrant.org.deployment import Deployed, deploy
from evergrant.org.login_history import LoginRow, all_logins, success_row
from evergrant.org.metadata import retrieve
from evergrant.repair.draft import Draft, drafts
from evergrant.repair.edits import Add, Clear, Drop, Edit, Ensure, Set, holds
from evergrant.repair.files import Files, members, of_zip, package
from evergrant.repair.kinds import KINDS, SETTINGS
from evergrant.repair.model import Deployment, Key, Plan, RecordChange
from evergrant.wire import Conversation

APPS = (
    "ConnectedApp",
    "BlacklistedConsumer",
    "ExternalClientApplication",
    "ExtlClntAppOauthSettings",
    "ExtlClntAppGlobalOauthSettings",
    "ExtlClntAppOauthConfigurablePolicies",
    "ExtlClntAppConfigurablePolicies",
)
"""Retrieved whole; the pages of these types document the wildcard."""
ORG_SETTINGS = ("ConnectedApp", "ExternalClientApp", "OauthOidc", "Security")


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that was to be true afterwards, and whether it is."""

    what: str
    is_so: bool | None
    """None where it could not be looked at."""
    seen: str = ""


def org_files(session: Session, profiles: Iterable[str] = ()) -> Conversation[Files]:
    """The metadata of an org that repairs touch: its apps, its settings, the profiles named.

    Raises `Refused` (Modify Metadata is needed), `Malformed`, and what the network throws.
    """
    wanted: dict[str, tuple[str, ...]] = dict.fromkeys(APPS, ("*",))
    wanted["Settings"] = ORG_SETTINGS
    if named := tuple(profiles):
        wanted["Profile"] = named
    return Files(of_zip((yield from retrieve(session, wanted))))


def same_still(session: Session, step: Deployment, files: Files) -> Conversation[bool]:
    """Whether the org still holds what the step was drafted from; somebody may have changed it.

    Raises as `org_files` does.
    """
    keys = [*(each.key for each in step.editions), *step.removed]
    now = Files(of_zip((yield from retrieve(session, members(keys)))))
    return all(_data(now, key) == _data(files, key) for key in keys)


def _data(files: Files, key: Key) -> bytes | None:
    there = files.find(*key)
    return there.data if there is not None else None


def backup(step: Deployment, files: Files) -> bytes:
    """What the org holds now of all that a deployment touches, ready to be deployed again."""
    return way_back([*(each.key for each in step.editions), *step.removed], files)


def way_back(keys: Iterable[Key], files: Files) -> bytes:
    """The package that brings components back as they are: what is not there yet is deleted.

    Settings are never deleted, and what an external client app consists of goes with the app.
    """
    wanted = tuple(dict.fromkeys(keys))
    there = [each for key in wanted if (each := files.find(*key)) is not None]
    new = [key for key in wanted if files.find(*key) is None and can_be_deleted(key[0])]
    return package(there, new)


def can_be_deleted(type_: str) -> bool:
    """Whether a component of that type is something of its own."""
    return type_ != SETTINGS and not KINDS[type_].has_parent


def package_of(step: Deployment, files: Files, app: str = "") -> bytes:
    """What is deployed: only the components in which something changes."""
    return package((each.after for each in _changed(step, files, app)), step.removed)


def is_done(step: Deployment, files: Files, app: str = "") -> bool:
    """Whether the org is as the step would make it."""
    gone = all(files.find(*key) is None for key in step.removed)
    return gone and not _changed(step, files, app)


def _changed(step: Deployment, files: Files, app: str) -> list[Draft]:
    return [each for each in drafts(step, files, app) if each.changes]


def carry_out(session: Session, zipped: bytes) -> Conversation[Deployed]:
    """Let the org check a package, and deploy it where nothing is refused.

    Raises as `deploy` does.
    """
    checked = yield from deploy(session, zipped, check_only=True)
    if not checked.is_done:
        return checked
    return (yield from deploy(session, zipped))


def change_record(session: Session, step: RecordChange) -> Conversation[bool]:
    """Make the change of one record; whether there was something to change.

    Raises `Refused`, `NotFound`, `BadInput` for a record that nobody knows how to change.
    """
    match step.patch.type, step.patch.path:
        case "PermissionSetAssignment", _:
            return (yield from access.assign(session, step.of, step.value))
        case "UserLogin", "IsFrozen":
            return (yield from access.unfreeze(session, step.of))
        case "User", "IsActive":
            return (yield from access.activate(session, step.of))
        case _:
            raise BadInput(f"{step.patch.type}.{step.patch.path} is changed by hand")


def _record_proof(session: Session, step: RecordChange) -> Conversation[Proof]:
    match step.patch.type, step.patch.path:
        case "PermissionSetAssignment", _:
            is_so = yield from access.is_assigned(session, step.of, step.value)
            return Proof(f"{step.of} holds {step.value}", is_so)
        case "UserLogin", "IsFrozen":
            return Proof(
                f"{step.of} is not frozen", not (yield from access.is_frozen(session, step.of))
            )
        case "User", "IsActive":
            return Proof(f"{step.of} is active", (yield from access.is_active(session, step.of)))
        case _:
            return Proof(f"{step.patch.type}.{step.patch.path} of {step.of}", None, "by hand")


def verify(
    session: Session, plan: Plan, since: datetime | None = None
) -> Conversation[list[Proof]]:
    """Read back what the plan changed and, with `since`, look for a successful login of the app.

    Raises `Refused`, `Malformed`, and what the network throws.
    """
    proofs: list[Proof] = []
    if plan.deployments:
        profiles = (each.key[1] for each in plan.editions if each.key[0] == "Profile")
        files = yield from org_files(session, profiles)
        proofs += [each for step in plan.deployments for each in read_back(step, files)]
    for step in plan.steps:
        if isinstance(step, RecordChange):
            proofs.append((yield from _record_proof(session, step)))
    if since is not None and plan.app is not None:
        rows = yield from all_logins(session, since)
        proofs.append(_login(plan.app.label, success_row(rows, plan.app.label, since)))
    return proofs


def _login(label: str, row: LoginRow | None) -> Proof:
    what = f"Login History has a Success row of {label}"
    return Proof(
        what, row is not None, f"{row.at:%Y-%m-%d %H:%M:%S}Z {row.login_subtype}" if row else ""
    )


def read_back(step: Deployment, files: Files) -> list[Proof]:
    """Whether an org holds what a deployment was to make of it, element by element."""
    proofs = [
        Proof(f"{type_} {name} is gone", files.find(type_, name) is None)
        for type_, name in step.removed
    ]
    for edition in step.editions:
        there = files.find(*edition.key)
        for edit in edition.edits:
            if not isinstance(edit, Ensure):
                seen = ", ".join(there.markup.values(edit.path)) if there else ""
                is_so = there is not None and holds(there.markup, edit)
                proofs.append(Proof(f"{edition.key[1]}: {told(edit)}", is_so, seen or "not there"))
    return proofs


def told(edit: Edit) -> str:
    """An edit in one line."""
    match edit:
        case Set(path, value) | Ensure(path, value):
            return f"{path} = {value}"
        case Add(path, value):
            shown = value if isinstance(value, str) else ", ".join(f"{n} {v}" for n, v in value)
            return f"{path} has {shown}"
        case Drop(path, value):
            return f"{path} has no {value}" if value else f"no {path}"
        case Clear(path):
            return f"{path} is empty"
        case _:
            assert_never(edit)
