"""`run`: the synchronous driver, over httpx2."""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar

import httpx2

from evergrant.clock import Clock, SystemClock
from evergrant.errors import BadInput, NotSent, OutcomeUnknown
from evergrant.wire.conversation import (
    Answer,
    Conversation,
    Pause,
    Probe,
    Reply,
    Request,
    Seen,
    Step,
    drive,
)
from evergrant.wire.deadline import BoundedTransport, within
from evergrant.wire.probes import look

T = TypeVar("T")

_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


def client() -> httpx2.Client:
    """A connection pool for `run`: no redirects, no cookies kept between conversations."""
    nothing_kept = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    return httpx2.Client(
        follow_redirects=False, trust_env=True, cookies=nothing_kept, transport=BoundedTransport()
    )


def run(
    conversation: Conversation[T],
    *,
    via: httpx2.Client | None = None,
    clock: Clock | None = None,
    seen: Seen | None = None,
    patience_s: float = 0.0,
) -> T:
    """Perform a conversation in this thread and return what it learned.

    Every answer is waited for as long as its request says, or `patience_s` where that is longer.
    Raises what the conversation raises.  Without `via` a client is opened and closed again.
    """
    if via is None:
        with client() as own:
            return run(conversation, via=own, clock=clock, seen=seen, patience_s=patience_s)
    time, pool = clock or SystemClock(), via

    def perform(step: Step) -> Answer:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        if isinstance(step, Probe):
            return look(step)
        return _exchange(pool, step, max(step.timeout_s, patience_s))

    return drive(conversation, perform, seen)


def _exchange(pool: httpx2.Client, request: Request, timeout_s: float) -> Reply:
    try:
        with within(timeout_s):
            return _read(pool, _built(pool, request, timeout_s), request)
    except _NOT_SENT as error:
        raise NotSent(f"could not reach {request.url}", why=_why(error)) from error
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise BadInput(f"not a URL that can be called: {request.url}", why=_why(error)) from error
    except httpx2.HTTPError as error:
        raise OutcomeUnknown(f"no whole answer from {request.url}", why=_why(error)) from error


def _built(pool: httpx2.Client, request: Request, timeout_s: float) -> httpx2.Request:
    return pool.build_request(
        request.method,
        request.url,
        headers=request.sent_headers(),
        content=request.sent_body(),
        timeout=timeout_s,
    )


def _read(pool: httpx2.Client, built: httpx2.Request, request: Request) -> Reply:
    answer = pool.send(built, stream=True)
    try:
        body, truncated = bytearray(), False
        for chunk in answer.iter_bytes():
            if request.sink is not None:
                request.sink.write(chunk)
                continue
            body += chunk
            if truncated := len(body) > request.max_body:
                break
    finally:
        answer.close()
    headers = {name.lower(): value for name, value in answer.headers.items()}
    whole = bytes(body[: request.max_body])
    return Reply(answer.status_code, headers, whole, request.url, truncated)


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
