"""`GET /v1/connections/{id}/token`: the token broker, a plain route of the app.

Whoever shows an API key that opens the connection gets an access token; refresh tokens never
leave.  A token that is fresh costs no call to Salesforce.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Container
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from evergrant import wire
from evergrant.api import problems
from evergrant.api.problems import problem
from evergrant.errors import EvergrantError
from evergrant.keeper import Keeper, Token
from evergrant.keeper.broker import Broker, Unchanged
from evergrant.log import logger
from evergrant.model import as_json
from evergrant.store.api_keys import ApiKey
from evergrant.store.parts import MAIN

if TYPE_CHECKING:
    import aiohttp
    from starlette.requests import Request

PATH = "/v1/connections/{connection_id}/token"
LONGEST_ID = 255
MOST_BODY = 0
"""A read has no body."""
_ETAG = re.compile(r'"([^"]*)"')
_FINGERPRINT = re.compile(r"[0-9a-f]{12}")
_PARAMETERS = frozenset({"not_token", "part"})
_SAID_S, _MOST_TROUBLES = 60.0, 100
_PART = re.compile(r"[A-Za-z0-9_-]{1,64}")


class TokenDesk:
    """The route and what it needs; open it with the app, and close it with it."""

    def __init__(self, keeper: Keeper, *, broker: Broker | None = None) -> None:
        self._broker = broker or Broker(keeper)
        self._via: aiohttp.ClientSession | None = None
        self._troubles = Troubles()

    @property
    def route(self) -> Route:
        """The plain route."""
        return Route(PATH, self.answer, methods=["GET"])

    async def close(self) -> None:
        """Write down what was counted, and let go of connections."""
        self._broker.close()
        if self._via is not None:
            await self._via.close()

    async def answer(self, request: Request) -> Response:
        """Answer one read."""
        try:
            key = await self._broker.key(_word(request))
            if key is None:
                return problem(problems.NO_KEY)
            return _unreadable(request) or await self._read(request, key)
        except EvergrantError as error:
            if problems.kind_of(error) is problems.OUR_TROUBLE:
                self._troubles.note(error)
            return problems.of_error(error)

    async def _read(self, request: Request, key: ApiKey) -> Response:
        token = await self._broker.read(
            key,
            request.path_params["connection_id"],
            self._wire(),
            not_token=request.query_params.get("not_token", ""),
            part=request.query_params.get("part", MAIN),
            known=_known(request),
        )
        headers = {"ETag": f'"{token.generation}"'}
        if isinstance(token, Unchanged):
            return Response(status_code=304, headers=headers)
        return JSONResponse(told(token), headers=headers)

    def _wire(self) -> aiohttp.ClientSession:
        if self._via is None:
            self._via = wire.session()
        return self._via


class Troubles:
    """Our own troubles in the log: each once a minute, however many reads run into it."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._until: dict[str, float] = {}

    def note(self, error: EvergrantError) -> None:
        """Write it down, unless it was lately."""
        now = self._ticks()
        self._until = {what: until for what, until in self._until.items() if until > now}
        if error.what not in self._until and len(self._until) < _MOST_TROUBLES:
            self._until[error.what] = now + _SAID_S
            logger("api").warning("a token read failed: %s", error.what)


def told(token: Token) -> dict[str, Any]:
    """What a caller is told: the access token, open, and what to know about it."""
    return {
        "access_token": token.access_token.reveal(),
        "token_type": "Bearer",
        "instance_url": token.instance_url,
        "connection": token.connection,
        "part": token.part,
        "generation": token.generation,
        "fingerprint": token.fingerprint,
        "expires_hint": as_json(token.expires_hint),
        "stale": token.stale,
    }


def _word(request: Request) -> str:
    scheme, _, word = request.headers.get("authorization", "").partition(" ")
    return word.strip() if scheme.lower() == "bearer" else ""


class _Anything:
    """What `If-None-Match: *` names: whatever there is."""

    def __contains__(self, _generation: object) -> bool:
        return True


def _known(request: Request) -> Container[str]:
    """The generations that a caller has already, from its ETags (RFC 9110 §13.1.2)."""
    told = request.headers.get("if-none-match", "").strip()
    return _Anything() if told == "*" else _ETAG.findall(told)


def _unreadable(request: Request) -> Response | None:
    """The refusal of a request that is not what a read is; None when it is."""
    length = request.headers.get("content-length", "0")
    if length != str(MOST_BODY) or "transfer-encoding" in request.headers:
        return problem(problems.TOO_LARGE, "a read has no body")
    given = request.query_params.multi_items()
    if any(name not in _PARAMETERS for name, _ in given) or len(dict(given)) < len(given):
        return problem(problems.BAD_REQUEST, "the only parameters are not_token and part, once")
    told = dict(given)
    if "not_token" in told and not _FINGERPRINT.fullmatch(told["not_token"]):
        return problem(problems.BAD_REQUEST, "not_token is a fingerprint: twelve hex digits")
    if "part" in told and not _PART.fullmatch(told["part"]):
        return problem(problems.BAD_REQUEST, "part is a name: letters, digits, - and _")
    if len(request.path_params["connection_id"]) > LONGEST_ID:
        return problem(problems.NOT_FOUND)
    return None
