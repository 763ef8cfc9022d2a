"""The first screen: a box for an error, what needs attention, and the connections."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from evergrant import keeper as verbs
from evergrant.errors import BadInput
from evergrant.health import BROKEN, State
from evergrant.store.listing import Wanted
from evergrant.web.access import AsOperator, DeskOf, Operator, Posted
from evergrant.web.desk import Desk
from evergrant.web.explained import explained
from evergrant.web.listing import why
from evergrant.web.notes import note_of
from evergrant.web.uploads import Upload, sifted

routes = APIRouter(include_in_schema=False)
TASK: Final = {
    State.NEEDS_REAUTHORIZATION: "Reauthorize",
    State.BLOCKED_BY_ADMIN: "Reauthorize",
    State.ON_HOLD: "Decide",
}
"""The one button of a connection that needs a person."""
SHOWN: Final = 25
"""Connections that the first screen lists; the list has all."""
URGENT: Final = 8
"""Broken ones that it puts first, the newest break on top."""
BROKEN_ONES: Final = Wanted(states=tuple(each for each in State if each in BROKEN), order="newest")


@routes.get("/")
def home(who: AsOperator, desk: DeskOf, told: str = "") -> Response:
    """The first screen."""
    return _home(desk, who, told=told)


def _home(
    desk: Desk, who: Operator, *, told: str = "", error: str = "", text: str = "", status: int = 200
) -> Response:
    known = verbs.listed(desk.keeper, Wanted(), limit=SHOWN)
    broken = verbs.listed(desk.keeper, BROKEN_ONES, limit=URGENT)
    return desk.page(
        "home.html",
        who,
        here="/",
        status=status,
        known=known,
        broken=broken,
        tasks=TASK,
        names=[(each.connection.id, each.connection.name) for each in known.rows],
        titles={each.connection.id: why(desk, each) for each in (*known.rows, *broken.rows)},
        note=note_of(told),
        error=error,
        text=text,
    )


@routes.post("/readings")
def read(who: AsOperator, desk: DeskOf, form: Posted) -> Response:
    """Read what was pasted or chosen, and show what it means on a page of its own."""
    text, note = _given(form.get("text"), form.upload)
    about = form.get("about")
    try:
        made = verbs.read_text(desk.keeper, text, connection_id=about, note=note)
    except BadInput as error:
        return _home(desk, who, error=f"{error.what}: {error.next_step}", text=text, status=400)
    return RedirectResponse(f"/readings/{made.id}", 303)


def _given(pasted: str, upload: Upload | None) -> tuple[str, str]:
    """The text and what to say of its reading; a pasted text comes before a file."""
    if pasted.strip() or upload is None:
        return sifted(pasted)
    return upload.text(), upload.note


@routes.get("/readings/{reading_id}")
def reading(who: AsOperator, desk: DeskOf, reading_id: str) -> Response:
    """What a pasted text means."""
    found, diagnosis, connection = verbs.reading_of(desk.keeper, reading_id)
    told = explained(diagnosis, desk.keeper.catalog, connection=connection)
    return desk.page("reading.html", who, reading=found, told=told, connection=connection)
