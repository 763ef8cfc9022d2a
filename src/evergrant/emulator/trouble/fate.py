"""What a fault does to one request, on the way in and on the way out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, assert_never

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Message, Send

    from evergrant.emulator.trouble.fault import Fault

    Serve = Callable[[Send], Awaitable[None]]
    """Lets the org answer, to whoever listens."""


async def meet(fault: Fault, serve: Serve, out: Send) -> None:
    """Let a request meet its fate: delayed, then dropped, answered otherwise or served."""
    await asyncio.sleep(fault.delay_s)
    match fault.drop:
        case "before":
            await cut(out)
        case "after":
            await serve(_nobody)
            await cut(out)
        case "midway":
            await _break_off(serve, out)
        case "":
            await (serve(out) if fault.status is None else _say(fault, fault.status, out))
        case stranger:
            assert_never(stranger)


async def cut(out: Send) -> None:
    """Cut the connection here and now.

    NOTE: uvicorn gives no way to do that, so its transport is reached through the bound `send`.
    """
    transport = _transport(out)
    if transport is None:
        raise ConnectionResetError("a fault dropped the connection")
    transport.abort()
    await asyncio.sleep(0.01)


async def _break_off(serve: Serve, out: Send) -> None:
    """Let the org answer, pass on its head and the first half of its body, and cut."""
    answer: list[Message] = []

    async def keep(message: Message) -> None:
        answer.append(message)

    await serve(keep)
    head, body = answer[0], b"".join(each.get("body", b"") for each in answer[1:])
    await out(head)
    await out({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    await cut(out)


async def _say(fault: Fault, status: int, out: Send) -> None:
    body = fault.body.encode()
    headers = [
        (b"content-type", fault.content_type.encode("latin-1", "replace")),
        (b"content-length", str(len(body)).encode()),
    ]
    if fault.retry_after_s is not None:
        headers.append((b"retry-after", str(fault.retry_after_s).encode()))
    await out({"type": "http.response.start", "status": status, "headers": headers})
    await out({"type": "http.response.body", "body": body})


async def _nobody(_message: Message) -> None:
    """Listen to an answer that nobody gets."""


def _transport(out: Send) -> Any:
    return getattr(getattr(out, "__self__", None), "transport", None)
