"""The console as one app: its routes, what its answers carry, and its error pages."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from evergrant.errors import EvergrantError, LinkRefused, Misuse, NotFound
from evergrant.keeper import Keeper
from evergrant.web import (
    bundles,
    callback,
    connect,
    connections,
    deeds,
    demo,
    doctor,
    embed,
    explain,
    findings,
    fixes,
    fleet,
    flows,
    home,
    integrations,
    link_desk,
    links,
    listing,
    repairs,
    sign_in,
)
from evergrant.web.access import (
    NEXT,
    Forged,
    MayOnlyLook,
    NeedsSignIn,
    desk_of,
    front_of,
    page_of,
    remember,
    whoever,
)
from evergrant.web.acting import Acting
from evergrant.web.assets import files
from evergrant.web.desk import FOLDER, Rehearsal, open_desk
from evergrant.web.limits import Limited
from evergrant.web.security import Guarded


def mount(app: FastAPI, keeper: Keeper, *, rehearsal: Rehearsal | None = None) -> None:
    """Add the console to the service, behind whatever routes it has.

    `rehearsal` is the emulated org that may be broken from it.
    """
    console = _console(keeper, rehearsal)

    async def busy(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request({**scope, "app": console}, receive)
        await links.too_often(request, scope["evergrant.wait_s"])(scope, receive, send)

    app.mount("/", Guarded(Limited(Acting(console, keeper), busy)))


def _console(keeper: Keeper, rehearsal: Rehearsal | None) -> FastAPI:
    app = FastAPI(title="Evergrant console", openapi_url=None)
    app.state.desk = open_desk(keeper, rehearsal)
    for each in (
        sign_in, home, connect, listing, fleet, integrations, bundles, doctor, connections, explain,
        fixes, repairs, flows, callback, demo, deeds, findings, link_desk, links,
    ):  # fmt: skip
        app.include_router(each.routes)
    app.mount("/embed", embed.parts(app.state.desk))
    app.mount("/static", files(FOLDER / "static"))
    app.add_exception_handler(NeedsSignIn, _to_sign_in)
    app.add_exception_handler(Forged, _forged)
    app.add_exception_handler(MayOnlyLook, _only_look)
    app.add_exception_handler(LinkRefused, links.refused)
    app.add_exception_handler(EvergrantError, _trouble)
    app.add_exception_handler(HTTPException, _no_page)
    app.add_exception_handler(RequestValidationError, _no_page)
    app.add_exception_handler(Exception, _defect)
    return app


def _to_sign_in(request: Request, _error: Exception) -> Response:
    """Lead to where one signs in, and remember where the person was."""
    answer: Response = RedirectResponse("/sign-in", 303)
    if "hx-request" in request.headers:
        # A part of a page: the page itself goes.
        answer = Response(status_code=401, headers={"HX-Redirect": "/sign-in"})
    back = page_of(request.url.path)
    if back != "/":
        remember(answer, NEXT, back, max_age_s=sign_in.NEXT_LIFE_S, desk=front_of(request))
    return answer


def _forged(request: Request, _error: Exception) -> Response:
    return _told(
        request,
        403,
        "This form was not made here",
        "It came from another page, another browser, or from before you signed in. "
        "Nothing was done.",
        "open the page anew and send its form again",
    )


def _only_look(request: Request, _error: Exception) -> Response:
    return _told(
        request,
        403,
        "You may look, and change nothing",
        "You are signed in as a viewer. Nothing was done.",
        "ask an operator to do it, or sign in as one with `evergrant sign-in`",
    )


def _trouble(request: Request, error: Exception) -> Response:
    if not isinstance(error, EvergrantError):
        raise error
    if whoever(request) is None and (answer := links.in_the_way(request, _status(error))):
        return answer
    return _told(request, _status(error), error.what, error.why, error.next_step)


def _status(error: EvergrantError) -> int:
    if isinstance(error, NotFound):
        return 404
    return 400 if isinstance(error, Misuse) else 503


def _no_page(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    if status in (404, 405):
        return _told(request, status, "There is no such page", "", "begin at the first page")
    return _told(request, status, "This cannot be shown", "", "begin at the first page")


def _defect(request: Request, _error: Exception) -> Response:
    what = "Something in Evergrant went wrong"
    why = "It is not your fault. Nothing was changed; the operator finds the reason in the log."
    return _told(request, 500, what, why, "try again, and report it if it stays so")


def _told(request: Request, status: int, what: str, why: str, next_step: str) -> Response:
    return desk_of(request).page(
        "trouble.html",
        whoever(request),
        status=status,
        what=what,
        why=why,
        next_step=next_step,
        back=page_of(request.url.path),
    )
