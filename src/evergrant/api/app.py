"""The routes of the service, as FastAPI documents them."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Annotated

from fastapi import BackgroundTasks, Cookie, Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader
from pydantic import BaseModel, Field

from evergrant import keeper as verbs
from evergrant.errors import EvergrantError
from evergrant.keeper import Keeper
from evergrant.log import logger
from evergrant.model import Secret, as_json
from evergrant.store.flows import Flow

COOKIE = "evergrant_flow"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

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

    def operator(authorization: Annotated[str, Header()] = "") -> None:
        expected = f"Bearer {key.reveal()}"
        if not hmac.compare_digest(authorization.encode(), expected.encode()):
            raise HTTPException(401, "the operator's key is missing or wrong")

    @app.exception_handler(EvergrantError)
    def told(request: Request, error: EvergrantError) -> Response:
        status = 400 if error.exit_code == 2 else 503
        if request.url.path.startswith("/v1/"):
            return JSONResponse({"error": error.what, "diagnostics": error.diagnostics()}, status)
        return _page("trouble.html", status, error=error)

    @app.get("/health")
    def health() -> dict[str, str]:
        """Whether the service answers."""
        return {"status": "ok"}

    @app.get("/start/{ticket}", include_in_schema=False)
    def start(ticket: str) -> Response:
        begun = verbs.start(keeper, ticket)
        answer = RedirectResponse(begun.authorize_url, 303, HEADERS)
        secure = keeper.settings.public_url.startswith("https://")
        answer.set_cookie(
            COOKIE, begun.cookie.reveal(), max_age=900, httponly=True, samesite="lax", secure=secure
        )
        return answer

    @app.get("/oauth/callback", include_in_schema=False)
    def callback(
        request: Request,
        work: BackgroundTasks,
        cookie: Annotated[str, Cookie(alias=COOKIE)] = "",
    ) -> Response:
        flow = verbs.finish(keeper, str(request.url), cookie)
        if flow.status == "returned":
            work.add_task(_prove, keeper, flow)
        return RedirectResponse(f"/flow/{flow.id}", 303, HEADERS)

    @app.get("/flow/{flow_id}", include_in_schema=False)
    def flow_page(flow_id: str, cookie: Annotated[str, Cookie(alias=COOKIE)] = "") -> HTMLResponse:
        flow = verbs.flow_of(keeper, flow_id, cookie)
        return _page("flow.html", 200, flow=flow, org=verbs.org_of(keeper, flow))

    @app.post("/v1/flows", status_code=201, dependencies=[Depends(operator)])
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

    @app.get("/v1/flows/{flow_id}", dependencies=[Depends(operator)])
    def flow(flow_id: str) -> dict[str, object]:
        """How a browser authorization stands."""
        return _told(verbs.flow_of(keeper, flow_id))

    @app.post("/v1/flows/{flow_id}/seen", dependencies=[Depends(operator)])
    def seen(flow_id: str, sight: SeenText) -> dict[str, object]:
        """No callback came: take in what the person sees instead, and diagnose from it."""
        return _told(verbs.no_callback(keeper, flow_id, sight.text))

    return app


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
    return HTMLResponse(_pages.get_template(name).render(**values), status, HEADERS)
