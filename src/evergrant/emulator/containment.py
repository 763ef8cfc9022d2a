"""Salesforce's own security containment: a user is frozen and loses every refresh token (4.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from evergrant.emulator import passphrases, state, tokens
from evergrant.emulator.gates.rules import has_come
from evergrant.emulator.gates.user import inside
from evergrant.emulator.sessions import end_sessions

if TYPE_CHECKING:
    from evergrant.emulator.org import Org

Why = Literal["high-risk-ip", "login-anomaly"]
WHYS: Final[tuple[Why, ...]] = ("high-risk-ip", "login-anomaly")


def contain(org: Org, user_id: str, why: Why) -> dict[str, object]:
    """Freeze a user, end the sessions and revoke the refresh tokens.

    After a login anomaly the password must be reset too, here by a new one that nobody was told
    (that the old one stops at once is inferred). Sources: o-kb5318944, o-kb5319571.
    """
    org.db.execute('UPDATE "UserLogin" SET "IsFrozen" = 1 WHERE "UserId" = ?', (user_id,))
    ended = end_sessions(org, "contained by Salesforce", user_id=user_id)
    revoked = tokens.end_approvals(org, user_id=user_id)
    if why == "login-anomaly":
        passphrases.renew(org, user_id)
    return {"sessions_ended": ended, "revoked": revoked, "mail": "Salesforce Security notification"}


def watch(org: Org, user_id: str) -> bool:
    """Contain the user of an app where the traffic comes from a high-risk address.

    True where that happened just now; a user who is frozen already is left alone.
    """
    policy = state.load_org(org.db)
    if not policy.high_risk_ranges or not inside(org.ip, policy.high_risk_ranges):
        return False
    login = state.one(org.db, 'SELECT "IsFrozen" FROM "UserLogin" WHERE "UserId" = ?', user_id)
    is_frozen = login is not None and login["IsFrozen"]
    if is_frozen or not has_come(policy.containment_begins, org.clock.now()):
        return False
    contain(org, user_id, "high-risk-ip")
    return True
