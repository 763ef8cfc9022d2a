"""The rehearsal: break the emulated org from the console, and put it right again."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from evergrant.errors import NotFound
from evergrant.web.access import AsOperator, DeskOf, Posted, page_of
from evergrant.web.desk import Desk, Rehearsal
from evergrant.web.notes import note_of

routes = APIRouter(include_in_schema=False, prefix="/demo")
HEAL = "heal"


def _rehearsal(desk: Desk) -> Rehearsal:
    if desk.rehearsal is None:
        raise NotFound("there is no emulated org here", next_step="start one: `evergrant demo`")
    return desk.rehearsal


@routes.get("")
def menu(who: AsOperator, desk: DeskOf, told: str = "") -> Response:
    """What can be broken, and who may sign in to repair it."""
    org = _rehearsal(desk)
    return desk.page(
        "demo.html",
        who,
        here="/demo",
        org=org,
        people=org.people(),
        note=note_of(told),
    )


@routes.post("/{break_id}")
def do(_who: AsOperator, desk: DeskOf, break_id: str, _form: Posted, back: str = "/") -> Response:
    """Break it, let the console notice, and go back to where the menu was."""
    _rehearsal(desk).do(break_id)
    told = "healed" if break_id == HEAL else "broken"
    return RedirectResponse(f"{page_of(back)}?told={told}", 303)
