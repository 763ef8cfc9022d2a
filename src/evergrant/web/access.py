"""Who asks: the signed-in operator, somebody who holds the cookie of one flow, or nobody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias, cast

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from evergrant import keeper as verbs
from evergrant.errors import NotFound
from evergrant.web.forms import Form, read_form
from evergrant.web.security import comes_from_here, form_token, is_own_form

if TYPE_CHECKING:
    from starlette.responses import Response

    from evergrant.store.operators import Role, Seat
    from evergrant.web.desk import Desk

SESSION: Final = "evergrant_session"
NEXT: Final = "evergrant_next"
NOBODYS: Final = ""
"""What a tenant is called that there is not."""
VIEWERS_FORMS: Final = frozenset({"/sign-out", "/readings"})
"""Forms that change no connection: whoever is signed in may send them."""
_PAGES = re.compile(
    r"/(?:connections/new|connections/con_[0-9a-f]{16}|(?:flows|repairs)/flow_[0-9a-f]{16}|"
    r"readings/read_[0-9a-f]{16}|demo|fleet|connections)(?![^/])"
)


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who signed in: an operator, or a viewer, who changes nothing."""

    csrf: str
    name: Role = "operator"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever went through one flow in this browser: may see it, and tell what they saw."""

    csrf: str
    flow: str


Who: TypeAlias = Operator | Visitor


class NeedsSignIn(Exception):
    """Nobody is signed in; the page to come back to is the request's own."""


class Forged(Exception):
    """A form that no page of ours made for this browser."""


class MayOnlyLook(Exception):
    """A viewer asked for a change."""


def front_of(request: Request) -> Desk:
    """The desk at the door, which knows every tenant: it only sees who comes, and to whom."""
    return cast("Desk", request.app.state.desk)


def desk_of(request: Request) -> Desk:
    """The desk of the tenant of whoever asks; where that is nobody, it has nothing."""
    return front_of(request).of(_tenant(request))


def _tenant(request: Request) -> str:
    """Where somebody is signed in, or whose flow this browser went through."""
    if (seat := seat_of(request)) is not None:
        return seat.tenant
    flow_id = request.path_params.get("flow_id", "")
    word = request.cookies.get(flow_cookie(flow_id), "") if flow_id else ""
    if not word:
        return NOBODYS
    front = front_of(request).keeper
    try:
        return verbs.tenant_of_flow(front, verbs.flow_in_browser(front, flow_id, word))
    except NotFound:
        return NOBODYS


def seat_of(request: Request) -> Seat | None:
    """As what and where somebody is signed in; asked once for a request."""
    if not hasattr(request.state, "seat"):
        request.state.seat = verbs.seat_of(front_of(request).keeper, word_of(request))
    return cast("Seat | None", request.state.seat)


def word_of(request: Request) -> str:
    """What the session cookie holds."""
    return request.cookies.get(SESSION, "")


def flow_cookie(flow_id: str) -> str:
    """Name of the cookie that binds a browser to a flow; it may be in several at once."""
    return f"evergrant_{flow_id}"


def operator(request: Request) -> Operator:
    """The operator.  Raises `NeedsSignIn`."""
    seat = seat_of(request)
    if seat is None:
        raise NeedsSignIn
    return Operator(form_token(word_of(request)), seat.role)


def whoever(request: Request) -> Operator | None:
    """The operator if signed in, else nobody."""
    try:
        return operator(request)
    except NeedsSignIn:
        return None


def in_flow(request: Request, flow_id: str) -> Who:
    """The operator, or the visitor of this flow.  Raises `NeedsSignIn`."""
    try:
        return operator(request)
    except NeedsSignIn:
        word = request.cookies.get(flow_cookie(flow_id), "")
        try:
            verbs.flow_in_browser(front_of(request).keeper, flow_id, word)
        except NotFound:
            raise NeedsSignIn from None
        return Visitor(form_token(word), flow_id)


async def posted(request: Request) -> Form:
    """A form that a page of ours made for this browser.

    Raises `Forged`, `MayOnlyLook` or `BadInput`.  Who sends it is asked before it is read: a
    stranger's bytes are not looked at.
    """
    flow_id = request.path_params.get("flow_id", "")
    words = (word_of(request), request.cookies.get(flow_cookie(flow_id), "") if flow_id else "")
    if not any(words):
        raise NeedsSignIn
    if not comes_from_here(request, front_of(request).keeper.settings.public_url):
        raise Forged
    form = await read_form(request)
    if not is_own_form(form.get("csrf"), words):
        raise Forged
    await run_in_threadpool(_refuse_viewer, request)
    return form


def _refuse_viewer(request: Request) -> None:
    """The one place where it is seen that a viewer changes nothing: every form passes here."""
    who = whoever(request)
    if who is not None and who.name == "viewer" and request.url.path not in VIEWERS_FORMS:
        raise MayOnlyLook


DeskOf = Annotated["Desk", Depends(desk_of)]
FrontDesk = Annotated["Desk", Depends(front_of)]
AsOperator = Annotated[Operator, Depends(operator)]
InFlow = Annotated[Who, Depends(in_flow)]
Posted = Annotated[Form, Depends(posted)]


def page_of(path: str) -> str:
    """The page that a path of ours belongs to; the first page for anything else.

    Whoever comes back after signing in is led nowhere but here: no other address passes.
    """
    found = _PAGES.match(path)
    return found[0] if found else "/"


def remember(answer: Response, name: str, value: str, *, max_age_s: int, desk: Desk) -> None:
    """Set a cookie that scripts cannot read and other sites' forms do not send."""
    answer.set_cookie(
        name, value, max_age=max_age_s, httponly=True, samesite="lax", secure=desk.is_secure
    )
