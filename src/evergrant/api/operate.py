"""What whoever runs the service asks it: is it alive, is it ready, and what does it do."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from evergrant.api.metrics import CONTENT_TYPE, Metrics
from evergrant.errors import EvergrantError
from evergrant.keeper import Keeper
from evergrant.model import Secret
from evergrant.telemetry import span

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Operated:
    """The routes of one process: `/health`, `/ready` and `/metrics`."""

    def __init__(
        self, keeper: Keeper, metrics: Metrics, key: Secret, is_watching: Callable[[], bool]
    ) -> None:
        self._keeper, self._metrics, self._is_watching = keeper, metrics, is_watching
        self._expected = f"Bearer {key.reveal()}".encode()
        self.draining = threading.Event()
        """Set when the process is about to end: it is ready for nothing new."""

    def routes(self) -> list[Route]:
        """For an application of their own, or beside others."""
        return [
            Route("/health", self._health),
            Route("/ready", self._ready),
            Route("/metrics", self._scraped),
        ]

    def add_to(self, app: FastAPI, _keeper: Keeper) -> None:
        """Add the routes to the service, and count its requests."""
        app.router.routes.extend(each for each in self.routes() if each.path != "/health")
        app.add_middleware(Counted)

    async def _health(self, _request: Request) -> Response:
        """Whether the process answers."""
        return JSONResponse({"status": "ok"})

    async def _ready(self, _request: Request) -> Response:
        """Whether it can do its work: 503 takes it out of a load balancer's rotation."""
        found = {
            "store": await run_in_threadpool(self._can_read),
            "keys": await run_in_threadpool(self._has_key),
            "watch": self._is_watching(),
            "heart": self._keeper.engine.hands.heart.is_well(),
            "not ending": not self.draining.is_set(),
        }
        words = {name: "ok" if is_so else "no" for name, is_so in found.items()}
        return JSONResponse(words, 200 if all(found.values()) else 503)

    def _can_read(self) -> bool:
        with suppress(EvergrantError), self._keeper.reading() as tx:
            tx.exec_driver_sql("SELECT id FROM tenant")
            return True
        return False

    def _has_key(self) -> bool:
        """Whether the master key that everybody seals with is here."""
        with suppress(EvergrantError), self._keeper.store.read() as tx:
            self._keeper.vault.follow(tx)
            return True
        return False

    async def _scraped(self, request: Request) -> Response:
        """The metrics, for whoever has their key."""
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, self._expected):
            return PlainTextResponse("the metrics' key is missing or wrong\n", 401)
        return Response(await run_in_threadpool(self._metrics.text), media_type=CONTENT_TYPE)


class Counted:
    """An ASGI app whose requests are told as spans, by class of status."""

    def __init__(self, app: ASGIApp) -> None:
        self._inner = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        with span("http") as told:

            async def counted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    told.labels["outcome"] = f"{message['status'] // 100}xx"
                await send(message)

            await self._inner(scope, receive, counted)
