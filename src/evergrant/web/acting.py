"""Who acts in a request to the console, for the audit log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.requests import Request

from evergrant import keeper as verbs
from evergrant.log import acting_as
from evergrant.web.access import word_of
from evergrant.web.link_access import links_held

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from evergrant.keeper import Keeper

READING: Final = ("GET", "HEAD", "OPTIONS")
DOING: Final = ("/sign-in/", "/r/", "/start/", "/oauth/callback")
"""How the addresses begin that do something although they are only opened."""
TAKING: Final = "/bundle"
"""How those end at which something is taken away."""
NOBODY: Final = "somebody"
"""Who holds neither a session nor a link."""


class Acting:
    """An ASGI app in which it is known who acts; what is only looked at is no deed."""

    def __init__(self, inner: ASGIApp, keeper: Keeper) -> None:
        self._inner, self._keeper = inner, keeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not _does(scope):
            await self._inner(scope, receive, send)
            return
        with acting_as(await asyncio.to_thread(self._actor, Request(scope))):
            await self._inner(scope, receive, send)

    def _actor(self, request: Request) -> str:
        if name := verbs.session_name(self._keeper, word_of(request)):
            return name
        if request.url.path.startswith("/embed/"):
            return "embedded part"
        link = next((link for link, word in links_held(request) if self._is_held(link, word)), "")
        return f"link {link}" if link else NOBODY

    def _is_held(self, link: str, word: str) -> bool:
        return verbs.holds_link(self._keeper, link, word)


def _does(scope: Scope) -> bool:
    path = scope["path"]
    return scope["method"] not in READING or path.startswith(DOING) or path.endswith(TAKING)
