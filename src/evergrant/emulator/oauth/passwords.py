"""Usernames, passwords and security tokens, where no browser is between."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Literal

from evergrant.emulator import state
from evergrant.emulator.accounts import user_row
from evergrant.emulator.gates.attempt import PasswordMaterial
from evergrant.emulator.gates.user import inside

if TYPE_CHECKING:
    from sqlite3 import Row

    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import OrgPolicy

Problem = Literal["", "unknown", "wrong", "no_security_token", "locked"]


def material(
    org: Org, policy: OrgPolicy, username: str, password: str
) -> tuple[Row | None, PasswordMaterial]:
    """The user, if there is one, and what the password amounts to.

    From an address that is not trusted the security token must follow the password (o-soaplogin);
    that it may follow elsewhere too is inferred.
    """
    user = user_row(org.db, username) if "@" in username else None
    if user is None:
        return None, PasswordMaterial("unknown")
    return user, PasswordMaterial(_problem(org, policy, user, password))


def _problem(org: Org, policy: OrgPolicy, user: Row, password: str) -> Problem:
    known = state.one(org.db, "SELECT * FROM x_user WHERE id = ?", user["Id"])
    login = state.one(org.db, 'SELECT * FROM "UserLogin" WHERE "UserId" = ?', user["Id"])
    if login is not None and login["IsPasswordLocked"]:
        return "locked"
    if known is None:
        return "wrong"
    if _same(password, known["password"] + known["security_token"]):
        return ""
    if not _same(password, known["password"]):
        return "wrong"
    return "" if _is_trusted(org, policy, user) else "no_security_token"


def _is_trusted(org: Org, policy: OrgPolicy, user: Row) -> bool:
    """Inside the org's trusted ranges, or inside login ranges of the profile."""
    profile = state.load_profile(org.db, user["ProfileId"])
    return inside(org.ip, (*policy.trusted_ranges, *profile.login_ranges))


def _same(sent: str, known: str) -> bool:
    return hmac.compare_digest(sent.encode(), known.encode())
