"""The tools over streamable HTTP: whoever calls shows the operator's key."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from evergrant.model import Secret

if TYPE_CHECKING:
    from mcp.server import MCPServer
    from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/mcp"


def over_http(server: MCPServer, key: Secret, host: str) -> ASGIApp:
    """The ASGI app; it answers 401 to whoever does not show the key.

    On loopback the Host header must name loopback, so that no web page reaches it by rebinding.
    """
    return _Guarded(server.streamable_http_app(streamable_http_path=PATH, host=host), key)


class _Guarded:
    def __init__(self, inner: ASGIApp, key: Secret) -> None:
        self._inner = inner
        self._expected = f"Bearer {key.reveal()}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._knows(scope):
            answer = JSONResponse(
                {"error": "the operator's key is missing or wrong"},
                401,
                {"WWW-Authenticate": "Bearer"},
            )
            await answer(scope, receive, send)
            return
        await self._inner(scope, receive, send)

    def _knows(self, scope: Scope) -> bool:
        given = dict(scope["headers"]).get(b"authorization", b"")
        return hmac.compare_digest(given, self._expected)
