"""What an admin does to users, profiles, the org and its approvals; what happens around it.

Audit action names follow the rule of acts_apps. Revoking, and removing sessions, leave a line of
ours: whether Salesforce writes one is not known.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from evergrant.emulator import objects, propagation, records, state, tokens
from evergrant.emulator.accounts import app_by_name, user_row
from evergrant.emulator.clock import span
from evergrant.emulator.oauth.grants import hand_out
from evergrant.emulator.permissions import COLUMN, PERMISSIONS
from evergrant.emulator.policy_changes import BadChange, changed
from evergrant.emulator.records import audit
from evergrant.emulator.sessions import end_sessions

if TYPE_CHECKING:
    from sqlite3 import Row

    from evergrant.emulator.org import Org

Done = dict[str, object]
_USERS: Final = "Manage Users"
_PROFILE_ACTIONS: Final = {
    "login_ranges": "loginIpRange",
    "session_minutes": "sessiontimeoutForProfile",
}
_OTHER_ACTION: Final = "inferred:changeProfile"
INTEGRATION: Final = "integration"


def find_user(org: Org, user: str) -> Row:
    """A user by username, or by the part before the @; raises KeyError."""
    row = user_row(org.db, user)
    if row is None:
        raise KeyError(f"no user is named {user}")
    return row


def assign_permission_set(org: Org, *, user: str, permission_set: str) -> Done:
    """Assign a permission set to a user."""
    row, held = find_user(org, user), _permission_set(org, permission_set)
    objects.insert(
        org.db, "PermissionSetAssignment", Id=org.ids.new("0Pa"), AssigneeId=row["Id"],
        PermissionSetId=held["Id"], IsActive=True, SystemModstamp=org.clock.now(),
    )  # fmt: skip
    audit(org, "PermSetAssign", f"Assigned {held['Label']} to {row['Username']}", _USERS)
    return {}


def unassign_permission_set(org: Org, *, user: str, permission_set: str) -> Done:
    """Take a permission set from a user."""
    row, held = find_user(org, user), _permission_set(org, permission_set)
    org.db.execute(
        'DELETE FROM "PermissionSetAssignment" WHERE "AssigneeId" = ? AND "PermissionSetId" = ?',
        (row["Id"], held["Id"]),
    )
    audit(org, "PermSetUnassign", f"Unassigned {held['Label']} from {row['Username']}", _USERS)
    return {}


def _permission_set(org: Org, name: str) -> Row:
    row = state.one(
        org.db, 'SELECT * FROM "PermissionSet" WHERE "Name" = ? OR "Label" = ?', name, name
    )
    if row is None:
        raise KeyError(f"no permission set is named {name}")
    return row


def set_user(org: Org, *, user: str, **fields: objects.Value) -> Done:
    """Change fields of a user's record by their Salesforce names."""
    row = find_user(org, user)
    objects.update(org.db, "User", row["Id"], **fields)
    audit(org, "inferred:changeUser", f"Changed user {row['Username']}", _USERS)
    return {}


def activate_user(org: Org, *, user: str) -> Done:
    """Make a user active again."""
    row = find_user(org, user)
    objects.update(org.db, "User", row["Id"], IsActive=True)
    audit(org, "inferred:activateUser", f"Activated user {row['Username']}", _USERS)
    return {}


def deactivate_user(org: Org, *, user: str) -> Done:
    """Deactivate a user; that running sessions end is inferred."""
    row = find_user(org, user)
    objects.update(org.db, "User", row["Id"], IsActive=False)
    audit(org, "deactivateduser", f"Deactivated user {row['Username']}", _USERS)
    return {"sessions_ended": end_sessions(org, "user deactivated", user_id=row["Id"])}


def freeze_user(org: Org, *, user: str) -> Done:
    """Freeze a user, which ends the running sessions (o-kb5319571)."""
    row = _set_frozen(org, user, frozen=True)
    audit(org, "frozeuser", f"Froze user {row['Username']}", _USERS)
    return {"sessions_ended": end_sessions(org, "user frozen", user_id=row["Id"])}


def unfreeze_user(org: Org, *, user: str) -> Done:
    """Unfreeze a user."""
    row = _set_frozen(org, user, frozen=False)
    audit(org, "unfrozeuser", f"Unfroze user {row['Username']}", _USERS)
    return {}


def _set_frozen(org: Org, user: str, *, frozen: bool) -> Row:
    row = find_user(org, user)
    org.db.execute('UPDATE "UserLogin" SET "IsFrozen" = ? WHERE "UserId" = ?', (frozen, row["Id"]))
    return row


