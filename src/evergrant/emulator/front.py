"""The front door: tidies paths, applies faults and remembers every request, secrets masked."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from evergrant.emulator.bodies import read_body, replay
from evergrant.emulator.objects import stamp
from evergrant.emulator.trouble import fate, trace
from evergrant.emulator.trouble.asker import asking_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
_WRITTEN: Final = 8192
"""Bytes of a request's parameters that are remembered."""


class Front:
    """An ASGI app around the org's app."""

    def __init__(self, org: Org, inner: ASGIApp) -> None:
        self._org, self._inner = org, inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        path = _SLASHES.sub("/", scope["path"]).rstrip("/") or "/"
        is_small = path.startswith(_SMALL)
        body = await read_body(receive, _LARGEST if is_small else None)
        seen = _Seen(send)
        if body is None:
            await _refuse_length(seen.send)
            self._remember(scope, path, b"", seen.status)
            return
        try:
            await self._answer({**scope, "path": path, "raw_path": path.encode()}, body, seen)
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
        at, headers = self._org.clock.now(), dict(scope["headers"])
        kind = headers.get(b"content-type", b"")
        form = body if kind.startswith(b"application/x-www-form-urlencoded") else b""
        sent = b"&".join((scope["query_string"], form))[:_WRITTEN].decode("latin-1")
        method, host = scope["method"], headers.get(b"host", b"").decode("latin-1")
        with self._org.lock:
            self._org.requests.keep(lambda: {
                "at": stamp(at), "method": method, "path": path, "host": host, "status": status,
                "parameters": masked(parse_qsl(sent, keep_blank_values=True)),
            })  # fmt: skip


def masked(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters by name, with the values of all but the harmless ones hidden."""
    few = islice(fields, _KEPT)
    return {name[:_KEPT]: value if name in _OPEN else _MASK for name, value in few}


class _Seen:
    """Passes an answer on and remembers its status."""

    def __init__(self, out: Send) -> None:
        self.out = out
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


async def _refuse_length(send: Send) -> None:
    await send({
        "type": "http.response.start", "status": 413, "headers": [(b"content-type", b"text/plain")],
    })  # fmt: skip
    await send({"type": "http.response.body", "body": b"Request Entity Too Large"})
