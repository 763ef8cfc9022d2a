"""The routes of the service, as FastAPI documents them."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader
from pydantic import BaseModel, Field

from evergrant import keeper as verbs
from evergrant.errors import EvergrantError, Misuse, NotFound
from evergrant.keeper import Keeper
from evergrant.log import logger
from evergrant.model import Secret, as_json
from evergrant.store.flows import Flow

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
CALLBACK = "/oauth/callback"

log = logger("api")
_pages = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)


class NewFlow(BaseModel):
    """A browser authorization to begin."""

    integration: str
    name: str = Field("", max_length=200)
    connection: str = ""
    login_host: str = ""
    login_hint: str = Field("", max_length=200)
    force_login: bool = False


class SeenText(BaseModel):
    """What a person sees where no callback came."""

    text: str = Field(max_length=1_000_000)


def create(keeper: Keeper, key: Secret) -> FastAPI:
    """The application; `key` is what the API behind the command line asks for."""
    app = FastAPI(title="Evergrant", docs_url=None, redoc_url=None)
    app.include_router(_browser(keeper))
    app.include_router(_operator(keeper, key))
    app.add_exception_handler(EvergrantError, _told_error)

    @app.middleware("http")
    async def guarded(
        request: Request, go_on: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        answer = await go_on(request)
        answer.headers.update(HEADERS)
        return answer

    @app.get("/health")
    def health() -> dict[str, str]:
        """Whether the service answers."""
        return {"status": "ok"}

    return app


def _browser(keeper: Keeper) -> APIRouter:
    """What a browser visits: the start link, the callback, and the page that says how it went."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/start/{ticket}")
    def start(ticket: str) -> Response:
        begun = verbs.start(keeper, ticket)
        answer = RedirectResponse(begun.authorize_url, 303)
        answer.set_cookie(
            _cookie(begun.flow),
            begun.cookie.reveal(),
            max_age=900,
            httponly=True,
            samesite="lax",
            secure=keeper.settings.public_url.startswith("https://"),
        )
        return answer

    @routes.get(CALLBACK)
    def callback(request: Request, work: BackgroundTasks, state: str = "") -> Response:
        cookie = request.cookies.get(_cookie(verbs.flow_in(state)), "")
        flow = verbs.finish(keeper, str(request.url), cookie)
        if flow.status == "returned":
            work.add_task(_prove, keeper, flow)
        return RedirectResponse(f"/flow/{flow.id}", 303)

    @routes.get("/callback/{how}")
    def not_taken(how: Literal["refused", "failed"]) -> HTMLResponse:
        return _page("callback.html", 400 if how == "refused" else 503, how=how)

    @routes.get("/flow/{flow_id}")
    def flow_page(request: Request, flow_id: str) -> HTMLResponse:
        cookie = request.cookies.get(_cookie(flow_id), "")
        flow = verbs.flow_in_browser(keeper, flow_id, cookie)
        return _page("flow.html", 200, flow=flow, org=verbs.org_of(keeper, flow))

    return routes


def _operator(keeper: Keeper, key: Secret) -> APIRouter:
    """What the command line asks for, with the operator's key."""
    expected = f"Bearer {key.reveal()}".encode()

    def operator(authorization: Annotated[str, Header()] = "") -> None:
        if not hmac.compare_digest(authorization.encode(), expected):
            raise HTTPException(401, "the operator's key is missing or wrong")

    routes = APIRouter(prefix="/v1", dependencies=[Depends(operator)])

    @routes.post("/flows", status_code=201)
    def begin(wanted: NewFlow) -> dict[str, str]:
        """Begin a browser authorization; the link is shown once."""
        begun = verbs.begin(
            keeper,
            wanted.integration,
            name=wanted.name,
            connection_id=wanted.connection,
            login_host=wanted.login_host,
            login_hint=wanted.login_hint,
            force_login=wanted.force_login,
        )
        return {"id": begun.flow.id, "link": begun.link.reveal()}

    @routes.get("/flows/{flow_id}")
    def flow(flow_id: str) -> dict[str, object]:
        """How a browser authorization stands."""
        return _told(verbs.flow_of(keeper, flow_id))

    @routes.post("/flows/{flow_id}/seen")
    def seen(flow_id: str, sight: SeenText) -> dict[str, object]:
        """No callback came: take in what the person sees instead, and diagnose from it."""
        return _told(verbs.no_callback(keeper, flow_id, sight.text))

    return routes


def _cookie(flow_id: str) -> str:
    """Name of the cookie that binds a browser to a flow; it may be in several at once."""
    return f"evergrant_{flow_id}"


def _told_error(request: Request, error: Exception) -> Response:
    """An error of ours, as JSON for a program and as a page for a person."""
    if not isinstance(error, EvergrantError):
        raise error
    status = _status(error)
    if request.url.path.startswith("/v1/"):
        return JSONResponse({"error": error.what, "diagnostics": error.diagnostics()}, status)
    if request.url.path == CALLBACK:
        # The address holds a code: the person is led away from it before anything is shown.
        log.warning("a callback was not taken in: %s", error.what)
        return RedirectResponse(f"/callback/{'refused' if status < 500 else 'failed'}", 303)
    return _page("trouble.html", status, error=error)


def _status(error: EvergrantError) -> int:
    if isinstance(error, NotFound):
        return 404
    return 400 if isinstance(error, Misuse) else 503


def _told(flow: Flow) -> dict[str, object]:
    return {
        "id": flow.id,
        "status": flow.status,
        "connection": flow.connection,
        "outcome": as_json(flow.outcome),
    }


def _prove(keeper: Keeper, flow: Flow) -> None:
    try:
        verbs.prove_flow(keeper, flow)
    except EvergrantError as error:
        log.warning("proof of %s: %s", flow.connection, error.what)


def _page(name: str, status: int, **values: object) -> HTMLResponse:
    return HTMLResponse(_pages.get_template(name).render(**values), status)
