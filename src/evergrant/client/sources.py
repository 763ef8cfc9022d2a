"""A connection's token for as long as a program runs: `TokenSource` in threads, and
`AsyncTokenSource` in an event loop."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Any, Self

import httpx2

from evergrant.client.asking import Asking, Token
from evergrant.errors import OutcomeUnknown

PATIENCE_S = 90.0
"""The broker may be waiting for Salesforce, and no token is at hand."""
RECHECK_PATIENCE_S = 5.0
"""So long is waited for a newer token, at most, while one that works is at hand."""
_AWAY = "the token broker does not answer"


class TokenSource:
    """The token of one connection; thread-safe.

    `part` names one of several credentials of the connection.
    `url` and `api_key` are read from EVERGRANT_URL and EVERGRANT_API_KEY where they are left out;
    `http` is a client of your own (a proxy, your own certificates).  Raises `BadInput` when one of
    them is missing, or when the broker is asked in plain http beyond this machine.
    """

    def __init__(self, connection: str, *, http: httpx2.Client | None = None, **how: Any) -> None:
        self._asking = Asking(connection, **how)
        self._http, self._is_mine = http or httpx2.Client(timeout=PATIENCE_S), http is None
        self._turn = threading.Lock()

    def token(self, *, refused: str = "") -> Token:
        """A token that works, as far as anybody knows.

        `refused` is the fingerprint of one that Salesforce refused (`INVALID_SESSION_ID`).  While
        the broker is away or in trouble the token at hand goes on; one thread asks for a newer one,
        and nobody else waits for it.  Raises what `Asking.take` raises, and `OutcomeUnknown` when
        nobody answers and no token is at hand.
        """
        asking = self._asking
        if found := asking.at_hand(refused):
            return found
        spare, before = asking.spare(refused), asking.failure
        if spare is not None and not self._turn.acquire(blocking=False):
            return spare
        if spare is None:
            self._turn.acquire()
        try:
            found = asking.meanwhile(before, refused)
            return found or self._fetch(refused, is_recheck=spare is not None)
        finally:
            self._turn.release()

    def _fetch(self, refused: str, *, is_recheck: bool) -> Token:
        asking, how = self._asking, self._http.timeout
        try:
            answer = self._http.get(
                asking.url,
                headers=asking.headers(refused),
                params=asking.parameters(refused),
                timeout=_brief(how) if is_recheck else how,
            )
        except httpx2.RequestError as error:
            return asking.without(OutcomeUnknown(_AWAY, why=type(error).__name__), refused)
        return asking.take(answer.status_code, answer.headers, answer.content, refused)

    def close(self) -> None:
        """Let go of connections to the broker."""
        if self._is_mine:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncTokenSource:
    """The same in an event loop."""

    def __init__(
        self, connection: str, *, http: httpx2.AsyncClient | None = None, **how: Any
    ) -> None:
        self._asking = Asking(connection, **how)
        self._http, self._is_mine = http or httpx2.AsyncClient(timeout=PATIENCE_S), http is None
        self._turn = asyncio.Lock()

    async def token(self, *, refused: str = "") -> Token:
        """A token that works, as far as anybody knows; raises like `TokenSource.token`."""
        asking = self._asking
        if found := asking.at_hand(refused):
            return found
        spare, before = asking.spare(refused), asking.failure
        if spare is not None and self._turn.locked():
            return spare
        async with self._turn:
            found = asking.meanwhile(before, refused)
            return found or await self._fetch(refused, is_recheck=spare is not None)

    async def _fetch(self, refused: str, *, is_recheck: bool) -> Token:
        asking, how = self._asking, self._http.timeout
        try:
            answer = await self._http.get(
                asking.url,
                headers=asking.headers(refused),
                params=asking.parameters(refused),
                timeout=_brief(how) if is_recheck else how,
            )
        except httpx2.RequestError as error:
            return asking.without(OutcomeUnknown(_AWAY, why=type(error).__name__), refused)
        return asking.take(answer.status_code, answer.headers, answer.content, refused)

    async def close(self) -> None:
        """Let go of connections to the broker."""
        if self._is_mine:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def _brief(timeout: httpx2.Timeout) -> httpx2.Timeout:
    """The patience of a client, and never more than for a newer token."""
    most = RECHECK_PATIENCE_S
    told = timeout.as_dict()
    return httpx2.Timeout(**{name: most if s is None else min(s, most) for name, s in told.items()})
