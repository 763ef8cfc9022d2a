"""Apps on loopback ports, served by one thread of this process while they last."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

    from evergrant.emulator.authority import Authority

_PATIENCE_S: Final = 10.0
_TICK_S: Final = 0.002


class PortInUse(OSError):
    """The port asked for is taken by another program."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port that was bound and waits for its app."""

    listener: socket.socket
    authority: Authority | None

    @property
    def number(self) -> int:
        """The port itself."""
        return int(self.listener.getsockname()[1])

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        scheme, host = "https" if self.authority else "http", self.listener.getsockname()[0]
        return f"{scheme}://[{host}]:{self.number}" if ":" in host else (
            f"{scheme}://{host}:{self.number}"
        )  # fmt: skip


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone: its owner says when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Serving:
    """Ports that are bound first, so that their addresses are known, and served later."""

    def __init__(self) -> None:
        self._ports: list[Port] = []
        self._servers: list[_Server] = []
        self._thread: threading.Thread | None = None

    def bind(self, host: str, port: int, authority: Authority | None = None) -> Port:
        """Take a port, 0 a free one, with TLS where an authority is given; raises PortInUse."""
        bound = Port(_bound(host, port), authority)
        self._ports.append(bound)
        return bound

    def start(self, apps: list[ASGIApp]) -> None:
        """Serve an app on each port, in the order in which the ports were bound."""
        self._servers = [
            _server(app, port.authority) for app, port in zip(apps, self._ports, strict=True)
        ]
        sockets = [port.listener for port in self._ports]
        self._thread = threading.Thread(
            target=asyncio.run, args=(_serve(self._servers, sockets),), daemon=True,
            name="evergrant-emulator",
        )  # fmt: skip
        self._thread.start()
        self._wait_until_started()

    def _wait_until_started(self) -> None:
        give_up = time.monotonic() + _PATIENCE_S
        while not all(server.started for server in self._servers):
            if time.monotonic() > give_up or (self._thread and not self._thread.is_alive()):
                raise RuntimeError("the emulator did not start")
            time.sleep(_TICK_S)

    def stop(self) -> None:
        """Stop serving and give the ports back, served or not."""
        for server in self._servers:
            server.should_exit = True
        if self._thread is not None:
            self._thread.join(_PATIENCE_S)
        for port in self._ports:
            port.listener.close()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle off only on sockets that say they are TCP; with it a call takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # on Windows the option would let two programs share the port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortInUse(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listener


def _server(app: ASGIApp, authority: Authority | None) -> _Server:
    tls = None if authority is None else lambda _config, _default: authority.context()
    return _Server(
        uvicorn.Config(
            app, http="h11", ws="none", lifespan="off", loop="asyncio", log_config=None,
            access_log=False, proxy_headers=False, server_header=False, date_header=False,
            timeout_graceful_shutdown=1, ssl_context_factory=tls,
        )
    )  # fmt: skip


async def _serve(servers: list[_Server], sockets: list[socket.socket]) -> None:
    await asyncio.gather(
        *(server.serve([each]) for server, each in zip(servers, sockets, strict=True))
    )
