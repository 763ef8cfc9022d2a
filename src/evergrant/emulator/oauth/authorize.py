"""The authorize endpoint: error page, sign-in, consent, and the way back to the client."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from evergrant.emulator import pages, state, web
from evergrant.emulator.oauth import headless, hybrid
from evergrant.emulator.oauth.authorize_request import (
    Visit,
    give_code,
    needs_consent,
    read_visit,
    wanted_scopes,
)
from evergrant.emulator.oauth.delivery import back, refuse
from evergrant.emulator.oauth.grants import give_at_once
from evergrant.emulator.records import record_attempt
from evergrant.emulator.refusals import REFUSALS
from evergrant.emulator.refusals.refusal import Refusal
from evergrant.emulator.sign_in import browser_session, onward, sign_in
from evergrant.emulator.strict import judge

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import AppPolicy


async def authorize(org: Org, request: Request) -> Response:
    """GET and POST /services/oauth2/authorize."""
    form = await web.form_of(request) if request.method == "POST" else {}
    sent = request.query_params.multi_items()
    if form.get("response_type") == "code_credentials":
        sent = [*sent, *await web.fields_of(request)]
    place = web.place_of(org, request)
    visit = Visit(place, dict(sent), browser_session(request, place), web.twice(sent))
    if visit.flow == "code_credentials":
        return headless.answer(org, request, visit)
    with org.changing():
        if "username" in form:
            return _sign_in(org, visit, form["username"], form.get("password", ""))
        if "decision" in form:
            return _decide(org, visit, form["decision"], form.get("confirmation", ""))
        return _arrive(org, visit)


def _arrive(org: Org, visit: Visit) -> Response:
    attempt = read_visit(org, visit)
    refusal = judge(org, attempt)
    if refusal is not None:
        record_attempt(org, attempt, refusal, visit.place.login_url)
        return refuse(org, visit, refusal)
    if attempt.user is None or attempt.app is None:
        return pages.login(org, visit.action, visit.word("login_hint"))
    if needs_consent(visit, attempt, attempt.app):
        scopes = wanted_scopes(visit, attempt.app)
        return pages.consent(
            org, attempt.app, attempt.user.username, scopes, visit.action, visit.confirmation()
        )
    return _grant(org, visit)


def _sign_in(org: Org, visit: Visit, username: str, password: str) -> Response:
    signed = sign_in(org, username, password, visit.place.login_url)
    if isinstance(signed, Refusal):
        return pages.login(org, visit.action, username, signed.description)
    return onward(signed, visit.signed_in().action)


def _decide(org: Org, visit: Visit, decision: str, confirmation: str) -> Response:
    if not hmac.compare_digest(confirmation.encode(), visit.confirmation().encode()):
        return _arrive(org, visit)
    if decision == "allow":
        return _grant(org, visit)
    attempt = read_visit(org, visit, is_denied=True)
    refusal = judge(org, attempt)
    record_attempt(org, attempt, refusal, visit.place.login_url)
    return refuse(org, visit, refusal or REFUSALS["denied", "authorize"])


def _grant(org: Org, visit: Visit) -> Response:
    attempt = read_visit(org, visit)
    if attempt.user is None or attempt.app is None:
        return pages.login(org, visit.action, visit.word("login_hint"))
    refusal = judge(org, attempt)
    record_attempt(org, attempt, refusal, visit.place.login_url)
    if refusal is not None:
        return refuse(org, visit, refusal)
    if visit.flow == "user_agent":
        return back(visit, **_tokens(org, visit, attempt.app, attempt.user.id))
    return back(visit, code=give_code(org, visit, attempt.app, attempt.user.id))


def _tokens(org: Org, visit: Visit, app: AppPolicy, user_id: str) -> dict[str, str]:
    """What the fragment holds; a refresh token only where no web page would read it.

    Custom schemes, Salesforce's own success page and hybrid apps get one (the rule is not
    established: inferred).
    """
    to = visit.word("redirect_uri")
    is_app = not to.startswith(("http://", "https://")) or to.endswith("/services/oauth2/success")
    scopes = state.words(wanted_scopes(visit, app))
    fields = give_at_once(
        org, app, user_id, scopes, visit.place.base, visit.word("nonce"),
        is_lasting=is_app or visit.is_hybrid,
    )  # fmt: skip
    if visit.is_hybrid:
        return {**fields, **hybrid.children(org, user_id, fields, visit.place.base)}
    return fields
