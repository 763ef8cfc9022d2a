"""How often one address may try: guessing is slow, and one caller cannot keep the others waiting.

Every process counts for itself.  Behind a proxy the address is what the proxy says it is, if the
server was told to trust it.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evergrant.keeper.engine.gates import Bucket

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

MOST_CALLERS: Final = 50_000
"""Addresses that are remembered; when more come, all begin anew."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests a minute from one address."""

    name: str
    methods: frozenset[str]
    path: str
    """How the path begins."""
    per_minute: int

    def fits(self, method: str, path: str) -> bool:
        """Whether a request counts."""
        return method in self.methods and path.startswith(self.path)


READ, WRITE = frozenset({"GET", "HEAD"}), frozenset({"POST", "PUT", "PATCH", "DELETE"})
LIMITS: Final = (
    Limit("sign-in", READ, "/sign-in/", 20),
    Limit("link", READ, "/r/", 30),
    Limit("start", READ, "/start/", 60),
    Limit("callback", READ, "/oauth/callback", 60),
    Limit("embed", READ | WRITE, "/embed/v1/", 600),
    Limit("form", WRITE, "/", 240),
)
"""The first that fits counts; what none fits is not counted."""


class Limited:
    """An ASGI app that answers only so often; `refusal` is the app that answers otherwise."""

    def __init__(
        self, inner: ASGIApp, refusal: ASGIApp, *, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._inner, self._refusal, self._ticks = inner, refusal, ticks
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], Bucket] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        wait_s = self._wait_s(scope) if scope["type"] == "http" else 0.0
        if not wait_s:
            await self._inner(scope, receive, send)
            return
        scope["evergrant.wait_s"] = wait_s
        await self._refusal(scope, receive, send)

    def _wait_s(self, scope: Scope) -> float:
        """Take one request: 0, or how long to wait until there is one."""
        path = scope["path"]
        limit = next((each for each in LIMITS if each.fits(scope["method"], path)), None)
        if limit is None:
            return 0.0
        caller = (scope.get("client") or ("", 0))[0]
        with self._lock:
            if len(self._buckets) > MOST_CALLERS:
                self._buckets.clear()
            now, most = self._ticks(), float(limit.per_minute)
            mine = self._buckets.setdefault(
                (limit.name, caller), Bucket(most / 60, most, most, now)
            )
            if wait_s := mine.wait_s(now):
                return wait_s
            mine.left -= 1
            return 0.0
