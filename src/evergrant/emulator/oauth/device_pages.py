"""/setup/connect: where a person enters the code that a device shows, signs in and allows it."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from evergrant.emulator import pages, propagation, state, web
from evergrant.emulator.accounts import approvals_of, user_facts
from evergrant.emulator.gates.attempt import Attempt, DeviceMaterial
from evergrant.emulator.oauth import device
from evergrant.emulator.oauth.authorize_request import Visit
from evergrant.emulator.oauth.delivery import refuse
from evergrant.emulator.records import record_attempt
from evergrant.emulator.refusals.refusal import Refusal
from evergrant.emulator.sessions import live_session
from evergrant.emulator.sign_in import browser_session, onward, sign_in
from evergrant.emulator.strict import judge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Row

    from starlette.requests import Request
    from starlette.responses import Response

    from evergrant.emulator.org import Org
    from evergrant.emulator.sessions import Session

_NO_CODE = "This code is not valid, or it has expired."


async def connect(org: Org, request: Request) -> Response:
    """GET and POST /setup/connect."""
    form = await web.form_of(request)
    place = web.place_of(org, request)
    sid = browser_session(request, place)
    code = form.get("user_code") or request.query_params.get("user_code", "")
    with org.changing():
        row = device.by_user_code(org, code) if code else None
        if row is None:
            return pages.device(org, device.VERIFY, code, _NO_CODE if code else "")
        visit = Visit(place, {}, sid)
        session = live_session(org, sid)
        if session is None:
            return _enter(org, form, row, place.login_url)
        return _decide(org, visit, row, session, form)


def _address(row: Row) -> str:
    return f"{device.VERIFY}?{urlencode({'user_code': row['user_code']})}"


def _enter(org: Org, form: Mapping[str, str], row: Row, login_url: str) -> Response:
    if "username" not in form:
        return pages.login(org, _address(row), "")
    signed = sign_in(org, form["username"], form.get("password", ""), login_url)
    if isinstance(signed, Refusal):
        return pages.login(org, _address(row), form["username"], signed.description)
    return onward(signed, _address(row))


def _decide(
    org: Org, visit: Visit, row: Row, session: Session, form: Mapping[str, str]
) -> Response:
    decision, said = form.get("decision", ""), form.get("confirmation", "")
    attempt = _attempt(org, visit, row, session, is_denied=decision == "deny")
    refusal = judge(org, attempt)
    app, user = attempt.app, attempt.user
    if app is None or user is None:
        raise AssertionError("a device code without an app or a session without a user")
    confirmation = _confirmation(visit.sid, row)
    is_sure = bool(decision) and hmac.compare_digest(said.encode(), confirmation.encode())
    if is_sure and decision == "deny":
        device.deny(org, row, user.id)
        record_attempt(org, attempt, refusal, visit.place.login_url)
        return pages.plain("Access denied", "You denied access. You can close this page.")
    if refusal is not None:
        record_attempt(org, attempt, refusal, visit.place.login_url)
        return refuse(org, visit, refusal)
    if not is_sure:
        scopes = row["scopes"].split()
        return pages.consent(org, app, user.username, scopes, _address(row), confirmation)
    device.approve(org, row, user.id)
    record_attempt(org, attempt, refusal, visit.place.login_url)
    return pages.plain("You're connected", "The device has access. You can close this page.")


def _confirmation(sid: str, row: Row) -> str:
    """Binds the consent form to this browser and this device code."""
    return hmac.new(sid.encode(), row["device_code"].encode(), hashlib.sha256).hexdigest()


def _attempt(org: Org, visit: Visit, row: Row, session: Session, *, is_denied: bool) -> Attempt:
    now, latest = org.clock.now(), state.load_app(org.db, row["app_id"])
    app = propagation.app(org, latest) or latest
    return Attempt(
        flow="device_approval", at=now, host=visit.place.host, source_ip=org.ip,
        org=propagation.org_policy(org), app=app,
        user=propagation.user(org, user_facts(org.db, session.user_id, now)),
        approvals=approvals_of(org.db, session.user_id, app.id, now),
        material=DeviceMaterial("denied" if is_denied else "pending"),
        scopes=tuple(row["scopes"].split()),
    )  # fmt: skip
