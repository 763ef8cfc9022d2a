"""Who comes with a reconnect link: a browser that holds its cookie, in a language of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Request

from evergrant import keeper as verbs
from evergrant.errors import LinkRefused
from evergrant.web.access import front_of
from evergrant.web.forms import Form, read_form
from evergrant.web.security import comes_from_here, form_token, is_own_form
from evergrant.web.words import language_for

if TYPE_CHECKING:
    from evergrant.keeper.links import Held
    from evergrant.web.desk import Desk

_LINK: Final = re.compile(r"link_[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser that may see one connection, and lead it back."""

    held: Held
    csrf: str
    language: str

    @property
    def home(self) -> str:
        """The page of the link."""
        return home_of(self.held.link.id)


def home_of(link_id: str) -> str:
    """The page of a link."""
    return f"/reconnect/{link_id}"


def cookie_of(link_id: str) -> str:
    """Name of the cookie of one link; a browser may hold several."""
    return f"evergrant_{link_id}"


def word_of(request: Request, link_id: str) -> str:
    """What the browser holds of a link."""
    return request.cookies.get(cookie_of(link_id), "")


def language_of(request: Request) -> str:
    """The language that the browser asks for."""
    return language_for(request.headers.get("accept-language", ""))


def visit(request: Request, link_id: str) -> Visit:
    """The visit of a browser that holds this link.  Raises `LinkRefused`."""
    word = word_of(request, link_id)
    held = verbs.in_link(front_of(request).keeper, link_id, word)
    return Visit(held, form_token(word), language_of(request))


async def posted(request: Request, link_id: str) -> Form:
    """A form that a page of this link made for this browser.

    Raises `LinkRefused`, and `BadInput` for what is no form.
    """
    if not comes_from_here(request, front_of(request).keeper.settings.public_url):
        raise LinkRefused("form")
    form = await read_form(request)
    if not is_own_form(form.get("csrf"), (word_of(request, link_id),)):
        raise LinkRefused("form")
    return form


def links_held(request: Request) -> list[tuple[str, str]]:
    """The links whose cookies the browser holds, each with the cookie's word."""
    named = ((name.removeprefix("evergrant_"), word) for name, word in request.cookies.items())
    return [(link, word) for link, word in named if _LINK.fullmatch(link)]


def link_behind(request: Request, flow_id: str) -> str:
    """The link through which this browser walks a flow; '' when it walks it in another way."""
    held = links_held(request)
    return verbs.link_of_flow(front_of(request).keeper, flow_id, held) if held else ""


InVisit = Annotated[Visit, Depends(visit)]


def desk_of_visit(request: Request, visit: InVisit) -> Desk:
    """The desk of the tenant whose connection the link is for."""
    return front_of(request).of(visit.held.connection.tenant)


DeskOfVisit = Annotated["Desk", Depends(desk_of_visit)]
LinkForm = Annotated[Form, Depends(posted)]
