"""The front door: tidies paths, applies faults and remembers every request, secrets masked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate
from itertools import islice
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from evergrant.emulator.bodies import header, read_body, replay, with_body
from evergrant.emulator.objects import stamp
from evergrant.emulator.trouble import fate, trace
from evergrant.emulator.trouble.asker import asking_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from evergrant.emulator.clock import Clock
    from evergrant.emulator.org import Org
    from evergrant.emulator.trouble.fault import Fault

_SLASHES: Final = re.compile(r"/{2,}")
_OPEN: Final = frozenset({
    "grant_type", "response_type", "redirect_uri", "client_id", "scope", "state", "format",
    "prompt", "login_hint", "display", "immediate", "decision", "username", "q", "token_type_hint",
    "code_challenge_method", "error", "error_description", "do", "subject_token_type",
    "token_handler",
})  # fmt: skip
"""Parameters whose values are shown; every other is masked."""
_MASK: Final = "***"
_SMALL: Final = ("/services/oauth2/", "/services/Soap/u/", "/services/Soap/c/", "/setup/connect")
_LARGEST: Final = 1_048_576
"""Bytes in a body of those paths; what Salesforce answers to more is not known (inferred: 413)."""
_KEPT: Final = 100
"""Parameters of one request that are remembered, and letters of their names."""
_FORM: Final = "application/x-www-form-urlencoded"
_WRITTEN: Final = 8192
"""Bytes of a request's parameters that are remembered."""


class Front:
    """An ASGI app around the org's app."""

    def __init__(self, org: Org, inner: ASGIApp) -> None:
        self._org, self._inner = org, inner
        self._date = _Date(org.clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        path = _tidy(scope["path"])
        is_small = path.startswith(_SMALL)
        body = await read_body(receive, _LARGEST if is_small else None)
        seen = _Seen(send, self._date)
        if body is None:
            await _refuse_length(seen.send)
            self._remember(scope, path, b"", seen.status)
            return
        try:
            await self._answer(with_body(scope, path, body), body, seen)
        finally:
            self._remember(scope, path, body, seen.status)

    async def _answer(self, scope: Scope, body: bytes, seen: _Seen) -> None:
        fault = self._fault(scope, body)
        if fault is None:
            await self._inner(scope, replay(body), seen.send)
            return

        async def serve(out: Send) -> None:
            await self._inner(scope, replay(body), seen.told_to(out))

        await fate.meet(fault, serve, seen.out)

    def _fault(self, scope: Scope, body: bytes) -> Fault | None:
        faults = self._org.faults
        if not faults.is_live():
            return None
        with self._org.lock:
            asking = asking_of(self._org, scope, body)
            fault = faults.take(asking)
            if fault is not None:
                trace.note(self._org, asking, fault)
            return fault

    def _remember(self, scope: Scope, path: str, body: bytes, status: int | None) -> None:
        at, method, host = self._org.clock.now(), scope["method"], header(scope, b"host")
        is_form = header(scope, b"content-type").startswith(_FORM)
        sent = b"&".join((scope["query_string"], body if is_form else b""))[:_WRITTEN]
        with self._org.lock:
            self._org.requests.keep(_Asked(at, method, path, host, status, sent))


def _tidy(path: str) -> str:
    is_tidy = "//" not in path and not path.endswith("/")
    return path if is_tidy and path else _SLASHES.sub("/", path).rstrip("/") or "/"


def masked(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters by name, with the values of all but the harmless ones hidden."""
    few = islice(fields, _KEPT)
    return {name[:_KEPT]: value if name in _OPEN else _MASK for name, value in few}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request as the history keeps it: two thousand of them stand in memory."""

    at: datetime
    method: str
    path: str
    host: str
    status: int | None
    sent: bytes

    def __call__(self) -> dict[str, object]:
        """As JSON, secrets masked."""
        sent = parse_qsl(self.sent.decode("latin-1"), keep_blank_values=True)
        return {
            "at": stamp(self.at), "method": self.method, "path": self.path, "host": self.host,
            "status": self.status, "parameters": masked(sent),
        }  # fmt: skip


class _Date:
    """The Date header: the org's time and not the machine's, since clients compare theirs with it.

    RFC 9110 section 6.6.1.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock, self._second, self._header = clock, -1, (b"date", b"")

    def header(self) -> tuple[bytes, bytes]:
        """Name and value; written anew once a second."""
        second = int(self._clock.now().timestamp())
        if second != self._second:
            self._second = second
            self._header = (b"date", formatdate(second, usegmt=True).encode())
        return self._header


class _Seen:
    """Passes an answer on, dated, and remembers its status."""

    def __init__(self, out: Send, date: _Date) -> None:
        self.out, self._date = out, date
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        self._look(message)
        await self.out(message)

    def told_to(self, out: Send) -> Send:
        """Passes an answer on to somebody else."""

        async def tell(message: Message) -> None:
            self._look(message)
            await out(message)

        return tell

    def _look(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), self._date.header()]


async def _refuse_length(send: Send) -> None:
    await send({
        "type": "http.response.start", "status": 413, "headers": [(b"content-type", b"text/plain")],
    })  # fmt: skip
    await send({"type": "http.response.body", "body": b"Request Entity Too Large"})
