"""What an admin does on Setup pages beyond apps and users as a whole: one approval, one session.

Audit action names follow the rule of acts_apps; as in acts_users, revoking leaves one of ours.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from evergrant.emulator import apps as apps_
from evergrant.emulator import jwts, objects, state, tokens
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.acts.users import find_user
from evergrant.emulator.oauth import handlers
from evergrant.emulator.permissions import COLUMN, PERMISSIONS
from evergrant.emulator.policy_changes import BadChange
from evergrant.emulator.records import audit
from evergrant.emulator.sessions import end_sessions

if TYPE_CHECKING:
    from evergrant.emulator.org import Org

Done = dict[str, object]
_USERS = "Manage Users"
_OAUTH = "Connected Apps"


def set_permission_set(org: Org, *, permission_set: str, permissions: dict[str, bool]) -> Done:
    """Give or take system permissions of a permission set, by API name."""
    row = state.one(
        org.db, 'SELECT * FROM "PermissionSet" WHERE "Name" = ? AND NOT "IsOwnedByProfile"',
        permission_set,
    )  # fmt: skip
    if row is None:
        raise KeyError(f"no permission set is named {permission_set}")
    if strangers := sorted(set(permissions) - set(PERMISSIONS)):
        raise BadChange(f"no permission is named {', '.join(strangers)}")
    columns = {f"{COLUMN}{name}": value for name, value in permissions.items()}
    objects.update(org.db, "PermissionSet", row["Id"], **columns)
    audit(org, "inferred:changePermissionSet", f"Changed permission set {row['Label']}", _USERS)
    return {}


def unlock_user(org: Org, *, user: str) -> Done:
    """Unlock a user whose password is locked after too many wrong ones."""
    row = find_user(org, user)
    org.db.execute('UPDATE "UserLogin" SET "IsPasswordLocked" = 0 WHERE "UserId" = ?', (row["Id"],))
    audit(org, "inferred:unlockUser", f"Unlocked user {row['Username']}", _USERS)
    return {}


def revoke_approval(org: Org, *, approval: str) -> Done:
    """Revoke one approval by the id of its OauthToken row; the user's others stand."""
    row = state.one(org.db, 'SELECT "AppName" FROM "OauthToken" WHERE "Id" = ?', approval)
    if row is None:
        raise KeyError("no such approval stands")
    tokens.end_family(org, approval, "revoked")
    audit(org, "inferred:revokeOauthToken", f"Revoked one approval of {row['AppName']}", _OAUTH)
    return {"revoked": 1}


def remove_session(org: Org, *, session: str) -> Done:
    """Remove one session on Session Management by the id of its AuthSession row."""
    if not end_sessions(org, "removed by an admin", id=session):
        raise KeyError("no such session is live")
    audit(org, "inferred:removeSession", f"Removed session {session}", _USERS)
    return {"sessions_ended": 1}


def set_token_handler(
    org: Org, *, name: str, apps: list[str], subjects: dict[str, str],
    types: list[str] | None = None, is_default: bool = True, message: str = "",
) -> Done:  # fmt: skip
    """Add or change a token exchange handler: the tokens it takes, by the username each means."""
    if strangers := sorted(set(types or ()) - set(handlers.TYPES)):
        raise BadChange(f"no type of token is named {', '.join(strangers)}")
    known = tuple(app_by_name(org.db, app).name for app in apps)
    kinds = tuple(types or handlers.TYPES)
    handlers.save(org, handlers.Handler(name, kinds, known, is_default, subjects, message))
    audit(org, "inferred:changeTokenExchangeHandler", f"Changed handler {name}", _OAUTH)
    return {}


def recertify_app(org: Org, *, app: str, days: int) -> Done:
    """Register a new certificate of the client's own key that ends in so many days; past: less."""
    policy = app_by_name(org.db, app)
    if app not in org.keys:
        raise KeyError(f"no key pair was made for {app} yet")
    end = org.clock.now() + timedelta(days=days)
    fresh = jwts.recertified(org.keys[app], app, end)
    apps_.save(org, replace(policy, certificate=fresh.certificate))
    audit(org, "changeApplicationCertificate", f"Changed connected app {policy.label}", _OAUTH)
    return {"ends": objects.stamp(end)}
