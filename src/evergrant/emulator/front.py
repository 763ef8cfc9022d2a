"""The front door: tidies paths, applies faults and remembers every request, secrets masked."""

from __future__ import annotations

import asyncio
import re
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from evergrant.emulator.objects import stamp
from evergrant.emulator.records import keep_request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from evergrant.emulator.faults import Fault, Faults
    from evergrant.emulator.org import Org

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


class Front:
    """An ASGI app around the org's app."""

    def __init__(self, org: Org, faults: Faults, inner: ASGIApp) -> None:
        self._org, self._faults, self._inner = org, faults, inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        path = _SLASHES.sub("/", scope["path"]).rstrip("/") or "/"
        is_small = path.startswith(_SMALL)
        body = await _body(receive, _LARGEST if is_small else None)
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
        with self._org.lock:
            fault = self._faults.take(scope["path"])
        if fault is None:
            await self._inner(scope, _replay(body), seen.send)
            return
        await asyncio.sleep(fault.delay_s)
        await self._misbehave(fault, scope, body, seen)

    async def _misbehave(self, fault: Fault, scope: Scope, body: bytes, seen: _Seen) -> None:
        if fault.drop == "after":
            await self._inner(scope, _replay(body), seen.swallow)
        if fault.drop:
            await _drop(seen.out)
        elif fault.status is None:
            await self._inner(scope, _replay(body), seen.send)
        else:
            headers = [(b"content-type", fault.content_type.encode())]
            await seen.send(
                {"type": "http.response.start", "status": fault.status, "headers": headers}
            )
            await seen.send({"type": "http.response.body", "body": fault.body.encode()})

    def _remember(self, scope: Scope, path: str, body: bytes, status: int | None) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        is_form = headers.get(b"content-type", "").startswith("application/x-www-form-urlencoded")
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        form = parse_qsl(body.decode("latin-1"), keep_blank_values=True) if is_form else []
        with self._org.lock:
            keep_request(self._org, {
                "at": stamp(self._org.clock.now()),
                "method": scope["method"],
                "path": path,
                "host": headers.get(b"host", ""),
                "status": status,
                "parameters": masked([*query, *form]),
            })  # fmt: skip


def masked(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters by name, with the values of all but the harmless ones hidden."""
    few = islice(fields, _KEPT)
    return {name[:_KEPT]: value if name in _OPEN else _MASK for name, value in few}


class _Seen:
    """Passes an answer on, or swallows it, and remembers its status."""

    def __init__(self, out: Send) -> None:
        self.out = out
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        self._look(message)
        await self.out(message)

    async def swallow(self, message: Message) -> None:
        self._look(message)

    def _look(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]


async def _drop(send: Send) -> None:
    """Cut the connection without a byte of an answer.

    NOTE: uvicorn gives no way to do that, so its transport is reached through the bound `send`.
    """
    transport: Any = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("a fault dropped the connection")
    transport.abort()
    await asyncio.sleep(0.01)


async def _body(receive: Receive, limit: int | None) -> bytes | None:
    """The whole body; None, all of it read and none kept, where it is longer than the limit."""
    parts, length = [], 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        length += len(part)
        if limit is None or length <= limit:
            parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts) if limit is None or length <= limit else None


async def _refuse_length(send: Send) -> None:
    await send({
        "type": "http.response.start", "status": 413, "headers": [(b"content-type", b"text/plain")],
    })  # fmt: skip
    await send({"type": "http.response.body", "body": b"Request Entity Too Large"})


def _replay(body: bytes) -> Receive:
    messages = iter(({"type": "http.request", "body": body, "more_body": False},))

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    return receive
