"""Running the service: port, keeper, watch and server, from first request to a clean stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from evergrant.api.address import announce, metrics_key, operator_key, withdraw
from evergrant.api.app import Face, create
from evergrant.api.listening import listen
from evergrant.api.metrics import Metrics
from evergrant.api.operate import Operated
from evergrant.api.traces import traced
from evergrant.clock import Clock
from evergrant.errors import BadInput
from evergrant.keeper import Keeper, open_for_all
from evergrant.keeper.presence import present
from evergrant.settings import Settings
from evergrant.store.alone import alone, file_of
from evergrant.watch import watching

Role: TypeAlias = Literal["all", "web", "worker"]
"""What a process does: answer requests, watch, or both."""
DRAIN_S = 20
"""Seconds that requests under way may take once the service is told to end."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service that is up."""

    url: str
    """Where it listens on this machine; how browsers reach it is `public_url`."""
    keeper: Keeper


@contextmanager
def serving(
    settings: Settings,
    host: str,
    port: int,
    *,
    clock: Clock | None = None,
    faces: Sequence[Face] = (),
    role: Role = "all",
) -> Iterator[Service]:
    """Run the service, or one role of it, in a thread of this process until the block ends.

    Raises `BadInput` for a role apart on SQLite, which one process serves, and `Misuse` where one
    does already.
    """
    with listen(host, port) as opened, ExitStack() as held:
        port = opened.getsockname()[1]
        settings, here = _with_port(settings, host, port), f"http://{_ANY.get(host, host)}:{port}"
        if file := file_of(settings.database):
            held.enter_context(alone(file))
        keeper = held.enter_context(open_for_all(settings, clock=clock))
        _require_alone(keeper, role)
        held.enter_context(present(keeper, role))
        metrics = Metrics(keeper)
        held.enter_context(metrics.listening())
        held.enter_context(traced(settings.traces_endpoint))
        watch = held.enter_context(watching(keeper)) if role != "web" else None
        is_watching = watch.is_alive if watch else _always
        operated = Operated(keeper, metrics, metrics_key(settings), is_watching)
        server = _server(_application(keeper, settings, faces, operated, role))
        thread = threading.Thread(target=server.run, args=([opened],), daemon=True)
        thread.start()
        if role != "worker":
            # NOTE: not the public URL: the operator's key has no business beyond this machine.
            announce(settings, here)
        try:
            yield Service(here, keeper)
        finally:
            # What balances the load sees that we are ending; then what is under way ends.
            operated.draining.set()
            withdraw(settings)
            server.should_exit = True
            thread.join(timeout=DRAIN_S + 5)


def _require_alone(keeper: Keeper, role: Role) -> None:
    if role != "all" and not keeper.store.is_remote:
        raise BadInput(
            f"the role {role!r} needs PostgreSQL",
            why="On SQLite one process serves and watches.",
            next_step="leave out --role, or set EVERGRANT_DATABASE_URL to a PostgreSQL database",
            whose="operator",
        )


def _application(
    keeper: Keeper, settings: Settings, faces: Sequence[Face], operated: Operated, role: Role
) -> ASGIApp:
    if role == "worker":
        # Health and metrics alone: a worker answers to nobody else.
        return Starlette(routes=operated.routes())
    # NOTE: first, since the console takes every address that nobody has taken before it.
    return create(keeper, operator_key(settings), (operated.add_to, *faces))


def _server(app: ASGIApp) -> uvicorn.Server:
    # NOTE: a callback's address carries a code and a state.  `access_log` alone would only
    # take the handlers away: the logger would serve whoever attaches one.
    logging.getLogger("uvicorn.access").disabled = True
    return uvicorn.Server(
        uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            lifespan="on",
            server_header=False,
            timeout_graceful_shutdown=DRAIN_S,
        )
    )


def _always() -> bool:
    """A process that is not to watch lacks nothing."""
    return True


def _with_port(settings: Settings, host: str, port: int) -> Settings:
    """The public URL of a service on loopback follows the port that was given."""
    at = urlsplit(settings.public_url)
    if at.hostname in ("127.0.0.1", "localhost", "::1") and at.port != port:
        return settings.but(public_url=f"http://{_ANY.get(host, host)}:{port}")
    return settings


_ANY = {"0.0.0.0": "127.0.0.1"}  # noqa: S104 (nothing is bound here)
"""An address that stands for every address → one at which a browser finds it."""
