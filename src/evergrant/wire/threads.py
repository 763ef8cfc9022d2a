"""`run`: the synchronous driver, over httpx2."""

from __future__ import annotations

from time import monotonic
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
from evergrant.wire.probes import look

T = TypeVar("T")

_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)


def client() -> httpx2.Client:
    """A connection pool for `run`: no redirects, no cookies kept between conversations."""
    return httpx2.Client(follow_redirects=False, trust_env=True)


def run(
    conversation: Conversation[T],
    *,
    via: httpx2.Client | None = None,
    clock: Clock | None = None,
    seen: Seen | None = None,
) -> T:
    """Perform a conversation in this thread and return what it learned.

    Raises what the conversation raises.  Without `via` a client is opened and closed again.
    """
    if via is None:
        with client() as own:
            return run(conversation, via=own, clock=clock, seen=seen)
    time, pool = clock or SystemClock(), via

    def perform(step: Step) -> Answer:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        if isinstance(step, Probe):
            return look(step)
        return _exchange(pool, step)

    return drive(conversation, perform, seen)


def _exchange(pool: httpx2.Client, request: Request) -> Reply:
    try:
        built = pool.build_request(
            request.method,
            request.url,
            headers=request.sent_headers(),
            content=request.sent_body(),
            timeout=request.timeout_s,
        )
        # NOTE: httpx2 keeps cookies per client; one org's session must not ride on another's call.
        pool.cookies.clear()
        answer = pool.send(built, stream=True)
    except _NOT_SENT as error:
        raise NotSent(f"could not reach {request.url}", why=_why(error)) from error
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise BadInput(f"not a URL that can be called: {request.url}", why=_why(error)) from error
    except httpx2.HTTPError as error:
        raise OutcomeUnknown(f"no answer from {request.url}", why=_why(error)) from error
    try:
        return _read(answer, request)
    except httpx2.HTTPError as error:
        raise OutcomeUnknown(f"the answer of {request.url} broke off", why=_why(error)) from error
    finally:
        answer.close()


def _read(answer: httpx2.Response, request: Request) -> Reply:
    body, truncated = bytearray(), False
    deadline = monotonic() + request.timeout_s
    for chunk in answer.iter_bytes():
        if monotonic() > deadline:
            raise httpx2.ReadTimeout(f"not finished after {request.timeout_s:g} s")
        if request.sink is not None:
            request.sink.write(chunk)
            continue
        body += chunk
        if truncated := len(body) > request.max_body:
            break
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Reply(
        answer.status_code, headers, bytes(body[: request.max_body]), request.url, truncated
    )


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
