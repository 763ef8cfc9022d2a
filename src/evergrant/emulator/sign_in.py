"""Signing in by the browser: username and password against the org, a session cookie on success."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from starlette.responses import RedirectResponse

from evergrant.emulator import propagation, state
from evergrant.emulator.accounts import user_row
from evergrant.emulator.gates import GATES, Evaluation, Step
from evergrant.emulator.gates.verdict import Refused
from evergrant.emulator.homes import GENERIC
from evergrant.emulator.objects import stamp
from evergrant.emulator.records import described
from evergrant.emulator.records import login as record_login
from evergrant.emulator.refusals import REFUSALS
from evergrant.emulator.refusals.refusal import Refusal
from evergrant.emulator.sessions import open_session
from evergrant.emulator.strict import demand_refusal

if TYPE_CHECKING:
    from sqlite3 import Row

    from starlette.requests import Request

    from evergrant.emulator.org import Org
    from evergrant.emulator.web import Place

COOKIE: Final = "sid"
_GATE_OF: Final = {
    "password_wrong": "user_known", "password_locked": "user_known",
    "user_inactive": "user_active", "user_frozen": "user_frozen",
    "my_domain_login_only": "host",
}  # fmt: skip
"""Which gate of a grant asks the same."""


def sign_in(org: Org, username: str, password: str, login_url: str) -> str | Refusal:
    """Take or refuse a person, with the row in Login History; gives the new session's token."""
    known = identify(org, username, password, login_url)
    if isinstance(known, Refusal):
        return known
    _log(org, known["Id"], login_url, "Success")
    return open_session(org, known["Id"], None, "web", None)


def identify(org: Org, username: str, password: str, login_url: str) -> Row | Refusal:
    """The person behind a username and a password; a refusal of a known one is written down."""
    is_known_here = "@" in username and GENERIC.get(login_url, org.home.role) == org.home.role
    user = user_row(org.db, username) if is_known_here else None
    problem = _problem(org, user, password, login_url)
    if user is not None and problem is None:
        return user
    refusal = REFUSALS[problem or "password_wrong", "authorize"]
    demand_refusal(org, refusal)
    _trace(org, user, problem or "password_wrong", refusal)
    if user is not None:
        _log(org, user["Id"], login_url, refusal.login_status or "")
    return refusal


def browser_session(request: Request, place: Place) -> str:
    """The token in the browser's cookie; empty at a generic host that does not know this org.

    Browsers send a cookie to every port of a host, Salesforce's hosts never share one.
    """
    return "" if place.host == "foreign" else request.cookies.get(COOKIE, "")


def onward(sid: str, to: str) -> RedirectResponse:
    """Send a person who has just signed in to where they were going, with the cookie."""
    answer = RedirectResponse(to, 303)
    answer.set_cookie(COOKIE, sid, httponly=True, samesite="lax")
    return answer


def _problem(org: Org, user: Row | None, password: str, login_url: str) -> str | None:
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
        ("my_domain_login_only", login_url in GENERIC and _is_my_domain_only(org)),
    )
    return next((problem for problem, is_so in checks if is_so), None)


def _is_my_domain_only(org: Org) -> bool:
    return propagation.org_policy(org).my_domain_login_only


def _is_password(org: Org, user_id: str, password: str) -> bool:
    row = state.one(org.db, "SELECT password FROM x_user WHERE id = ?", user_id)
    return row is not None and hmac.compare_digest(row["password"].encode(), password.encode())


def _trace(org: Org, user: Row | None, problem: str, refusal: Refusal) -> None:
    """Keep which gate stood between a person and the org, as for every other attempt."""
    gate = next(each for each in GATES if each.id == _GATE_OF[problem])
    said = Evaluation((Step(gate, Refused(problem, refusal.login_status or "")),), refusal)
    at, source_ip, username = org.clock.now(), org.ip, user["Username"] if user else None
    org.attempts.keep(lambda: {
        "at": stamp(at), "flow": "sign_in", "app": None, "user": username,
        "source_ip": source_ip, "host": "my_domain", **described(said),
    })  # fmt: skip


def _log(org: Org, user_id: str, login_url: str, status: str) -> None:
    record_login(
        org, user_id, status, login_type="Application", subtype="UsernamePasswordUiLogin",
        application="Browser", login_url=login_url,
    )  # fmt: skip
