"""What an admin or a developer does to an app; each act leaves its line in the audit trail.

Audit action names are recorded (Setup Audit Trail reference); where the real name is not known,
the name begins with `inferred:`, so that nobody takes it for Salesforce's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from evergrant.emulator import apps, jwts, objects, state, tokens
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.policy_changes import changed
from evergrant.emulator.records import audit
from evergrant.emulator.sessions import end_sessions

if TYPE_CHECKING:
    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy

Done = dict[str, object]
_APPS: Final = "Connected Apps"
_ACTIONS: Final = {
    "admin_approved": "changeUserRuntimeAccessPolicy",
    "ip_relaxation": "changeIpRelaxationPolicy",
    "scopes": "changeOauthDefaultScope",
    "callbacks": "changeApplicationCallbackUrl",
    "certificate": "changeApplicationCertificate",
    "client_credentials": "changeApplicationClientCredentialEnabled",
    "run_as": "addOauthClientCredentialUser",
    "pkce_required": "changeApplicationPkceRequired",
    "secret_for_refresh": "changeApplicationSecretRequiredForRefreshToken",
    "secret_optional": "changeApplicationOptionalConsumerSecret",
    "rotation": "changeApplicationRefreshTokenRotationEnabled",
    "session_action": "insertConnectedAppSessionPolicy",
    "session_minutes": "insertConnectedAppSessionPolicy",
}
_OTHER_ACTION: Final = "inferred:changeApplication"
"""For knobs whose audit action is not known."""


def block_app(org: Org, *, app: str) -> Done:
    """Block an app on Connected Apps OAuth Usage: its sessions end, no new grant is given."""
    policy = app_by_name(org.db, app)
    apps.save(org, replace(policy, blocked=True))
    ended = end_sessions(org, "app blocked", app_id=policy.id)
    audit(org, "blockConnectedApplication", f"Blocked connected app {policy.label}", _APPS)
    return {"sessions_ended": ended}


def unblock_app(org: Org, *, app: str) -> Done:
    """Unblock an app; refresh tokens that stood before stand again (inferred)."""
    policy = app_by_name(org.db, app)
    apps.save(org, replace(policy, blocked=False))
    audit(org, "unblockConnectedApplication", f"Unblocked connected app {policy.label}", _APPS)
    return {}


def install_app(org: Org, *, app: str) -> Done:
    """Install an app on Connected Apps OAuth Usage."""
    policy = app_by_name(org.db, app)
    apps.save(org, replace(policy, installed=True, in_org=True))
    audit(org, "insertConnectedApplication", f"Installed connected app {policy.label}", _APPS)
    return {}


def uninstall_app(org: Org, *, app: str) -> Done:
    """Uninstall an app: sessions and approvals end (inferred), users must authorize again."""
    policy = app_by_name(org.db, app)
    apps.save(org, replace(policy, installed=False, in_org=policy.kind == "connected_app"))
    ended = end_sessions(org, "app uninstalled", app_id=policy.id)
    revoked = tokens.end_approvals(org, app_id=policy.id)
    audit(org, "deleteConnectedApplication", f"Uninstalled connected app {policy.label}", _APPS)
    return {"sessions_ended": ended, "approvals_ended": revoked}


def delete_app(org: Org, *, app: str) -> Done:
    """Delete an app where it was made: its consumer key is known no longer."""
    policy = app_by_name(org.db, app)
    state.save_policy(org.db, policy.id, replace(policy, deleted=True))
    apps.remove_records(org, policy)
    end_sessions(org, "app deleted", app_id=policy.id)
    audit(org, "deleteApplication", f"Deleted connected app {policy.label}", "Application")
    return {}


def set_app(org: Org, *, app: str, **knobs: object) -> Done:
    """Turn knobs of an app's policy; see the reference of knobs."""
    policy = app_by_name(org.db, app)
    apps.save(org, changed(policy, knobs))
    for action in dict.fromkeys(_ACTIONS.get(name, _OTHER_ACTION) for name in knobs):
        audit(org, action, f"Changed connected app {policy.label}", _APPS)
    return {}


def set_callbacks(org: Org, *, app: str, callbacks: list[str]) -> Done:
    """Register these callback URLs and no others."""
    return set_app(org, app=app, callbacks=callbacks)


def set_certificate(org: Org, *, app: str, pem: str = "") -> Done:
    """Register a certificate; without one, a new one whose private key nobody has."""
    fresh = (
        pem
        or jwts.new_key_pair(
            app, org.clock.now(), f"nobody {org.random.getrandbits(64)}"
        ).certificate
    )
    return set_app(org, app=app, certificate=fresh)


def rotate_secret(org: Org, *, app: str, grace_days: int = 0) -> Done:
    """Give the app another consumer secret; the old one is good for so many days more."""
    policy = app_by_name(org.db, app)
    apps.new_secret(org, policy, grace_days)
    audit(org, "inferred:rotateConsumerSecret", f"Rotated secret of {policy.label}", _APPS)
    return {}


def grant_app(org: Org, *, app: str, permission_set: str = "", profile: str = "") -> Done:
    """Put a permission set or a profile on the app's list."""
    policy, parent = app_by_name(org.db, app), _parent(org, permission_set, profile)
    objects.insert(
        org.db, "SetupEntityAccess", Id=org.ids.new("0J0"), ParentId=parent,
        SetupEntityId=policy.id, SetupEntityType=apps.OBJECTS[policy.kind],
        SystemModstamp=org.clock.now(),
    )  # fmt: skip
    _audit_grant(org, policy, permission_set or profile)
    return {}


def ungrant_app(org: Org, *, app: str, permission_set: str = "", profile: str = "") -> Done:
    """Take a permission set or a profile off the app's list."""
    policy, parent = app_by_name(org.db, app), _parent(org, permission_set, profile)
    org.db.execute(
        'DELETE FROM "SetupEntityAccess" WHERE "ParentId" = ? AND "SetupEntityId" = ?',
        (parent, policy.id),
    )
    _audit_grant(org, policy, permission_set or profile)
    return {}


def _audit_grant(org: Org, policy: AppPolicy, holder: str) -> None:
    audit(org, _OTHER_ACTION, f"Changed access of {holder} to {policy.label}", _APPS)


def _parent(org: Org, permission_set: str, profile: str) -> str:
    """The permission set named, or the one a profile owns; raises KeyError."""
    row = state.one(
        org.db, 'SELECT "Id" FROM "PermissionSet" WHERE ("Name" = ? OR "Label" = ?) AND NOT'
        ' "IsOwnedByProfile" UNION ALL SELECT s."Id" FROM "PermissionSet" s JOIN "Profile" p'
        ' ON s."ProfileId" = p."Id" WHERE s."IsOwnedByProfile" AND p."Name" = ?',
        permission_set, permission_set, profile,
    )  # fmt: skip
    if row is None:
        raise KeyError(f"no permission set or profile is named {permission_set or profile}")
    return str(row["Id"])
