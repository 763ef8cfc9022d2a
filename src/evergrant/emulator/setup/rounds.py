"""The rounds through the browser that a package's connections take, there and back.

Outbound: the vendor's page, then the org's own callback of auth. providers.  Inbound: the org's
authorize endpoint, then the vendor's callback.  The emulator plays the vendor's pages and says so.
Both come back to the browser that began, and to no address that a request names.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from evergrant.emulator import pages, state, web
from evergrant.emulator.setup import routes as setup_routes
from evergrant.emulator.setup import view as setup_view
from evergrant.emulator.setup.bridge import CONNECTIONS, FLOW_COOKIE, seat
from evergrant.emulator.setup.desk import NoAccess, NoRecord
from evergrant.emulator.vendor import cloud, connections, package

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from evergrant.emulator.org import Org
    from evergrant.emulator.setup.desk import Desk
    from evergrant.emulator.vendor.cloud import Flow

AUTH_CALLBACK: Final = f"/services/authcallback/{package.ORBIT.credential}"
"""Where a provider sends the browser back to the org (inferred)."""
_AUTHORIZE: Final = f"{package.PLAYED}/authorize"
_STRANGER: Final = "This sign-in was not begun in this browser, or is over. Connect again."


def round_routes(org: Org) -> list[Route]:
    """The vendor's pages, and the org's callback of auth. providers."""

    async def authorize(request: Request) -> Response:
        """The vendor's own consent page, played by the emulator."""
        form = await web.form_of(request) if request.method == "POST" else {}
        with org.changing():
            return _authorize(org, request, form)

    async def authenticated(request: Request) -> Response:
        """Back from the vendor: the org keeps what it was given."""
        return await setup_routes.enter(org, request, lambda desk, _: _authenticated(desk, request))

    async def callback(request: Request) -> Response:
        """The vendor's callback: the org let its app in, or did not."""
        with org.changing():
            return _callback(org, request)

    return [
        Route(_AUTHORIZE, authorize, methods=["GET", "POST"]),
        Route(AUTH_CALLBACK, authenticated, methods=["GET"]),
        Route(package.CALLBACK, callback, methods=["GET"]),
    ]


def _flow(org: Org, request: Request, word: str, direction: connections.Direction) -> Flow | None:
    """The round that this browser began; None for anybody else's."""
    own = request.cookies.get(FLOW_COOKIE, "")
    is_own = hmac.compare_digest(own.encode(), word.encode())
    return cloud.under_way(org, word, direction) if is_own and word else None


def _authorize(org: Org, request: Request, form: dict[str, str]) -> Response:
    word = form.get("state") or request.query_params.get("state", "")
    flow = _flow(org, request, word, "outbound")
    if flow is None:
        return _vendor_page(org, 403, text=_STRANGER)
    if not form:
        return _vendor_page(org, 200, accounts=connections.ACCOUNTS, word=flow.state)
    account = form.get("account", "")
    if form.get("decision") != "allow" or account not in connections.ACCOUNTS:
        return _back(error="access_denied", state=flow.state)
    cloud.sign_in(org, flow, account)
    return _back(code=flow.verifier, state=flow.state)


def _back(**words: str) -> Response:
    return RedirectResponse(f"{AUTH_CALLBACK}?{urlencode(words)}", 303)


def _authenticated(desk: Desk, request: Request) -> Response:
    try:
        seat(desk)
    except NoAccess as error:
        return setup_view.denied(desk, str(error), "inferred")
    except NoRecord:
        return setup_view.sentence(desk, "Data Not Available", _STRANGER, 404)
    problem = _outbound_problem(desk, request)
    return RedirectResponse(f"{CONNECTIONS}?{f'problem={problem}' if problem else 'done=1'}", 303)


def _outbound_problem(desk: Desk, request: Request) -> str:
    """Connect outbound, or say in one of the page's words why not."""
    asked = request.query_params
    flow = _flow(desk.org, request, asked.get("state", ""), "outbound")
    if flow is None:
        return "stale"
    cloud.end(desk.org, flow)
    if package.component(desk.org, "AuthProvider") is None:
        return "provider"
    is_code = hmac.compare_digest(asked.get("code", "").encode(), flow.verifier.encode())
    if not (is_code and flow.account):
        return "denied"
    words = {"account": flow.account, "user": desk.username}
    setup_routes.perform(desk, [("connect_outbound", words)])
    return ""


def _callback(org: Org, request: Request) -> Response:
    asked = request.query_params
    flow = _flow(org, request, asked.get("state", ""), "inbound")
    if flow is None:
        return _vendor_page(org, 403, text=_STRANGER)
    cloud.end(org, flow)
    if "code" in asked:
        refused = cloud.redeem(org, flow, asked["code"])
    else:
        refused = f"{asked.get('error', '')}: {asked.get('error_description', '')}"
    if refused:
        return _vendor_page(org, 400, text="Salesforce did not let Orbit in.", said=refused)
    return _vendor_page(org, 200, text=f"Orbit is connected to {_named(org)}.")


def _named(org: Org) -> str:
    return f"{pages.org_name(org)} ({state.noted(org.db, 'org_id')})"


def _vendor_page(org: Org, status: int, **fields: object) -> Response:
    blank = {"text": "", "said": "", "accounts": (), "word": ""}
    text = pages.environment().get_template("vendor.html").render(
        banner=pages.BANNER, org_name=pages.org_name(org), back=CONNECTIONS, here=_AUTHORIZE,
        **{**blank, **fields},
    )  # fmt: skip
    return HTMLResponse(text, status, headers=setup_view.HEADERS)
