"""Signing in by the browser: username and password against the org, a session cookie on success."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from starlette.responses import RedirectResponse

from evergrant.emulator import state
from evergrant.emulator.accounts import user_row
from evergrant.emulator.records import login as record_login
from evergrant.emulator.refusals import REFUSALS
from evergrant.emulator.refusals.refusal import Refusal
from evergrant.emulator.sessions import open_session

if TYPE_CHECKING:
    from sqlite3 import Row

    from evergrant.emulator.org import Org

COOKIE: Final = "sid"


def sign_in(org: Org, username: str, password: str, login_url: str) -> str | Refusal:
    """Take or refuse a person, with the row in Login History; gives the new session's token."""
    known = identify(org, username, password, login_url)
    if isinstance(known, Refusal):
        return known
    _log(org, known["Id"], login_url, "Success")
    return open_session(org, known["Id"], None, "web", None)


def identify(org: Org, username: str, password: str, login_url: str) -> Row | Refusal:
    """The person behind a username and a password; a refusal of a known one is written down."""
    user = user_row(org.db, username) if "@" in username else None
    problem = _problem(org, user, password)
    if user is not None and problem is None:
        return user
    refusal = REFUSALS[problem or "password_wrong", "authorize"]
    if user is not None:
        _log(org, user["Id"], login_url, refusal.login_status or "")
    return refusal


def onward(sid: str, to: str) -> RedirectResponse:
    """Send a person who has just signed in to where they were going, with the cookie."""
    answer = RedirectResponse(to, 303)
    answer.set_cookie(COOKIE, sid, httponly=True, samesite="lax")
    return answer


def _problem(org: Org, user: Row | None, password: str) -> str | None:
    """The first reason not to let someone sign in.

    Login ranges and hours are asked later, together with the app's relaxation (inferred).
    """
    if user is None or not _is_password(org, user["Id"], password):
        return "password_wrong"
    login = state.one(org.db, 'SELECT * FROM "UserLogin" WHERE "UserId" = ?', user["Id"])
    checks = (
        ("password_locked", login is not None and login["IsPasswordLocked"]),
        ("user_inactive", not user["IsActive"]),
        ("user_frozen", login is not None and login["IsFrozen"]),
    )
    return next((problem for problem, is_so in checks if is_so), None)


def _is_password(org: Org, user_id: str, password: str) -> bool:
    row = state.one(org.db, "SELECT password FROM x_user WHERE id = ?", user_id)
    return row is not None and hmac.compare_digest(row["password"].encode(), password.encode())


def _log(org: Org, user_id: str, login_url: str, status: str) -> None:
    record_login(
        org, user_id, status, login_type="Application", subtype="UsernamePasswordUiLogin",
        application="Browser", login_url=login_url,
    )  # fmt: skip
