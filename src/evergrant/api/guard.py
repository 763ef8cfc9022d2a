"""What stands before every route: headers that every answer carries, and a bound on bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

from evergrant.api import problems

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Headers of every answer; a face that sets one of them itself keeps its own."""
MOST_BODY: Final = 2_000_000
"""The longest body of the API, in bytes; the console's uploads have bounds of their own."""

MOST_LET_PASS: Final = 8 * MOST_BODY
"""Bytes beyond that which are read and thrown away before the refusal, and not one more."""

_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


class TooLarge(HTTPException):
    """A body went on beyond the bound."""

    def __init__(self) -> None:
        super().__init__(413)


def too_large(_request: Request, _error: Exception) -> Response:
    """The answer to a body without end."""
    return problems.problem(problems.TOO_LARGE, f"at most {MOST_BODY} bytes")


class Guarded:
    """An ASGI app whose answers carry `HEADERS`, and whose API reads no endless bodies."""

    def __init__(self, app: ASGIApp) -> None:
        self._inner = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                own = [each for each in _HEADERS if each[0] not in there]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        is_api = scope["path"].startswith("/v1/")
        await self._inner(scope, _bounded(receive) if is_api else receive, guarded)


def _bounded(receive: Receive) -> Receive:
    came = 0

    async def bounded() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > MOST_BODY:
            await _let_pass(receive, message)
            raise TooLarge
        return message

    return bounded


async def _let_pass(receive: Receive, message: Message) -> None:
    """Read on for a while and keep nothing: who still sends does not read the refusal."""
    came = 0
    while message.get("more_body") and came < MOST_LET_PASS:
        message = await receive()
        came += len(message.get("body", b""))
