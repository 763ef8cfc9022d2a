"""`arun`: the asynchronous driver, over aiohttp (extra `server`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar

import aiohttp

from evergrant.clock import Clock, SystemClock
from evergrant.errors import BadInput, NotSent, OutcomeUnknown, WireError
from evergrant.wire.conversation import (
    Answer,
    Conversation,
    Pause,
    Probe,
    Reply,
    Request,
    Seen,
    Step,
)
from evergrant.wire.probes import look

T = TypeVar("T")
SeenInLoop: TypeAlias = Callable[[Reply], Awaitable[None]]
"""`Seen` that takes its time to store an answer; the conversation waits for it."""

_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


async def arun(
    conversation: Conversation[T],
    *,
    via: aiohttp.ClientSession | None = None,
    clock: Clock | None = None,
    seen: Seen | SeenInLoop | None = None,
) -> T:
    """Perform a conversation in this event loop and return what it learned.

    Raises what the conversation raises; a cancelled caller closes the conversation.
    """
    if via is None:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as own:
            return await arun(conversation, via=own, clock=clock, seen=seen)
    time = clock or SystemClock()
    try:
        step = next(conversation)
        while True:
            try:
                answer = await _perform(via, time, step)
            except WireError as error:
                step = conversation.throw(error)
                continue
            if seen and isinstance(answer, Reply):
                await _seen(seen, answer)
            step = conversation.send(answer)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    finally:
        conversation.close()


async def _seen(seen: Seen | SeenInLoop, answer: Reply) -> None:
    waiting = seen(answer)
    if waiting is not None:
        await waiting


async def _perform(session: aiohttp.ClientSession, clock: Clock, step: Step) -> Answer:
    if isinstance(step, Pause):
        await clock.asleep(step.seconds)
        return None
    if isinstance(step, Probe):
        return await asyncio.to_thread(look, step)
    # NOTE: aiohttp sends an idempotent request again when a pooled connection turns out to be
    # dead, and offers no public switch; the contract of the wire is that drivers never retry.
    session._retry_connection = False
    return await _exchange(session, step)


async def _exchange(session: aiohttp.ClientSession, request: Request) -> Reply:
    try:
        async with session.request(
            request.method,
            request.url,
            headers=request.sent_headers(),
            data=request.sent_body(),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=request.timeout_s),
        ) as answer:
            return await _read(answer, request)
    except _NOT_SENT as error:
        raise NotSent(f"could not reach {request.url}", why=_why(error)) from error
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
        raise BadInput(f"not a URL that can be called: {request.url}", why=_why(error)) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise OutcomeUnknown(f"no whole answer from {request.url}", why=_why(error)) from error


async def _read(answer: aiohttp.ClientResponse, request: Request) -> Reply:
    body, truncated = bytearray(), False
    async for chunk in answer.content.iter_any():
        if request.sink is not None:
            request.sink.write(chunk)
            continue
        body += chunk
        if truncated := len(body) > request.max_body:
            break
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Reply(answer.status, headers, bytes(body[: request.max_body]), request.url, truncated)


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__
