"""Running the service: port, keeper, watch and server, from first request to a clean stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import uvicorn

from evergrant.api.address import announce, operator_key, withdraw
from evergrant.api.app import Face, create
from evergrant.api.listening import listen
from evergrant.clock import Clock
from evergrant.keeper import Keeper, open_keeper
from evergrant.settings import Settings
from evergrant.watch import Walker


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
) -> Iterator[Service]:
    """Run the service in a thread of this process until the block ends."""
    with listen(host, port) as opened:
        port = opened.getsockname()[1]
        settings, here = _with_port(settings, host, port), f"http://{_ANY.get(host, host)}:{port}"
        with open_keeper(settings, clock=clock) as keeper, Walker(keeper):
            server = _server(keeper, settings, faces)
            thread = threading.Thread(target=server.run, args=([opened],), daemon=True)
            thread.start()
            # NOTE: not the public URL: the operator's key has no business beyond this machine.
            announce(settings, here)
            try:
                yield Service(here, keeper)
            finally:
                withdraw(settings)
                server.should_exit = True
                thread.join(timeout=10)


def _server(keeper: Keeper, settings: Settings, faces: Sequence[Face]) -> uvicorn.Server:
    app = create(keeper, operator_key(settings), faces)
    # NOTE: a callback's address carries a code and a state.  `access_log` alone would only
    # take the handlers away: the logger would serve whoever attaches one.
    logging.getLogger("uvicorn.access").disabled = True
    return uvicorn.Server(
        uvicorn.Config(app, access_log=False, log_config=None, lifespan="off", server_header=False)
    )


def _with_port(settings: Settings, host: str, port: int) -> Settings:
    """The public URL of a service on loopback follows the port that was given."""
    at = urlsplit(settings.public_url)
    if at.hostname in ("127.0.0.1", "localhost", "::1") and at.port != port:
        return settings.but(public_url=f"http://{_ANY.get(host, host)}:{port}")
    return settings


_ANY = {"0.0.0.0": "127.0.0.1"}  # noqa: S104 (nothing is bound here)
"""An address that stands for every address → one at which a browser finds it."""
