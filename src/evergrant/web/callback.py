"""Leaving for Salesforce and coming back: the start link, the callback, and what became of it."""

from __future__ import annotations

import re
from typing import Literal

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import RedirectResponse, Response

from evergrant import keeper as verbs
from evergrant.errors import EvergrantError, Misuse, NotFound
from evergrant.keeper import Keeper
from evergrant.log import logger
from evergrant.web.access import NOBODYS, DeskOf, FrontDesk, flow_cookie, page_of, remember
from evergrant.web.link_access import home_of, link_behind
from evergrant.web.security import stays_known

routes = APIRouter(include_in_schema=False)
COOKIE_LIFE_S = 900
_TICKET = re.compile(r"[A-Za-z0-9_-]{20,100}")

log = logger("web")


@routes.get("/leave/{ticket}")
def leave(desk: DeskOf, ticket: str, elsewhere: Literal["", "yes"] = "") -> Response:
    """The page between the form and Salesforce: it leads on by itself.

    `elsewhere`: the link is to be opened in another window, and is shown instead.
    """
    if not _TICKET.fullmatch(ticket):
        return RedirectResponse("/", 303)
    link = f"{desk.keeper.settings.public_url.rstrip('/')}/start/{ticket}" if elsewhere else ""
    answer = stays_known(desk.page("leave.html", None, ticket=ticket, elsewhere=link))
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@routes.get("/start/{ticket}")
def start(desk: FrontDesk, ticket: str) -> Response:
    """Exchange the link for a cookie, and go to Salesforce."""
    begun = verbs.start(desk.keeper, ticket)
    answer = stays_known(RedirectResponse(begun.authorize_url, 303))
    remember(
        answer,
        flow_cookie(begun.flow),
        begun.cookie.reveal(),
        max_age_s=COOKIE_LIFE_S,
        desk=desk,
    )
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@routes.get("/oauth/callback")
def callback(
    request: Request, front: FrontDesk, work: BackgroundTasks, state: str = ""
) -> Response:
    """Take in the answer; whatever it is, the person is led away from its address at once."""
    flow_id = verbs.flow_in(state)
    desk = front.of(_whose(front.keeper, flow_id))
    try:
        cookie = request.cookies.get(flow_cookie(flow_id), "")
        flow = verbs.finish(desk.keeper, str(request.url), cookie)
    except EvergrantError as error:
        # The address holds a code: nothing is shown under it.
        log.warning("a callback was not taken in: %s", error.what)
        how = "refused" if isinstance(error, Misuse) else "failed"
        if link := link_behind(request, flow_id):
            return RedirectResponse(f"{home_of(link)}?told={how}", 303)
        back = page_of(f"/flows/{flow_id}")
        return RedirectResponse(
            f"/callback/{how}" + (f"?flow={flow_id}" if back != "/" else ""), 303
        )
    if flow.purpose == "repair":
        return RedirectResponse(f"/repairs/{flow.id}", 303)
    if flow.status == "returned":
        work.add_task(verbs.prove_now, desk.keeper, flow.id)
    link = link_behind(request, flow.id)
    return RedirectResponse(home_of(link) if link else f"/flows/{flow.id}", 303)


def _whose(keeper: Keeper, flow_id: str) -> str:
    """Whose flow comes back; the callback itself is judged by what the browser holds."""
    try:
        return verbs.tenant_of_flow(keeper, verbs.any_flow(keeper, flow_id))
    except NotFound:
        return NOBODYS


@routes.get("/callback/{how}")
def not_taken(desk: DeskOf, how: Literal["refused", "failed"], flow: str = "") -> Response:
    """A callback that was not accepted, and the way back."""
    back = page_of(f"/flows/{flow}")
    return desk.page(
        "callback.html", None, status=400 if how == "refused" else 503, how=how, back=back
    )
