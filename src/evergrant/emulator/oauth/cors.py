"""Which web pages may read the org's answers: the rules of CORS, endpoint by endpoint (1.4)."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from evergrant.emulator import state, web
from evergrant.emulator.bodies import header

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from evergrant.emulator.org import Org
    from evergrant.emulator.policies import OrgPolicy


class Rule(Enum):
    """What an endpoint asks of an origin."""

    OPEN = "any origin may read it"
    LISTED = "the origin stands on the CORS allowlist"
    OAUTH = "listed, CORS for OAuth endpoints is on, and never on a generic host"
    REST = "listed; any other origin is refused with 403"


RULES: Final = {
    "/.well-known/openid-configuration": Rule.OPEN,
    "/.well-known/auth-configuration": Rule.OPEN,
    "/services/oauth2/id/keys": Rule.OPEN,
    "/services/oauth2/userinfo": Rule.LISTED,
    "/services/oauth2/token": Rule.OAUTH,
    "/services/oauth2/revoke": Rule.OAUTH,
    "/services/oauth2/introspect": Rule.OAUTH,
    "/services/oauth2/authorize": Rule.OAUTH,
    "/services/oauth2/pkce/generator": Rule.OAUTH,
}
"""Endpoints by path (o-cors); the REST API's paths all follow one rule (o-corsrest)."""
_REST: Final = "/services/data"
_METHODS: Final = "GET, POST, PATCH, DELETE, HEAD, OPTIONS"


class Cors:
    """An ASGI app around the org's app, which adds the headers that a browser asks for."""

    def __init__(self, org: Org, inner: ASGIApp) -> None:
        self._org, self._inner = org, inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        origin = header(scope, b"origin")
        rule = _rule(scope["path"]) if origin else None
        if rule is None or _is_own(scope, origin):
            await self._inner(scope, receive, send)
            return
        request = Request(scope)
        with self._org.lock:
            policy, host = state.load_org(self._org.db), web.place_of(self._org, request).host
        is_let = _lets(rule, origin, policy, is_generic=host != "my_domain")
        if request.method == "OPTIONS":
            await _preflight(request, origin, is_let)(scope, receive, send)
        elif rule is Rule.REST and not is_let:
            await _forbidden()(scope, receive, send)
        else:
            await self._inner(scope, receive, _adding(send, origin) if is_let else send)


def _rule(path: str) -> Rule | None:
    is_rest = path == _REST or path.startswith(f"{_REST}/")
    return Rule.REST if is_rest else RULES.get(path)


def _is_own(scope: Scope, origin: str) -> bool:
    """Whether the page is one of the org's own."""
    return urlsplit(origin).netloc == header(scope, b"host")


def _lets(rule: Rule, origin: str, policy: OrgPolicy, *, is_generic: bool) -> bool:
    is_listed = listed(origin, policy.cors_allowlist)
    match rule:
        case Rule.OPEN:
            return True
        case Rule.LISTED | Rule.REST:
            return is_listed
        case Rule.OAUTH:
            return is_listed and policy.cors_oauth and not is_generic


def listed(origin: str, patterns: Iterable[str]) -> bool:
    """Whether an origin fits an entry; `https://*.example.com` fits any one below it."""
    return any(_fits(origin, pattern.rstrip("/")) for pattern in patterns)


def _fits(origin: str, pattern: str) -> bool:
    head, star, tail = pattern.partition("*")
    if not star:
        return origin == pattern
    is_longer = len(origin) > len(head) + len(tail)
    return is_longer and origin.startswith(head) and origin.endswith(tail)


def _headers(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}


def _preflight(request: Request, origin: str, is_let: bool) -> Response:
    """The answer before the request; that a stranger's gets 403 here too is inferred."""
    if not is_let:
        return _forbidden()
    wanted = request.headers.get("access-control-request-headers", "")
    return Response(status_code=200, headers={
        **_headers(origin), "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": wanted, "Access-Control-Max-Age": "86400",
    })  # fmt: skip


def _forbidden() -> Response:
    detail = "The origin is not on the CORS allowlist."
    return JSONResponse([{"message": detail, "errorCode": "FORBIDDEN"}], 403)


def _adding(send: Send, origin: str) -> Send:
    extra = [(name.lower().encode(), value.encode()) for name, value in _headers(origin).items()]

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return sending
