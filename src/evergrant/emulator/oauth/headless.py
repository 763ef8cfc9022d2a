"""Authorization code and credentials: a login page of the client's own, and no browser (2.13).

Salesforce takes it on Experience Cloud sites only, from external users; here My Domain is the
org's one site and its users stand for external ones (inferred).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evergrant.emulator import pages, web
from evergrant.emulator.oauth.authorize_request import Visit, give_code, read_visit, with_user
from evergrant.emulator.oauth.delivery import back, refuse
from evergrant.emulator.oauth.grants import site
from evergrant.emulator.records import record_attempt
from evergrant.emulator.refusals import REFUSALS
from evergrant.emulator.refusals.refusal import Refusal
from evergrant.emulator.sign_in import identify
from evergrant.emulator.strict import judge

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from evergrant.emulator.org import Org

_NAMED: Final = "named-user"
_OTHERS: Final = frozenset({"passwordless-login", "user-registration", "guest"})


def answer(org: Org, request: Request, visit: Visit) -> Response:
    """A code for username and password, given by redirect."""
    kind = request.headers.get("auth-request-type", _NAMED).lower()
    if kind in _OTHERS:
        return web.not_built(f"the Auth-Request-Type {kind}")
    with org.changing():
        attempt = read_visit(org, visit)
        refusal = judge(org, attempt)
        if refusal is not None or attempt.app is None:
            record_attempt(org, attempt, refusal, visit.place.login_url)
            return refuse(org, visit, refusal or REFUSALS["login_error", "authorize"])
        pair = _credentials(request, visit, is_post_only=attempt.app.code_credentials_post_only)
        if pair is None:
            return pages.login(org, visit.action, "")
        return _take(org, visit, *pair)


def _credentials(request: Request, visit: Visit, *, is_post_only: bool) -> tuple[str, str] | None:
    """Username and password; where they count in the body only, a Basic header is ignored."""
    if "username" in visit.words:
        return visit.word("username"), visit.word("password")
    return None if is_post_only else web.basic_pair(request)


def _take(org: Org, visit: Visit, username: str, password: str) -> Response:
    known = identify(org, username, password, visit.place.login_url)
    if isinstance(known, Refusal):
        return refuse(org, visit, REFUSALS["login_error", "authorize"])
    attempt = with_user(org, read_visit(org, visit), known["Id"])
    refusal = judge(org, attempt)
    record_attempt(org, attempt, refusal, visit.place.login_url)
    if refusal is not None or attempt.app is None:
        return refuse(org, visit, refusal or REFUSALS["login_error", "authorize"])
    return back(
        visit, code=give_code(org, visit, attempt.app, known["Id"]), **site(org, visit.place.base)
    )
