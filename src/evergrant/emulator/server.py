"""The emulator served on loopback: blocking from a command, or beside a test in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Final, Self

import uvicorn

from evergrant.emulator.app import create_app
from evergrant.emulator.control import create_control
from evergrant.emulator.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

    from evergrant.emulator.clock import Clock
    from evergrant.emulator.org import Org

DEFAULT_SEED: Final = 7
_PATIENCE_S: Final = 10.0
_TICK_S: Final = 0.002


class PortInUse(OSError):
    """The port asked for is taken by another program."""


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone: its owner says when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Emulator:
    """A local Salesforce org and its control port, served while the block lasts."""

    def __init__(
        self,
        *,
        seed: int = DEFAULT_SEED,
        scenario: str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        control_port: int = 0,
        state: str = ":memory:",
    ) -> None:
        """Port 0 picks a free one; `state` is a database file to keep the org in.

        A file keeps the org, not its clock, which starts again at the machine's time.
        """
        self.stage = Stage(seed, state)
        self._scenario = scenario
        self._where = host, port, control_port
        self._servers: list[_Server] = []
        self._thread: threading.Thread | None = None
        self.url = ""
        self.control_url = ""
        self.credential: dict[str, str] = {}
        """What the integration holds, where a scenario began with it connected."""

    @property
    def org(self) -> Org:
        """The org itself."""
        return self.stage.org

    @property
    def clock(self) -> Clock:
        """The org's clock."""
        return self.stage.org.clock

    def act(self, name: str, /, **words: Any) -> dict[str, object]:
        """Do one act of the table; raises acts.BadAct."""
        return self.stage.act(name, **words)

    def trace(self, limit: int = 100) -> list[dict[str, Any]]:
        """The newest attempts with every gate's answer, newest last."""
        return self.stage.trace(limit)

    def start(self) -> None:
        """Bind, serve in a daemon thread, and play the scenario; raises PortInUse."""
        host, port, control_port = self._where
        with contextlib.ExitStack() as held:
            sockets = [_bound(host, port, held.callback), _bound(host, control_port, held.callback)]
            self.url, self.control_url = (_address(each) for each in sockets)
            self.org.base_url = self.url
            apps = create_app(self.org, self.stage.faults), create_control(self.stage)
            self._servers = [_server(app) for app in apps]
            if self._scenario is not None:
                self.credential = self.stage.play(self._scenario, None)["credential"]
            held.pop_all()
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
        """Stop serving and give everything back."""
        for server in self._servers:
            server.should_exit = True
        if self._thread is not None:
            self._thread.join(_PATIENCE_S)
        self.stage.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stage.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def serve(
    port: int,
    control_port: int,
    *,
    host: str = "127.0.0.1",
    scenario: str | None = None,
    seed: int = DEFAULT_SEED,
    state: str | None = None,
    started: Callable[[Emulator], None] = lambda _: None,
) -> None:
    """Serve until interrupted; `started` is called once the addresses are known.

    Raises PortInUse, scenario.BadScenario.
    """
    emulator = Emulator(
        seed=seed, scenario=scenario, host=host, port=port, control_port=control_port,
        state=state or ":memory:",
    )  # fmt: skip
    with emulator, contextlib.suppress(KeyboardInterrupt):
        started(emulator)
        threading.Event().wait()


def _bound(host: str, port: int, on_exit: Callable[..., Any]) -> socket.socket:
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
    on_exit(listener.close)
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _server(app: ASGIApp) -> _Server:
    return _Server(
        uvicorn.Config(
            app, http="h11", ws="none", lifespan="off", loop="asyncio", log_config=None,
            access_log=False, proxy_headers=False, server_header=False,
            timeout_graceful_shutdown=1,
        )
    )  # fmt: skip


async def _serve(servers: list[_Server], sockets: list[socket.socket]) -> None:
    await asyncio.gather(
        *(server.serve([each]) for server, each in zip(servers, sockets, strict=True))
    )
