"""The other addresses of an org: generic login hosts and instances, each played by a port.

Loopback has no names to tell hosts apart, so a port stands for a host; a Host header that names
Salesforce's own host does the same in process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse

from evergrant.emulator import state
from evergrant.emulator.homes import GENERIC, Role
from evergrant.emulator.refusals import REFUSALS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from evergrant.emulator.org import Org

_REST: Final = "/services/data"
_SUFFIX: Final = ".salesforce.com"
_LEFT: Final = "left_instances"


@dataclass(frozen=True, slots=True)
class Door:
    """An address that is not My Domain."""

    plays: str
    """`login`, `test`, or the name of an instance such as USA1."""
    url: str


def generic(org: Org, host: str) -> Role | None:
    """The generic login host that a Host header means; None where it means none."""
    name, door = host.partition(":")[0].lower(), _door(org, host)
    plays = GENERIC.get(name) or (door.plays if door else "")
    return next((role for role in GENERIC.values() if role == plays), None)


def instance(org: Org, host: str) -> str | None:
    """The instance that a Host header means; None where it means none."""
    door, name = _door(org, host), host.partition(":")[0].lower()
    if door is not None and door.plays not in GENERIC.values():
        return door.plays
    known = {f"{each.lower()}{_SUFFIX}": each for each in (current(org), *left(org))}
    return known.get(name)


def _door(org: Org, host: str) -> Door | None:
    port = host.rpartition(":")[2]
    return org.doors.get(int(port)) if org.doors and port.isdecimal() else None


def current(org: Org) -> str:
    """The instance the org is on."""
    row = state.one(org.db, 'SELECT "InstanceName" FROM "Organization"')
    return str(row["InstanceName"]) if row and row["InstanceName"] else ""


def left(org: Org) -> tuple[str, ...]:
    """The instances the org was on before."""
    return state.recall(org.db, _LEFT, lambda: _left(org))


def _left(org: Org) -> tuple[str, ...]:
    row = state.one(org.db, "SELECT value FROM x_meta WHERE key = ?", _LEFT)
    return tuple(str(row["value"]).split()) if row else ()


def leave(org: Org, to: str) -> None:
    """Remember that the org moved to another instance."""
    gone = [each for each in (*left(org), current(org)) if each != to]
    state.note(org.db, _LEFT, state.words(dict.fromkeys(gone)))


def instance_url(org: Org) -> str | None:
    """The address of the org's instance, where a port plays it; None: My Domain is given out."""
    if not org.doors:
        return None
    name = current(org)
    return next((door.url for door in org.doors.values() if door.plays == name), None)


def own_login_url(org: Org) -> str | None:
    """The address that plays the generic host of this org's users; None where no port does."""
    doors = (door.url for door in org.doors.values() if door.plays == org.home.role)
    return next(doors, None)


class Doorkeeper:
    """An ASGI layer that answers at the instances which the org has left.

    That the API does not know the session there is recorded (3.8); that everything else is sent
    on to My Domain is inferred.
    """

    def __init__(self, org: Org, inner: ASGIApp) -> None:
        self._org, self._inner = org, inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not self._is_left(scope):
            await self._inner(scope, receive, send)
        elif scope["path"].startswith(_REST):
            refusal = REFUSALS["session_dead", "api"]
            said = [{"message": refusal.description, "errorCode": refusal.error}]
            await JSONResponse(said, refusal.status)(scope, receive, send)
        else:
            onward = urlsplit(str(Request(scope).url))
            query = f"?{onward.query}" if onward.query else ""
            url = f"{self._org.base_url}{onward.path}{query}"
            await RedirectResponse(url, 302)(scope, receive, send)

    def _is_left(self, scope: Scope) -> bool:
        with self._org.lock:
            gone = left(self._org)
            host = Request(scope).headers.get("host", "") if gone else ""
            return bool(gone) and instance(self._org, host) in gone
