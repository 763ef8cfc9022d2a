"""Request bodies, read whole before anybody looks at them, and given on as if they just came."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Message, Receive


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
