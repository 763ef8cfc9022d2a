"""What an admin does on Setup pages beyond apps and users as a whole: one approval, one session.

Audit action names follow the rule of acts_apps; as in acts_users, revoking leaves no line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrant.emulator import objects, state, tokens
from evergrant.emulator.acts_users import find_user
from evergrant.emulator.permissions import COLUMN, PERMISSIONS
from evergrant.emulator.policy_changes import BadChange
from evergrant.emulator.records import audit
from evergrant.emulator.sessions import end_sessions

if TYPE_CHECKING:
    from evergrant.emulator.org import Org

Done = dict[str, object]
_USERS = "Manage Users"


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
    row = state.one(org.db, 'SELECT 1 FROM "OauthToken" WHERE "Id" = ?', approval)
    if row is None:
        raise KeyError("no such approval stands")
    tokens.end_family(org, approval, "revoked")
    return {"revoked": 1}


def remove_session(org: Org, *, session: str) -> Done:
    """Remove one session on Session Management by the id of its AuthSession row."""
    if not end_sessions(org, "removed by an admin", id=session):
        raise KeyError("no such session is live")
    return {"sessions_ended": 1}