def set_profile(
    org: Org, *, profile: str, permissions: dict[str, bool] | None = None, **knobs: object
) -> Done:
    """Turn knobs of a profile's login policy, and its permissions by API name."""
    row = state.one(org.db, 'SELECT "Id" FROM "Profile" WHERE "Name" = ?', profile)
    if row is None:
        raise KeyError(f"no profile is named {profile}")
    for name, value in (permissions or {}).items():
        _permit(org, row["Id"], name, value=value)
    propagation.save(org, row["Id"], changed(state.load_profile(org.db, row["Id"]), knobs))
    actions = [_PROFILE_ACTIONS.get(name, _OTHER_ACTION) for name in knobs]
    for action in dict.fromkeys(actions or [_OTHER_ACTION]):
        audit(org, action, f"Changed profile {profile}", _USERS)
    return {}


def _permit(org: Org, profile_id: str, name: str, *, value: bool) -> None:
    if name not in PERMISSIONS:
        raise BadChange(f"no permission is named {name}")
    for table, column in (("Profile", "Id"), ("PermissionSet", "ProfileId")):
        org.db.execute(
            f'UPDATE "{table}" SET "{COLUMN}{name}" = ? WHERE "{column}" = ?', (value, profile_id)
        )


def set_org(org: Org, **knobs: object) -> Done:
    """Turn knobs of the whole org."""
    before = state.load_org(org.db)
    after = changed(before, knobs)
    propagation.save(org, "org", after)
    action = "inferred:changeOrgSettings"
    if before.api_access_control != after.api_access_control:
        on = after.api_access_control
        action = "adminApprovedAppsOnlyOffOn" if on else "adminApprovedAppsOnlyOnOff"
    audit(org, action, f"Changed {', '.join(knobs)}", "Security Controls")
    return {}


def revoke_user_app(org: Org, *, user: str, app: str) -> Done:
    """Revoke what one user approved for an app."""
    row, policy = find_user(org, user), app_by_name(org.db, app)
    revoked = tokens.end_approvals(org, user_id=row["Id"], app_id=policy.id)
    told = f"Revoked {policy.label} for {row['Username']}"
    audit(org, "inferred:revokeOauthToken", told, "Connected Apps")
    return {"revoked": revoked}


def revoke_app(org: Org, *, app: str) -> Done:
    """Revoke every approval of an app on Connected Apps OAuth Usage."""
    policy = app_by_name(org.db, app)
    revoked = tokens.end_approvals(org, app_id=policy.id)
    end_sessions(org, "revoked", app_id=policy.id)
    audit(org, "inferred:revokeOauthToken", f"Revoked {policy.label} for all", "Connected Apps")
    return {"revoked": revoked}


def approve(org: Org, *, app: str, user: str = INTEGRATION, times: int = 1) -> Done:
    """Let a user approve an app so many times more, as a person in a browser would."""
    row, policy = find_user(org, user), app_by_name(org.db, app)
    for _ in range(times):
        hand_out(org, policy, row["Id"], "authorization_code")
        records.login(org, row["Id"], "Success", subtype="OauthWebServer", application=policy.label)
    return {"approved": times}


def expire_sessions(org: Org, *, app: str) -> Done:
    """Let the app's access tokens die of idleness now, without moving the clock."""
    policy = app_by_name(org.db, app)
    org.db.execute("UPDATE x_session SET seen_at = 0 WHERE app_id = ?", (policy.id,))
    return {}


def remove_sessions(org: Org, *, app: str) -> Done:
    """Remove the app's sessions on Session Management; refresh tokens stay."""
    policy = app_by_name(org.db, app)
    ended = end_sessions(org, "removed by an admin", app_id=policy.id)
    audit(org, "inferred:removeSession", f"Removed sessions of {policy.label}", _USERS)
    return {"sessions_ended": ended}


def set_ip(org: Org, *, ip: str, country: str = "") -> Done:
    """Make callers appear to come from this address; country: its two letters, for LoginGeo."""
    org.ip = str(ip_address(ip))
    org.remember()
    if country:
        records.locate(org, org.ip, country)
    return {"ip": org.ip}


def advance_clock(org: Org, *, by: str) -> Done:
    """Move the clock by a span such as 90s, 2h or 31d."""
    org.clock.advance(seconds=span(by).total_seconds())
    return {"now": objects.stamp(org.clock.now())}
