"""Setup over HTTP: who comes in, which page it is, and what pressing a button leads to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from evergrant.emulator import acts, ids, pages, state, web
from evergrant.emulator.refusals.refusal import Refusal
from evergrant.emulator.sessions import end_sessions, live_session
from evergrant.emulator.setup import downloads
from evergrant.emulator.setup import view as setup_view
from evergrant.emulator.setup.desk import BadForm, Desk, NoAccess, NoRecord
from evergrant.emulator.setup.index import BY_ADDRESS, BY_PREFIX, HOME, NOT_BUILT
from evergrant.emulator.sign_in import COOKIE, onward, sign_in

if TYPE_CHECKING:
    from evergrant.emulator.org import Org
    from evergrant.emulator.setup.desk import Act, Form, Page

Endpoint = Callable[[Request], Awaitable[Response]]
_BOTH: Final = ["GET", "POST"]
_NO_RECORD: Final = "The record you asked for is not in this org, or no longer."
_FOREIGN: Final = "This form was not made for this browser. Open the page again."


def setup_routes(org: Org) -> list[Route]:
    """Every Setup address; the last one takes record ids and must come after all others."""
    named = [Route(path, _page(org, page), methods=_BOTH) for path, page in BY_ADDRESS.items()]
    return [
        *named,
        *(Route(path, _download(org, path), methods=["GET"]) for path in downloads.PATHS),
        Route("/lightning/setup/{name}/home", _not_built(org), methods=_BOTH),
        Route(setup_view.LOGOUT, _logout(org), methods=["POST"]),
        Route("/{record}", _record(org), methods=_BOTH),
    ]


def _page(org: Org, page: Page) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await enter(org, request, lambda desk, form: _visit(request, desk, page, form))

    return endpoint


def _record(org: Org) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        record = request.path_params["record"]
        page = BY_PREFIX.get(record[:3])
        if page is None or not ids.is_id(record):
            raise HTTPException(404)
        return await _page(org, page)(request)

    return endpoint


def _download(org: Org, path: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await enter(org, request, lambda desk, _form: downloads.answer(desk, path))

    return endpoint


def _not_built(org: Org) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        name = request.path_params["name"]
        title = NOT_BUILT.get(name, name)
        text = f"Evergrant's emulator does not build the Setup page {title}."
        return await enter(
            org, request, lambda desk, _form: setup_view.sentence(desk, title, text, 501)
        )

    return endpoint


def _logout(org: Org) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await enter(org, request, _leave)

    return endpoint


def _leave(desk: Desk, form: Form) -> Response:
    if not desk.is_own(form):
        return setup_view.sentence(desk, "Not done", _FOREIGN, 403)
    end_sessions(desk.org, "logged out", token=desk.sid)
    answer = RedirectResponse(HOME, 303)
    answer.delete_cookie(COOKIE)
    return answer


async def enter(org: Org, request: Request, answer: Callable[[Desk, Form], Response]) -> Response:
    """Let in who is signed in, and sign in who is not; a GET comes with an empty form."""
    form = await web.form_of(request) if request.method == "POST" else {}
    with org.lock:
        desk = _desk(org, request)
        return _at_the_door(org, request, form) if desk is None else answer(desk, form)


def _desk(org: Org, request: Request) -> Desk | None:
    """Who sits at this browser; an app's access token opens no Setup page."""
    sid = request.cookies.get(COOKIE, "")
    session = live_session(org, sid)
    if session is None or session.app_id is not None:
        return None
    return Desk(
        org, session.user_id, org.permissions_of(session.user_id), sid,
        request.path_params.get("record", ""), dict(request.query_params),
    )  # fmt: skip


def _at_the_door(org: Org, request: Request, form: Form) -> Response:
    here = _here(request)
    if "username" not in form:
        return pages.login(org, here, "")
    login_url = web.place_of(org, request).login_url
    with org.changing():
        signed = sign_in(org, form["username"], form.get("password", ""), login_url)
    if isinstance(signed, Refusal):
        return pages.login(org, here, form["username"], signed.description)
    return onward(signed, here)


def _here(request: Request, **more: str) -> str:
    """The address of the page, without word of what was done before."""
    words = [(name, value) for name, value in request.query_params.multi_items() if name != "done"]
    query = urlencode([*words, *more.items()])
    return f"{request.url.path}?{query}" if query else request.url.path


def _visit(request: Request, desk: Desk, page: Page, form: Form) -> Response:
    if not page.right.allows(desk.permissions):
        return setup_view.insufficient(desk, page.right)
    try:
        if request.method == "POST":
            return _press(desk, page, form) or RedirectResponse(_here(request, done="1"), 303)
        return setup_view.draw(desk, page)
    except NoAccess as error:
        return setup_view.denied(desk, str(error), "inferred")
    except NoRecord:
        return setup_view.sentence(desk, "Data Not Available", _NO_RECORD, 404)


def _press(desk: Desk, page: Page, form: Form) -> Response | None:
    """Do what a button says; None where it is done. Raises NoRecord."""
    if not desk.is_own(form):
        return setup_view.sentence(desk, "Not done", _FOREIGN, 403)
    deed = page.deeds.get(form.get("do", ""))
    if deed is None:
        return setup_view.draw(desk, page, 400, problem="This page has no such button.")
    if not deed.right.allows(desk.permissions):
        return setup_view.insufficient(desk, deed.right)
    try:
        perform(desk, list(deed.plan(desk, form)))
        return deed.then(desk, form) if deed.then else None
    except (BadForm, acts.BadAct) as error:
        return setup_view.draw(desk, page, 400, problem=str(error))


def perform(desk: Desk, planned: list[Act]) -> None:
    """Do the acts, all or none, with the audit trail in this person's name; raises acts.BadAct."""
    with desk.org.changing() as db:
        before = state.one(db, 'SELECT MAX(rowid) AS "last" FROM "SetupAuditTrail"')
        for name, words in planned:
            acts.do(desk.org, name, **words)
        db.execute(
            'UPDATE "SetupAuditTrail" SET "CreatedById" = ? WHERE rowid > ?',
            (desk.user_id, (before and before["last"]) or 0),
        )
