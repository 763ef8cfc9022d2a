"""How a request carries the token: to the org's own host only, and once more after a refusal.

`httpx` and `httpx2` ask an auth class for the same generators; the two modules beside this one
only name the base class that each of them looks for.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any, Protocol

from evergrant.client.asking import Token
from evergrant.client.sources import AsyncTokenSource, TokenSource
from evergrant.errors import Misuse

_ENDED = ("INVALID_SESSION_ID", "Session expired or invalid")
"""The one refusal of a call that a new access token can cure (jsforce draws the same line)."""
_BULK = "X-SFDC-Session"
"""Where Bulk API 1.0 carries the session (simple-salesforce 1.12.10, bulk.py, does so)."""


class _Headers(Protocol):
    def __setitem__(self, name: str, value: str, /) -> None: ...
    def __contains__(self, name: object, /) -> bool: ...


def bear(url: str, headers: _Headers, token: Token) -> None:
    """Put the token on a request.

    Raises `Misuse` for a request to any other host than the token's own.
    """
    if not token.may_go_to(url):
        raise Misuse(
            "the request does not go to the connection's org, and carries no token",
            next_step=f"send it to {token.instance_url}",
        )
    word = token.access_token.reveal()
    headers["Authorization"] = f"Bearer {word}"
    if _BULK in headers:
        headers[_BULK] = word


def says_ended(status: int, body: str) -> bool:
    """Whether an answer says that the session has ended, which a new token cures."""
    return status == 401 and all(words in body for words in _ENDED)


class Bearing:
    """The flow of an auth class for a synchronous client."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        """Send with the token, and once more with another when it has ended."""
        request.read()  # a body that comes only once could not be sent again
        token = self._source.token()
        bear(str(request.url), request.headers, token)
        answer = yield request
        if answer.status_code == 401 and says_ended(401, answer.read().decode("utf-8", "replace")):
            other = self._source.token(refused=token.fingerprint)
            if other.fingerprint != token.fingerprint:
                bear(str(request.url), request.headers, other)
                yield request

    def async_auth_flow(self, _request: Any) -> AsyncGenerator[Any, Any]:
        """Refused: an event loop would stand still.  Raises `Misuse`."""
        raise Misuse("an asynchronous client needs an AsyncTokenSource")


class AsyncBearing:
    """The flow of an auth class for an asynchronous client."""

    def __init__(self, source: AsyncTokenSource) -> None:
        self._source = source

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        """Send with the token, and once more with another when it has ended."""
        await request.aread()
        token = await self._source.token()
        bear(str(request.url), request.headers, token)
        answer = yield request
        if answer.status_code != 401:
            return
        if says_ended(401, (await answer.aread()).decode("utf-8", "replace")):
            other = await self._source.token(refused=token.fingerprint)
            if other.fingerprint != token.fingerprint:
                bear(str(request.url), request.headers, other)
                yield request

    def sync_auth_flow(self, _request: Any) -> Generator[Any, Any, None]:
        """Refused.  Raises `Misuse`."""
        raise Misuse("a synchronous client needs a TokenSource")
