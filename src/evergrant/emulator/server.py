"""The emulator served on loopback: blocking from a command, or beside a test in a thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Self

from evergrant.emulator.app import create_app
from evergrant.emulator.authority import Authority
from evergrant.emulator.control import create_control
from evergrant.emulator.doors import Door
from evergrant.emulator.homes import Kind, homes
from evergrant.emulator.serving import PortInUse, Serving
from evergrant.emulator.stage import Stage
from evergrant.emulator.worlds import ACME

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from evergrant.emulator.clock import Clock
    from evergrant.emulator.org import Org
    from evergrant.emulator.worlds import World

__all__ = ["DEFAULT_SEED", "Emulator", "PortInUse", "Served", "serve"]

DEFAULT_SEED: Final = 7


class Served:
    """An org on its stage, and where it is reached."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.app: ASGIApp = create_app(stage.org)
        """The org as an ASGI app, to be called without a port; it needs no start."""
        self.url = ""
        self.control_url = ""

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


class Emulator(Served):
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
        tls: bool = False,
        kind: Kind = "production",
        instances: Sequence[str] = (),
        strict: bool = False,
        public_url: str = "",
        begins: World | Stage = ACME,
    ) -> None:
        """Port 0 picks a free one; `state` is a database file to keep the org and its time in.

        It `begins` as a world; or as another's fork, which brings its own seed, kind and state.
        `public_url` is the address clients use where it is not the one listened on.
        With `tls` the org is served as https, on localhost and 127.0.0.1, by a certificate of
        `authority`; the control port stays http.
        Each of `instances`, such as USA1, gets a port of its own, and token answers then name the
        one that the org is on as instance_url.
        `strict` answers 501 to what is only inferred.
        Raises state_file.BadState, sqlite3.Error.
        """
        [home] = homes([kind])
        stage = begins if isinstance(begins, Stage) else Stage(seed, state, home, begins=begins)
        super().__init__(stage)
        self.org.strict = strict
        self.authority = Authority() if tls else None
        self._scenario = scenario
        self._where = host, port, control_port
        self._public_url = public_url
        self._instances = tuple(instances)
        self._serving = Serving()
        self.credential: dict[str, str] = {}
        """What the integration holds, where a scenario began with it connected."""

    def start(self) -> None:
        """Bind, serve in a daemon thread, and play the scenario; raises PortInUse."""
        host, port, control_port = self._where
        own = self._serving.bind(host, port, self.authority)
        control = self._serving.bind(host, control_port)
        self.url, self.control_url = self._public_url or own.url, control.url
        self.org.base_url = self.url
        for name in self._instances:
            door = self._serving.bind(host, 0, self.authority)
            self.org.doors[door.number] = Door(name, door.url)
        if self._scenario is not None:
            self.credential = self.stage.play(self._scenario, None)["credential"]
        doors = [self.app] * len(self._instances)
        self._serving.start([self.app, create_control(self.stage), *doors])

    def fork(self) -> Emulator:
        """Another emulator whose org was the same until now, on free ports once it is started.

        Its beginning is this moment; faults, named snapshots and instances stay behind.
        """
        other = Emulator(strict=self.org.strict, begins=self.stage.fork())
        other.authority = self.authority
        return other

    def stop(self) -> None:
        """Stop serving and give everything back."""
        self._serving.stop()
        self.stage.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self._serving.stop()
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
