"""The authorize endpoint: error page, sign-in, consent, and the way back to the client."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, assert_never
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from evergrant.emulator import pages, web
from evergrant.emulator.authorize_request import (
    Visit,
    give_code,
    needs_consent,
    read_visit,
    wanted_scopes,
)
from evergrant.emulator.gates import evaluate
from evergrant.emulator.judges_app import USER_AGENT
from evergrant.emulator.records import record_attempt
from evergrant.emulator.refusals import REFUSALS, Refusal
from evergrant.emulator.sign_in import COOKIE, onward, sign_in

if TYPE_CHECKING:
    from starlette.requests import Request

    from evergrant.emulator.org import Org

ERROR_PAGE = "/setup/secur/RemoteAccessErrorPage.apexp"


async def authorize(org: Org, request: Request) -> Response:
    """GET and POST /services/oauth2/authorize."""
    visit = Visit(
        web.place_of(org, request), dict(request.query_params), request.cookies.get(COOKIE, "")
    )
    form = await web.form_of(request) if request.method == "POST" else {}
    with org.changing():
        if form.get("response_type") == "code_credentials":
            return web.not_built("response_type code_credentials")
        if "username" in form:
            return _sign_in(org, visit, form["username"], form.get("password", ""))
        if "decision" in form:
            return _decide(org, visit, form["decision"], form.get("confirmation", ""))
        return _arrive(org, visit)


def _arrive(org: Org, visit: Visit) -> Response:
    attempt = read_visit(org, visit)
    evaluation = evaluate(attempt)
    if evaluation.refusal is not None:
        record_attempt(org, attempt, evaluation, visit.place.login_url)
        return _refuse(org, visit, evaluation.refusal)
    if visit.word("response_type") in USER_AGENT:
        return web.not_built(f"response_type {visit.word('response_type')} where it is allowed")
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
    if not hmac.compare_digest(confirmation, visit.confirmation()):
        return _arrive(org, visit)
    if decision == "allow":
        return _grant(org, visit)
    attempt = read_visit(org, visit, is_denied=True)
    evaluation = evaluate(attempt)
    record_attempt(org, attempt, evaluation, visit.place.login_url)
    return _refuse(org, visit, evaluation.refusal or REFUSALS["denied", "authorize"])


def _grant(org: Org, visit: Visit) -> Response:
    attempt = read_visit(org, visit)
    if attempt.user is None or attempt.app is None:
        return pages.login(org, visit.action, visit.word("login_hint"))
    evaluation = evaluate(attempt)
    record_attempt(org, attempt, evaluation, visit.place.login_url)
    if evaluation.refusal is not None:
        return _refuse(org, visit, evaluation.refusal)
    code = give_code(org, visit, attempt.app, attempt.user.id)
    return _back(visit, code=code)


def _refuse(org: Org, visit: Visit, refusal: Refusal) -> Response:
    match refusal.channel:
        case "redirect":
            return _back(visit, error=refusal.error, error_description=refusal.description)
        case "html_page":
            query = urlencode({"error": refusal.error, "error_description": refusal.description})
            return RedirectResponse(f"{visit.place.base}{ERROR_PAGE}?{query}", 302)
        case "raw_body":
            fields = {"error": refusal.error, "error_description": refusal.description}
            return Response(urlencode(fields), refusal.status)
        case "login_page":
            return pages.login(org, visit.action, "", refusal.description)
        case "token_json" | "rest_array" | "plain_text":
            raise AssertionError(f"{refusal.id} cannot be refused at the authorize endpoint")
        case _:
            assert_never(refusal.channel)


def _back(visit: Visit, **fields: str) -> RedirectResponse:
    state_word = {"state": visit.word("state")} if visit.word("state") else {}
    return RedirectResponse(web.with_query(visit.word("redirect_uri"), **fields, **state_word), 302)
