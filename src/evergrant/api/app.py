"""The routes of the service, as FastAPI documents them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import Response
from pydantic import Field

from evergrant import keeper as verbs
from evergrant.api import astray
from evergrant.api.audit_log import Acting, audit_routes
from evergrant.api.embed import embed_routes
from evergrant.api.guard import Guarded, TooLarge, too_large
from evergrant.api.links import link_routes
from evergrant.api.openers import operator_of
from evergrant.api.problems import OF_OPERATOR, Kind, Problem, documented, of_problem, problem
from evergrant.api.sent import Sent
from evergrant.api.syncs import sync_routes
from evergrant.api.token_document import with_tokens
from evergrant.api.tokens import TokenDesk
from evergrant.errors import EvergrantError, Misuse, NotFound
from evergrant.keeper import Keeper
from evergrant.model import Secret, as_json
from evergrant.store.flows import Flow
from evergrant.store.operators import Role

Face = Callable[[FastAPI, Keeper], None]
"""Something that adds its routes to the service: the console is one."""


class NewFlow(Sent):
    """A browser authorization to begin."""

    integration: str
    name: str = Field("", max_length=200)
    connection: str = ""
    login_host: str = ""
    login_hint: str = Field("", max_length=200)
    force_login: bool = False


class NewSignIn(Sent):
    """Somebody who may sign in to the console."""

    role: Role = "operator"


class SeenText(Sent):
    """What a person sees where no callback came."""

    text: str = Field(max_length=1_000_000)


def create(keeper: Keeper, key: Secret, faces: Sequence[Face] = ()) -> FastAPI:
    """The application; `key` is what the API behind the command line asks for.

    Nothing here is open to a stranger but `/health`; each of `faces` sees to its own routes.
    """
    keeper.require_all()
    tokens = TokenDesk(keeper)

    @asynccontextmanager
    async def living(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await tokens.close()

    app = FastAPI(
        title="Evergrant", docs_url=None, redoc_url=None, openapi_url=None, lifespan=living
    )
    app.add_exception_handler(EvergrantError, _told_error)
    app.add_exception_handler(Problem, of_problem)

    app.add_middleware(Acting)
    app.add_middleware(Guarded)
    app.add_exception_handler(TooLarge, too_large)
    app.router.routes.append(tokens.route)

    @app.get("/health")
    def health() -> dict[str, str]:
        """Whether the service answers."""
        return {"status": "ok"}

    app.include_router(_operator(app, keeper, key))
    app.include_router(sync_routes(keeper, key))
    app.include_router(embed_routes(keeper, key))
    astray.add_to(app)
    for add_to in faces:
        add_to(app, keeper)
    return app


def _operator(app: FastAPI, keeper: Keeper, key: Secret) -> APIRouter:
    """What the command line asks for, with the operator's key."""
    # NOTE: as a default, not in an annotation: there FastAPI could not find a local name.
    own: Any = Depends(operator_of(keeper, key))
    routes = APIRouter(prefix="/v1", dependencies=[own], responses=documented(OF_OPERATOR))

    @routes.post("/flows", status_code=201)
    def begin(wanted: NewFlow, keeper: Keeper = own) -> dict[str, str]:
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
    def flow(flow_id: str, keeper: Keeper = own) -> dict[str, object]:
        """How a browser authorization stands."""
        return _told(verbs.flow_of(keeper, flow_id))

    @routes.post("/flows/{flow_id}/attempts", status_code=201)
    def again(flow_id: str, keeper: Keeper = own) -> dict[str, str]:
        """Another attempt in the same flow, or its next part; the link is shown once."""
        begun = verbs.again(keeper, flow_id)
        return {"id": begun.flow.id, "link": begun.link.reveal()}

    @routes.post("/flows/{flow_id}/seen")
    def seen(flow_id: str, sight: SeenText, keeper: Keeper = own) -> dict[str, object]:
        """No callback came: take in what the person sees instead, and diagnose from it."""
        return _told(verbs.no_callback(keeper, flow_id, sight.text))

    @routes.post("/sign-in-links", status_code=201)
    def invite(wanted: NewSignIn | None = None, keeper: Keeper = own) -> dict[str, str]:
        """A sign-in link for the console; it is shown once."""
        role = wanted.role if wanted else "operator"
        return {"link": verbs.invite(keeper, role=role).reveal()}

    routes.include_router(link_routes(own))
    routes.include_router(audit_routes(own))

    @routes.get("/openapi.json", include_in_schema=False)
    def document() -> dict[str, object]:
        return with_tokens(app.openapi())

    return routes


def _told_error(_request: Request, error: Exception) -> Response:
    """An error of ours, for a program."""
    if not isinstance(error, EvergrantError):
        raise error
    status = _status(error)
    told = {"error": error.what, "diagnostics": error.diagnostics()}
    return problem(Kind(_CODES[status], status, error.what), more=told)


_CODES = {400: "bad-request", 404: "not-found", 503: "trouble"}


def _status(error: EvergrantError) -> int:
    if isinstance(error, NotFound):
        return 404
    return 400 if isinstance(error, Misuse) else 503


def _told(flow: Flow) -> dict[str, object]:
    return {
        "id": flow.id,
        "status": flow.status,
        "connection": flow.connection,
        "part": flow.part,
        "outcome": as_json(flow.outcome),
    }
