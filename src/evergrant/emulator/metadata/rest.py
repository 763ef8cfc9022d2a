"""/services/data/v…/metadata/deployRequest: the same deployments by REST."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from python_multipart import parse_form
from python_multipart.exceptions import FormParserError
from starlette.routing import Route

from evergrant.emulator.data.call import answer, endpoint
from evergrant.emulator.metadata import jobs
from evergrant.emulator.metadata.calls import Caller, options_of
from evergrant.emulator.metadata.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from evergrant.emulator.data.call import Call, Handler
    from evergrant.emulator.org import Org

_METHODS: Final = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"]
_STATUS: Final = {"INSUFFICIENT_ACCESS": 403, "INVALID_CROSS_REFERENCE_KEY": 404}
_CANCELING: Final = "Canceling"


def rest_routes(org: Org) -> list[Route]:
    """Both paths; the second names a deployment."""
    path = "/services/data/v{version}/metadata/deployRequest"
    one: dict[str, Handler] = {"GET": _told(_status), "PATCH": _told(_cancel)}
    return [
        Route(path, endpoint(org, {"POST": _told(_begin)}), methods=_METHODS),
        Route(f"{path}/{{job}}", endpoint(org, one), methods=_METHODS),
    ]


def _told(handler: Callable[[Call, Caller], Response]) -> Handler:
    """A handler of the data API whose refusals are the Metadata API's."""

    def handle(call: Call) -> Response:
        version = call.param("version")
        caller = Caller(call.org, call.caller.user_id, call.caller.permissions, version)
        try:
            caller.require_metadata()
            return handler(call, caller)
        except Refused as refused:
            code = refused.code or "INVALID_FIELD"
            body = [{"message": refused.message, "errorCode": code}]
            return answer(body, _STATUS.get(code, 400))

    return handle


def _begin(call: Call, caller: Caller) -> Response:
    words, raw = _parts(call)
    options = options_of(words)
    job = jobs.begin_deploy(caller.org, raw, options, caller.version, caller.user_id)
    result = {"id": job, "status": "Pending", "done": False, "success": False}
    return answer({"id": job, "deployOptions": words, "deployResult": result}, 201)


def _parts(call: Call) -> tuple[dict[str, Any], bytes]:
    """The options and the zip of a multipart body; raises Refused."""
    fields: dict[str, bytes] = {}

    def keep_field(field: Any) -> None:
        fields[_name(field)] = field.value or b""

    def keep_file(file: Any) -> None:
        file.file_object.seek(0)
        fields[_name(file)] = file.file_object.read()

    headers = {name: value.encode() for name, value in call.request.headers.items()}
    multipart = {"Content-Type": headers.get("content-type", b"")}
    try:
        parse_form(multipart, BytesIO(call.body), keep_field, keep_file)
        words = json.loads(fields.get("json", b"{}")).get("deployOptions", {})
    except (FormParserError, ValueError, AttributeError) as error:
        raise Refused("request", why="expected a multipart form with json and file") from error
    if not isinstance(words, dict) or "file" not in fields:
        raise Refused("request", why="expected a multipart form with json and file")
    return words, fields["file"]


def _name(part: Any) -> str:
    return bytes(part.field_name or b"").decode("utf-8", "replace")


def _status(call: Call, caller: Caller) -> Response:
    result = jobs.deploy_result(caller.org, call.param("job"))
    if call.request.query_params.get("includeDetails") != "true":
        result = {**result, "details": None}
    return answer({"id": result["id"], "deployResult": result})


def _cancel(call: Call, caller: Caller) -> Response:
    asked = call.json_object().get("deployResult")
    if not isinstance(asked, dict) or asked.get("status") != _CANCELING:
        raise Refused("request", why="expected a deployResult whose status is Canceling")
    result = jobs.cancel_deploy(caller.org, call.param("job"))
    return answer({"id": result["id"], "deployResult": result}, 202)
