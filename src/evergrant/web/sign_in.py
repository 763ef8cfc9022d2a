"""Signing in with a link from the terminal, and out again."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from evergrant import keeper as verbs
from evergrant.errors import BadCallback
from evergrant.web.access import (
    NEXT,
    SESSION,
    FrontDesk,
    Posted,
    page_of,
    remember,
    word_of,
)

routes = APIRouter(include_in_schema=False)
LIFE_S = int(timedelta(hours=12).total_seconds())
NEXT_LIFE_S = 3600


@routes.get("/sign-in")
def how_to_sign_in(request: Request, desk: FrontDesk) -> Response:
    """What to do when nobody is signed in."""
    back = page_of(request.cookies.get(NEXT, "/"))
    return desk.page("sign_in.html", None, status=401, is_back=back != "/")


@routes.get("/sign-in/{ticket}")
def sign_in(request: Request, desk: FrontDesk, ticket: str) -> Response:
    """Exchange the link for a cookie at once, and go on to where the person was."""
    back = page_of(request.cookies.get(NEXT, "/"))
    answer = RedirectResponse(back, 303)
    try:
        word = verbs.sign_in(desk.keeper, ticket, replacing=word_of(request))
    except BadCallback:
        # A link that this very browser used before: a reload, or the back button.
        if verbs.is_operator(desk.keeper, word_of(request)):
            return answer
        raise
    remember(answer, SESSION, word.reveal(), max_age_s=LIFE_S, desk=desk)
    answer.delete_cookie(NEXT)
    return answer


@routes.post("/sign-out")
def sign_out(request: Request, desk: FrontDesk, _form: Posted) -> Response:
    """End this browser's session; done twice is done once."""
    verbs.sign_out(desk.keeper, word_of(request))
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(SESSION)
    return answer
