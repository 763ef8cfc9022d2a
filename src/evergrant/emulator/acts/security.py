"""What is done to users and tokens for safety: by an admin, by the user, by Salesforce itself.

Audit action names follow the rule of acts.apps; what Salesforce or the user does is no admin's act
and leaves no line.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from evergrant.emulator import containment, passphrases, records, state, tokens
from evergrant.emulator.accounts import app_by_name
from evergrant.emulator.acts.users import find_user
from evergrant.emulator.policy_changes import BadChange
from evergrant.emulator.records import audit
from evergrant.emulator.sessions import end_sessions

if TYPE_CHECKING:
    from evergrant.emulator.org import Org

Done = dict[str, object]


def contain_user(org: Org, *, user: str, why: str = "high-risk-ip") -> Done:
    """Let Salesforce contain a user: by high-risk-ip, or by login-anomaly."""
    reason = next((each for each in containment.WHYS if each == why), None)
    if reason is None:
        raise BadChange(f"why is one of {', '.join(containment.WHYS)}")
    return containment.contain(org, find_user(org, user)["Id"], reason)


def withdraw_app(org: Org, *, app: str) -> Done:
    """Let Salesforce revoke all tokens of an app in the whole org, as it did in August 2025."""
    policy = app_by_name(org.db, app)
    revoked = tokens.end_approvals(org, app_id=policy.id)
    return {
        "revoked": revoked,
        "sessions_ended": end_sessions(org, "revoked by Salesforce", app_id=policy.id),
    }


def revoke_jwts(org: Org, *, app: str) -> Done:
    """Press Revoke all JWT: no JWT access token of the app is good any more; sessions stay.

    The real thing takes up to thirty minutes (o-jwtrevoke); here it is at once.
    """
    policy = app_by_name(org.db, app)
    # Each session goes on under a token that nobody was given.
    dead = org.db.execute(
        "UPDATE x_session SET token = hex(randomblob(32))"
        " WHERE app_id = ? AND is_jwt AND ended IS NULL", (policy.id,),
    )  # fmt: skip
    audit(org, "inferred:revokeAllJwt", f"Revoked all JWTs of {policy.label}", "Connected Apps")
    return {"revoked": dead.rowcount}


def lock_user(org: Org, *, user: str) -> Done:
    """Let wrong passwords lock a user out, as the password policy does; nobody's act."""
    row = find_user(org, user)
    org.db.execute('UPDATE "UserLogin" SET "IsPasswordLocked" = 1 WHERE "UserId" = ?', (row["Id"],))
    return {}


def change_password(org: Org, *, user: str) -> Done:
    """Let a user take another password, which renews the security token; /world shows both."""
    return passphrases.renew(org, find_user(org, user)["Id"])


def reset_password(org: Org, *, user: str) -> Done:
    """Let an admin reset a user's password; UI sessions end where the org's policy says so."""
    row = find_user(org, user)
    done = passphrases.renew(org, row["Id"])
    ends = state.load_org(org.db).end_sessions_on_password_reset
    ended = passphrases.end_ui_sessions(org, row["Id"]) if ends else 0
    audit(org, "inferred:resetPassword", f"Reset password of {row['Username']}", "Manage Users")
    return {**done, "sessions_ended": ended}


def confirm_identity(org: Org, *, user: str, ip: str = "") -> Done:
    """Let a user confirm who they are on the device at an address; the callers', if none is named.

    The emulator sends no verification codes: this is what entering one would do.
    """
    row, where = find_user(org, user), str(ip_address(ip or org.ip))
    state.put(org.db, "x_confirmed", user_id=row["Id"], ip=where)
    records.verification(org, row["Id"], where)
    return {"ip": where}
