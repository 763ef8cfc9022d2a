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
"""The broker may be waiting for Salesforce."""
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
        the broker is away the token at hand goes on.  Raises what `Asking.take` raises, and
        `OutcomeUnknown` when nobody answers and no token is at hand.
        """
        if found := self._asking.at_hand(refused):
            return found
        with self._turn:
            # Whoever waited for the turn may find the new token here already.
            return self._asking.at_hand(refused) or self._fetch(refused)

    def _fetch(self, refused: str) -> Token:
        asking = self._asking
        try:
            answer = self._http.get(
                asking.url, headers=asking.headers(), params=asking.parameters(refused)
            )
        except httpx2.TransportError as error:
            if kept := asking.without(refused, _AWAY):
                return kept
            raise OutcomeUnknown(_AWAY, why=type(error).__name__) from error
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
        if found := self._asking.at_hand(refused):
            return found
        async with self._turn:
            return self._asking.at_hand(refused) or await self._fetch(refused)

    async def _fetch(self, refused: str) -> Token:
        asking = self._asking
        try:
            answer = await self._http.get(
                asking.url, headers=asking.headers(), params=asking.parameters(refused)
            )
        except httpx2.TransportError as error:
            if kept := asking.without(refused, _AWAY):
                return kept
            raise OutcomeUnknown(_AWAY, why=type(error).__name__) from error
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
