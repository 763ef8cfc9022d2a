"""The org's web app: which path is answered by what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from evergrant.emulator import data, pages, strict, web
from evergrant.emulator.doors import Doorkeeper
from evergrant.emulator.front import Front
from evergrant.emulator.metadata import metadata_routes
from evergrant.emulator.oauth import (
    authorize,
    device,
    device_pages,
    discovery,
    other_endpoints,
    soap,
    token_endpoint,
)
from evergrant.emulator.oauth.authorize_request import PATH as AUTHORIZE
from evergrant.emulator.oauth.cors import Cors
from evergrant.emulator.oauth.delivery import ERROR_PAGE
from evergrant.emulator.setup.rounds import round_routes
from evergrant.emulator.setup.routes import setup_routes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from evergrant.emulator.org import Org

_OAUTH: Final = "/services/oauth2"
_TOKEN: Final = f"{_OAUTH}/token"
_NOT_BUILT: Final = (
    "/services/oauth2/register", "/services/oauth2/pkce/generator",
    "/services/oauth2/singleaccess", "/services/oauth2/lightningoutsingleaccess",
    "/services/auth/idp/oidc/logout", "/secur/frontdoor.jsp",
)  # fmt: skip


async def _home(_org: Org, _request: Request) -> Response:
    return pages.plain("Evergrant's Salesforce emulator", pages.BANNER)


_ROUTES: Final = (
    ("/", ("GET",), _home),
    (AUTHORIZE, ("GET", "POST"), authorize.authorize),
    (f"{_OAUTH}/revoke", ("GET", "POST"), other_endpoints.revoke),
    (f"{_OAUTH}/introspect", ("POST",), other_endpoints.introspect),
    (f"{_OAUTH}/userinfo", ("GET", "POST"), other_endpoints.userinfo),
    (f"{_OAUTH}/success", ("GET",), other_endpoints.success),
    (f"{_OAUTH}/echo", ("GET",), other_endpoints.echo),
    (device.VERIFY, ("GET", "POST"), device_pages.connect),
    ("/services/Soap/{kind}/{version}", ("POST",), soap.soap),
    ("/services/Soap/{kind}/{version}/{org_id}", ("POST",), soap.soap),
    ("/id/keys", ("GET",), discovery.keys),
    (f"{_OAUTH}/id/keys", ("GET",), discovery.keys),
    ("/id/{org_id}/{user_id}", ("GET", "POST"), other_endpoints.identity),
    ("/.well-known/openid-configuration", ("GET",), discovery.openid),
    ("/.well-known/auth-configuration", ("GET",), discovery.auth_configuration),
    (ERROR_PAGE, ("GET",), other_endpoints.error_page),
)


def routes_of(org: Org) -> list[Route]:
    """Every path that the org answers, the narrow before the wide."""
    routes = [
        Route(path, _bound(org, handler), methods=list(methods))
        for path, methods, handler in _ROUTES
    ]
    unbuilt = [Route(path, _unbuilt, methods=["GET", "POST"]) for path in _NOT_BUILT]
    token = Route(_TOKEN, _bound(org, token_endpoint.token), methods=["POST"])
    first = [token, *metadata_routes(org)]
    wide = [*data.data_routes(org), *round_routes(org), *setup_routes(org)]
    return [*first, *routes, *unbuilt, *wide]


def create_app(org: Org) -> ASGIApp:
    """The org as an ASGI app, front door included."""
    routed = Starlette(
        routes=routes_of(org),
        exception_handlers={404: _unknown, strict.OnlyInferred: strict.refuse},
    )
    return Front(org, Doorkeeper(org, Cors(org, _TokenFirst(org, routed))))


class _TokenFirst:
    """The token endpoint at once, and all else through the routes, of which it is one, too."""

    def __init__(self, org: Org, routed: ASGIApp) -> None:
        self._org, self._routed = org, routed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] != _TOKEN or scope["method"] != "POST":
            await self._routed(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await token_endpoint.token(self._org, request)
        except strict.OnlyInferred as error:
            response = await strict.refuse(request, error)
        await response(scope, receive, send)


def _bound(
    org: Org, handler: Callable[[Org, Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await handler(org, request)

    return endpoint


async def _unbuilt(request: Request) -> Response:
    return web.not_built(request.url.path)


async def _unknown(request: Request, _error: Exception) -> Response:
    """A path nobody answers: 501, for it may be one that Salesforce has."""
    if request.url.path.startswith("/services/"):
        return web.not_built(request.url.path)
    detail = f"{request.url.path}: {pages.BANNER}"
    return JSONResponse({"error": "not_found", "detail": detail}, 404)
