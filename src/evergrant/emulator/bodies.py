"""What came with a request: a header, and the body, read whole before anybody looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope

_BODY = "evergrant.body"
"""Where a scope holds the body."""


def header(scope: Scope, name: bytes) -> str:
    """The first header of that name, in small letters; empty where there is none."""
    for each, value in scope["headers"]:
        if each == name:
            return str(value, "latin-1")
    return ""


def with_body(scope: Scope, path: str, body: bytes) -> Scope:
    """The request at a tidy path, holding its body."""
    return {**scope, "path": path, "raw_path": path.encode(), _BODY: body}


def body_of(scope: Scope) -> bytes:
    """The body that a scope holds."""
    return bytes(scope[_BODY])


async def read_body(receive: Receive, limit: int | None) -> bytes | None:
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


def replay(body: bytes) -> Receive:
    """The body as one message."""
    messages = iter(({"type": "http.request", "body": body, "more_body": False},))

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    return receive
