"""Parts for a host's pages: the script, and the JSON that it stands on.

Every answer may be read by pages of the origins that the operator registered, and by no others
(Fetch standard, CORS protocol).  There are no cookies here: the session word is the credential.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from evergrant import keeper as verbs
from evergrant.errors import EvergrantError, Misuse, NotFound
from evergrant.keeper.embedding import Guest, NoSession
from evergrant.web.assets import COMPRESSED
from evergrant.web.desk import FOLDER
from evergrant.web.embed_view import document
from evergrant.web.words import language_for, languages

if TYPE_CHECKING:
    from starlette.requests import Request

    from evergrant.web.desk import Desk

SCRIPT: Final = FOLDER / "static" / "embed" / "evergrant.js"
ALLOWED: Final = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization",
    "Access-Control-Max-Age": "600",
}
Verb = Callable[["Desk", Guest, str], dict[str, Any]]


def parts(desk: Desk) -> Starlette:
    """The app behind `/embed`."""
    return Starlette(
        routes=[
            Route("/evergrant.js", _script, methods=["GET"], middleware=[COMPRESSED]),
            Route("/v1/state", _answering(desk, document), methods=["GET", "OPTIONS"]),
            Route("/v1/reconnect", _answering(desk, _reconnect), methods=["POST", "OPTIONS"]),
        ]
    )


def _script(_request: Request) -> Response:
    """The components; any page may load them, for they hold nothing."""
    answer = FileResponse(SCRIPT, media_type="text/javascript")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _answering(desk: Desk, verb: Verb) -> Callable[[Request], Response]:
    """A route that is told who asks, and answers pages of registered origins."""

    def answer(request: Request) -> Response:
        origin = request.headers.get("origin", "")
        made = _preflight() if request.method == "OPTIONS" else _told(desk, verb, request, origin)
        made.headers["Vary"] = "Origin, Accept-Language, Authorization"
        if origin in desk.keeper.settings.embed_origins:
            made.headers["Access-Control-Allow-Origin"] = origin
            made.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return made

    return answer


def _preflight() -> Response:
    return Response(status_code=204, headers=ALLOWED)


def _told(desk: Desk, verb: Verb, request: Request, origin: str) -> Response:
    scheme, _, word = request.headers.get("authorization", "").partition(" ")
    try:
        guest = verbs.guest(desk.keeper, word if scheme.lower() == "bearer" else "", origin)
        return JSONResponse(verb(desk.of(guest.tenant), guest, _language(request)))
    except EvergrantError as error:
        return JSONResponse({"error": error.what}, _status(error))


def _status(error: EvergrantError) -> int:
    if isinstance(error, NoSession):
        return 401
    if isinstance(error, NotFound):
        return 404
    return 403 if isinstance(error, Misuse) else 503


def _language(request: Request) -> str:
    """The language that the part was told, else the one that the browser asks for."""
    told = request.query_params.get("lang", "")
    if told.split("-")[0] in languages():
        return told.split("-")[0]
    return language_for(request.headers.get("accept-language", ""))


def _reconnect(desk: Desk, guest: Guest, _language: str) -> dict[str, Any]:
    """A reconnect link for a reader who may repair."""
    return {"url": verbs.link_for(desk.keeper, guest).address.reveal()}
