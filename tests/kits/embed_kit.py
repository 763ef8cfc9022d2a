"""A host application that embeds Evergrant's parts: its origins, and its example served."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from evergrant import keeper as verbs
from evergrant.api.listening import listen
from evergrant.keeper import Keeper

HOST = "https://app.orbit.example"
"""A page of the host, as tests without a browser speak for it."""


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


PORT = _free_port()
"""Where the example is served: its origin must be registered before the service starts."""
ORIGINS = (HOST, f"http://127.0.0.1:{PORT}")
EXAMPLE = Path(__file__).parents[2] / "examples" / "host-app" / "app.py"


def example() -> Starlette:
    """The app of `examples/host-app`, loaded as its readers run it."""
    spec = spec_from_file_location("host_app", EXAMPLE)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    app: Starlette = module.app
    return app


@contextmanager
def host_served(app: Starlette) -> Iterator[str]:
    """Serve the host's app on loopback until the block ends; gives its origin."""
    with listen("127.0.0.1", PORT) as opened:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, args=([opened],), daemon=True)
        thread.start()
        try:
            yield ORIGINS[1]
        finally:
            server.should_exit = True
            thread.join(timeout=60)


def word(keeper: Keeper, connection: str, origin: str = HOST, **how: object) -> str:
    """A session word for a page of the host."""
    return verbs.mint(keeper, connection, origin=origin, **how).word.reveal()  # type: ignore[arg-type]
