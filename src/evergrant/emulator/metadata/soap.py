"""POST /services/Soap/m/{version}: the Metadata API as the CLI, jsforce and others speak it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from evergrant.emulator import web
from evergrant.emulator.data.call import VERSIONS
from evergrant.emulator.metadata.calls import Caller
from evergrant.emulator.metadata.envelope import asked, fault, response
from evergrant.emulator.metadata.operations import OPERATIONS
from evergrant.emulator.metadata.problems import TEXTS, Refused

if TYPE_CHECKING:
    from evergrant.emulator.metadata.envelope import Asked
    from evergrant.emulator.org import Org

_LONGEST: Final = 50 * 1024 * 1024
_UNKNOWN: Final = "UNKNOWN_EXCEPTION"


async def soap(org: Org, request: Request) -> Response:
    """One call; what is refused comes back as a fault, with 500."""
    raw = await request.body()
    version = str(request.path_params["version"])
    try:
        if len(raw) > _LONGEST:
            raise Refused("too_long")
        if version not in VERSIONS:
            raise Refused("api_version")
        call = asked(raw)
        if call.operation not in OPERATIONS:
            return web.not_built(f"the operation {call.operation[:80]} of the Metadata API")
        with org.lock:
            return _answered(org, request, call, version)
    except Refused as refused:
        return _fault(refused.code or _UNKNOWN, refused.message)


def _answered(org: Org, request: Request, call: Asked, version: str) -> Response:
    session = org.check_api(_with_session(request, call.session))
    if isinstance(session, Response):
        # A session that the REST API refuses is refused here too; only a dead one's words differ.
        told = json.loads(bytes(session.body))[0]
        dead = TEXTS["session"]
        code = told["errorCode"]
        return _fault(code, dead.template if code == dead.code else told["message"])
    caller = Caller(org, session.user_id, org.permissions_of(session.user_id), version)
    caller.require_metadata()
    result = OPERATIONS[call.operation](caller, call.node)
    return _reply(response(call.operation, result), 200)


def _with_session(request: Request, session: str) -> Request:
    """The request with the envelope's session as its bearer, where the envelope has one."""
    if not session:
        return request
    token = session.encode("ascii", "replace")
    rest = [pair for pair in request.scope["headers"] if pair[0] != b"authorization"]
    return Request({**request.scope, "headers": [*rest, (b"authorization", b"Bearer " + token)]})


def _fault(code: str, message: str) -> Response:
    return _reply(fault(code, message), 500)


def _reply(text: str, status: int) -> Response:
    return Response(text, status, media_type="text/xml; charset=UTF-8")
