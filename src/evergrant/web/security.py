"""What every answer of the console carries, and how a form proves that it is our own."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    # NOTE: not `no-referrer`: with that a browser sends `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Headers of every page; an answer that sets one of them itself keeps its own."""


def opens_windows(answer: Response) -> Response:
    """A page that may know whether a window that it opened is still there, and nobody else's."""
    answer.headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    return answer


def stays_known(answer: Response) -> Response:
    """A page on the way to Salesforce, of which its opener may know whether it is still there."""
    answer.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return answer


class Guarded:
    """An ASGI app whose answers carry `HEADERS`."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.lower().encode(), value.encode())
                        for name, value in HEADERS.items()
                        if name.lower().encode() not in there
                    ),
                ]
            await send(message)

        await self._inner(scope, receive, guarded)


def form_token(word: str) -> str:
    """The word against forgery that the forms of one browser carry.

    Made of what its cookie holds, so that nothing need be stored and nobody else can make it.
    """
    return hmac.new(word.encode(), b"evergrant form", hashlib.sha256).hexdigest()


def is_own_form(token: str, words: tuple[str, ...]) -> bool:
    """Whether a form was made for a browser that holds one of these words."""
    made = [form_token(word) for word in words if word]
    return any(hmac.compare_digest(token.encode(), each.encode()) for each in made)


def comes_from_here(request: Request, public_url: str) -> bool:
    """Whether a browser says that the request was made by a page of this very origin.

    `public_url` is how browsers reach the console where a proxy stands before it.  A request
    without an Origin header is refused: every browser sends one with a form.
    """
    origin = urlsplit(request.headers.get("origin", ""))
    ours = {request.headers.get("host", ""), urlsplit(public_url).netloc}
    return bool(origin.netloc) and origin.netloc in ours
