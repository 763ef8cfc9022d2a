"""Several orgs in one process: each on a port of its own, and behind the generic login hosts.

They share one clock. What a client holds of one org and does in another happens in one time, and
a demo or a drill follows one clock; so a reset of one org leaves it alone, and only a reset of
the whole fleet sets it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Self

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from evergrant.emulator.authority import Authority
from evergrant.emulator.bodies import read_body, replay
from evergrant.emulator.clock import Clock
from evergrant.emulator.control import create_control
from evergrant.emulator.doors import Door, generic
from evergrant.emulator.homes import GENERIC, BadHome, homes
from evergrant.emulator.knowing import knows, words_of
from evergrant.emulator.server import DEFAULT_SEED, Served
from evergrant.emulator.serving import Serving
from evergrant.emulator.stage import Stage

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from evergrant.emulator.homes import Home, Role

_STEP: Final = 2
"""The port after the first org's is the control port, the next ones are the other orgs'."""


class Fleet:
    """Orgs side by side, served while the block lasts; `fleet["sandbox"]` is one of them."""

    def __init__(
        self,
        kinds: Sequence[str],
        *,
        seed: int = DEFAULT_SEED,
        host: str = "127.0.0.1",
        port: int = 0,
        control_port: int = 0,
        state: str = ":memory:",
        tls: bool = False,
        strict: bool = False,
    ) -> None:
        """One org for each kind; the second production is called `production-2`.

        Port 0 picks free ones; else the orgs after the first take port + 2 and so on, and the
        generic hosts the two after them. A `state` file keeps the first org, the others lie
        beside it. Raises homes.BadHome.
        """
        self.clock = Clock()
        found = homes(kinds)
        if not found:
            raise BadHome("a fleet has at least one org")
        files = [state, *(_beside(state, home) for home in found[1:])]
        self.orgs = {
            home.name: Served(Stage(seed, file, home, self.clock))
            for home, file in zip(found, files, strict=True)
        }
        for each in self.orgs.values():
            each.org.strict = strict
        self.authority = Authority() if tls else None
        self._where = host, port, control_port
        self._serving = Serving()
        self.control_url = ""
        self.login_urls: dict[Role, str] = {}
        """The addresses that play login. and test.salesforce.com."""
        self.app: ASGIApp = Switchboard([(each.stage, each.app) for each in self.orgs.values()])
        """All orgs as one ASGI app that tells them apart by the Host header."""

    def __getitem__(self, name: str) -> Served:
        return self.orgs[name]

    def reset(self) -> None:
        """All orgs and their clock back to the beginning."""
        self.clock.reset()
        for each in self.orgs.values():
            each.stage.reset()

    def start(self) -> None:
        """Bind and serve in a daemon thread; raises PortInUse."""
        host, port, control_port = self._where
        numbers = iter(_numbers(port, len(self.orgs) + len(GENERIC)))
        control = self._serving.bind(host, control_port)
        self.control_url = control.url
        for name, each in self.orgs.items():
            each.url = self._serving.bind(host, next(numbers), self.authority).url
            each.org.base_url, each.control_url = each.url, f"{control.url}/orgs/{name}"
        for role in GENERIC.values():
            self._open_door(role, host, next(numbers))
        apps = [each.app for each in self.orgs.values()]
        self._serving.start([create_fleet_control(self), *apps, *[self.app] * len(GENERIC)])

    def _open_door(self, role: Role, host: str, number: int) -> None:
        port = self._serving.bind(host, number, self.authority)
        self.login_urls[role] = port.url
        for each in self.orgs.values():
            each.org.doors[port.number] = Door(role, port.url)

    def stop(self) -> None:
        """Stop serving and give everything back."""
        self._serving.stop()
        for each in self.orgs.values():
            each.stage.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _beside(state: str, home: Home) -> str:
    return state if state == ":memory:" else f"{state}.{home.name}"


def _numbers(port: int, count: int) -> list[int]:
    """The ports to ask for: the first is the one named."""
    rest = range(port + _STEP, port + _STEP + count - 1)
    return [port, *rest] if port else [0] * count


class Switchboard:
    """An ASGI app before several orgs: it finds the one that a request is meant for."""

    def __init__(self, orgs: Sequence[tuple[Stage, ASGIApp]]) -> None:
        self._orgs = tuple(orgs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._orgs[0][1](scope, receive, send)
            return
        body = await read_body(receive, None) or b""
        await self._meant(scope, body)(scope, replay(body), send)

    def _meant(self, scope: Scope, body: bytes) -> ASGIApp:
        """The org of the host, or the one behind a generic host that knows the sender.

        Where none does, the first behind that host answers, for it will know as little.
        """
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        org = self._orgs[0][0].org
        role = generic(org, host)
        if role is None:
            return self._named(host.partition(":")[0].lower())
        behind = [(s.org, app) for s, app in self._orgs if s.org.home.role == role]
        words = words_of(scope, body)
        found = (app for each, app in behind if knows(each, words))
        return next(found, behind[0][1] if behind else self._orgs[0][1])

    def _named(self, host: str) -> ASGIApp:
        found = (app for stage, app in self._orgs if stage.org.home.host == host)
        return next(found, self._orgs[0][1])


def create_fleet_control(fleet: Fleet) -> Starlette:
    """The control port of a fleet: each org's own under /orgs/NAME, the first one's at the root."""

    async def listed(_request: Request) -> Response:
        return JSONResponse(told(fleet))

    async def reset(_request: Request) -> Response:
        fleet.reset()
        return JSONResponse({"reset": True})

    first = next(iter(fleet.orgs.values())).stage
    own = [Mount(f"/orgs/{n}", create_control(o.stage)) for n, o in fleet.orgs.items()]
    return Starlette(routes=[
        Route("/orgs", listed),
        Route("/orgs/reset", reset, methods=["POST"]),
        *own,
        Mount("/", create_control(first)),
    ])  # fmt: skip


def told(fleet: Fleet) -> dict[str, object]:
    """Every org with its addresses, and the generic login hosts, as JSON."""
    return {
        "orgs": [
            {
                "name": name, "kind": each.org.home.kind, "url": each.url,
                "control_url": each.control_url, "my_domain": each.org.home.host,
                "users": each.org.home.users, "login_host": each.org.home.role,
            }
            for name, each in fleet.orgs.items()
        ],
        "login_hosts": dict(fleet.login_urls),
    }  # fmt: skip
