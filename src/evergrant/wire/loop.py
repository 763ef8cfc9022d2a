"""`arun`: the asynchronous driver, over aiohttp (extra `server`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache
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
    patience_s: float = 0.0,
) -> T:
    """Perform a conversation in this event loop and return what it learned.

    Every answer is waited for as long as its request says, or `patience_s` where that is longer.
    Raises what the conversation raises; a cancelled caller closes the conversation.
    """
    if via is None:
        async with session() as own:
            return await arun(conversation, via=own, clock=clock, seen=seen, patience_s=patience_s)
    time = clock or SystemClock()
    try:
        step = next(conversation)
        while True:
            try:
                if isinstance(step, Request):
                    answer: Answer = await _exchange(via, step, patience_s)
                else:
                    answer = await _perform(time, step)
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


def session() -> aiohttp.ClientSession:
    """A pool of connections for `arun`; to be made, and closed, in its event loop.

    It keeps no cookies: what one org sets is no other org's business.
    """
    return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())


async def _seen(seen: Seen | SeenInLoop, answer: Reply) -> None:
    waiting = seen(answer)
    if waiting is not None:
        await waiting


async def _perform(clock: Clock, step: Pause | Probe) -> Answer:
    if isinstance(step, Pause):
        await clock.asleep(step.seconds)
        return None
    return await asyncio.to_thread(look, step)


async def _exchange(session: aiohttp.ClientSession, request: Request, patience_s: float) -> Reply:
    # NOTE: aiohttp sends an idempotent request again when a pooled connection turns out to be
    # dead, and offers no public switch; the contract of the wire is that drivers never retry.
    session._retry_connection = False
    try:
        async with session.request(
            request.method,
            request.url,
            headers=request.sent_headers(),
            data=request.sent_body(),
            allow_redirects=False,
            timeout=_within(max(request.timeout_s, patience_s)),
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
    while chunk := await answer.content.readany():
        if request.sink is not None:
            request.sink.write(chunk)
            continue
        body += chunk
        if truncated := len(body) > request.max_body:
            break
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Reply(answer.status, headers, bytes(body[: request.max_body]), request.url, truncated)


@lru_cache(maxsize=32)
def _within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__
