"""One call of the REST data API: version, session and caller checked before a handler runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse, Response

from evergrant.emulator import state
from evergrant.emulator.data.errors import HEADERS, DataError, refusal
from evergrant.emulator.events import files, log
from evergrant.emulator.objects import find_object, not_built
from evergrant.emulator.objects.logs import MONITORING
from evergrant.emulator.soql.errors import SoqlError
from evergrant.emulator.soql.scope import LAST_VERSION, Caller, visible_rows

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from evergrant.emulator.org import Org
    from evergrant.emulator.schema import SObject
    from evergrant.emulator.sessions import Session

FIRST_VERSION: Final = 31
"""Versions 21 to 30 were retired in Summer '25."""
DAILY_CALLS: Final = 15_000
"""DailyApiRequests of this org: inferred, the real number depends on edition and licences."""

_SEASONS: Final = ("Winter", "Spring", "Summer")
_WINTER_26: Final = 65
VERSIONS: Final = {
    f"{each}.0": (f"{_SEASONS[(each - _WINTER_26) % 3]} '{26 + (each - _WINTER_26) // 3}")
    for each in range(FIRST_VERSION, LAST_VERSION + 1)
}
"""The API versions of this org and their releases, three a year."""

_LONGEST_URI: Final = 16_384
"""Bytes: REST API Developer Guide, status codes."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that may run: its org (locked), its request and who asks."""

    org: Org
    request: Request
    body: bytes
    base: str
    """The beginning of addresses in the answer, as /services/data/v67.0."""
    caller: Caller

    def param(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def entity(self) -> SObject:
        """The object named in the path; raises DataError where the caller has no such object."""
        name = self.param("entity")
        if (unbuilt := not_built(name)) is not None:
            raise DataError("not_built", name=unbuilt)
        found = find_object(name)
        if found is None or visible_rows(found, self.caller) is None:
            raise DataError("no_resource")
        self.touches(found)
        return found

    def touches(self, entity: SObject) -> None:
        """Note which object the call is about: the log of API calls says so."""
        self.request.state.entity = entity.name

    def json_object(self) -> dict[str, object]:
        """The body of the call; raises DataError where it is not one JSON object."""
        try:
            body = json.loads(self.body)
        except (ValueError, RecursionError):
            raise DataError("json") from None
        if not isinstance(body, dict):
            raise DataError("json")
        return body


if TYPE_CHECKING:
    Handler = Callable[[Call], Response]
    Endpoint = Callable[[Request], Awaitable[Response]]


def answer(body: object, status: int = 200) -> JSONResponse:
    """A JSON answer that says where it comes from."""
    return JSONResponse(body, status, HEADERS)


def empty() -> Response:
    """204: done, nothing to say."""
    return Response(status_code=204, headers=HEADERS)


def endpoint(org: Org, handlers: dict[str, Handler]) -> Endpoint:
    """An endpoint that checks a call and hands it to the handler of its method."""

    async def served(request: Request) -> Response:
        body = await request.body()
        try:
            base = _base(request)
            handler = chosen(request, handlers)
            with org.lock:
                return _answered(org, request, body, base, handler)
        except (DataError, SoqlError) as error:
            return refusal(error)

    return served


def _base(request: Request) -> str:
    if len(request.url.path) + len(request.url.query) > _LONGEST_URI:
        raise DataError("uri_too_long")
    version = str(request.path_params["version"])
    if version not in VERSIONS:
        raise DataError("no_resource")
    return f"/services/data/v{version}"


def chosen(request: Request, handlers: dict[str, Handler]) -> Handler:
    """The handler of the request's method; raises DataError where there is none."""
    method = "GET" if request.method == "HEAD" else request.method
    if method in handlers:
        return handlers[method]
    raise DataError("method", name=request.method, allowed=", ".join(handlers))


def _answered(org: Org, request: Request, body: bytes, base: str, handler: Handler) -> Response:
    session = org.check_api(request)
    if isinstance(session, Response):
        session.headers.update(HEADERS)
        return session
    files.catch_up(org)
    call = Call(org, request, body, base, _caller(org, request, base, session))
    used = _count(org, call.caller.now.date().isoformat())
    response = handled(call, handler)
    entity = getattr(request.state, "entity", "")
    log.keep_call(org, session, request, response.status_code, entity)
    # The header is standard; that its numbers are as fresh as this is inferred.
    response.headers["Sforce-Limit-Info"] = f"api-usage={used}/{DAILY_CALLS}"
    return response


def handled(call: Call, handler: Handler) -> Response:
    """What the handler answers, or the refusal that it raised."""
    try:
        return handler(call)
    except (DataError, SoqlError) as error:
        return refusal(error)


def _caller(org: Org, request: Request, base: str, session: Session) -> Caller:
    return Caller(
        session.user_id, org.permissions_of(session.user_id), org.clock.now(),
        request.url.path.startswith(f"{base}/tooling/"), _features(org),
        int(base.rpartition("/v")[2].removesuffix(".0")), session.id,
    )  # fmt: skip


def _features(org: Org) -> frozenset[str]:
    policy = state.load_org(org.db)
    has = {"ApiAccessControl": policy.api_access_control, MONITORING: policy.event_monitoring}
    return frozenset(feature for feature, is_on in has.items() if is_on)


def _count(org: Org, day: str) -> int:
    org.db.execute(
        "INSERT INTO x_api_use (day, calls) VALUES (?, 1)"
        " ON CONFLICT (day) DO UPDATE SET calls = calls + 1",
        (day,),
    )
    return calls_on(org, day)


def calls_on(org: Org, day: str) -> int:
    """How many calls the org has served on a day, named as 2026-11-22."""
    row = org.db.execute("SELECT calls FROM x_api_use WHERE day = ?", (day,)).fetchone()
    return int(row[0]) if row else 0
