"""The doctor's page: examine a connection, see each look as it comes, answer what it asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import APIRouter, BackgroundTasks
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from evergrant import keeper as verbs
from evergrant.errors import BadInput
from evergrant.keeper import Case, Sitting
from evergrant.web.access import AsOperator, DeskOf, Operator, Posted
from evergrant.web.desk import Desk
from evergrant.web.explained import explained

routes = APIRouter(include_in_schema=False, prefix="/connections/{connection_id}/doctor")
BEAT_S: Final = 0.3
"""Seconds between two looks at how far an examination has come."""
MOST_S: Final = 300
"""Seconds after which a stream ends; the browser asks for it again."""


@routes.get("")
def show(who: AsOperator, desk: DeskOf, connection_id: str) -> Response:
    """What an examination does, before it is begun."""
    return desk.page("doctor.html", who, case=verbs.case_of(desk.keeper, connection_id))


@routes.post("")
def begin(
    _who: AsOperator, desk: DeskOf, connection_id: str, _form: Posted, work: BackgroundTasks
) -> Response:
    """Begin, and show it while it runs."""
    case = verbs.case_of(desk.keeper, connection_id)
    examination = verbs.begin_sitting(desk.keeper, case.connection.id)
    work.add_task(verbs.carry_out, desk.keeper, examination)
    return RedirectResponse(_address(case.connection.id, examination), 303)


@routes.get("/{examination_id}")
def sitting(who: AsOperator, desk: DeskOf, connection_id: str, examination_id: str) -> Response:
    """How far it has come, and its result."""
    case = verbs.case_of(desk.keeper, connection_id)
    found = verbs.sitting_of(desk.keeper, case.connection.id, examination_id)
    return desk.page("sitting.html", who, **_values(desk, case, found))


@routes.get("/{examination_id}/events")
def events(who: AsOperator, desk: DeskOf, connection_id: str, examination_id: str) -> Response:
    """The part of the page that changes, each time that it has (server-sent events)."""
    case = verbs.case_of(desk.keeper, connection_id)
    verbs.sitting_of(desk.keeper, case.connection.id, examination_id)
    return StreamingResponse(
        _told(desk, who, case.connection.id, examination_id), media_type="text/event-stream"
    )


@routes.post("/{examination_id}/answers")
def answer(
    who: AsOperator, desk: DeskOf, connection_id: str, examination_id: str, form: Posted
) -> Response:
    """Take in an answer, and judge anew."""
    case = verbs.case_of(desk.keeper, connection_id)
    words = form.get("words").strip() or form.get("answer")
    try:
        verbs.answer_sitting(desk.keeper, case.connection.id, examination_id, words)
    except BadInput as error:
        found = verbs.sitting_of(desk.keeper, case.connection.id, examination_id)
        values = _values(desk, case, found) | {"error": f"{error.what}: {error.next_step}"}
        return desk.page("sitting.html", who, status=400, **values)
    return RedirectResponse(_address(case.connection.id, examination_id), 303)


async def _told(
    desk: Desk, who: Operator, connection_id: str, examination_id: str
) -> AsyncIterator[str]:
    """A message for each step, and at last the word that nothing more comes."""
    seen, until = "", time.monotonic() + MOST_S
    while time.monotonic() < until:
        html, is_over = await run_in_threadpool(_part, desk, who, connection_id, examination_id)
        if html != seen:
            seen = html
            yield "".join(f"data: {line}\n" for line in html.splitlines()) + "\n"
        if is_over:
            yield "event: over\ndata: over\n\n"
            return
        await asyncio.sleep(BEAT_S)


def _part(desk: Desk, who: Operator, connection_id: str, examination_id: str) -> tuple[str, bool]:
    found = verbs.sitting_of(desk.keeper, connection_id, examination_id)
    case = verbs.case_of(desk.keeper, connection_id)
    html = desk.render("sitting_body.html", who, **_values(desk, case, found))
    return html, found.is_over or found.broke_off


def _values(desk: Desk, case: Case, found: Sitting) -> dict[str, Any]:
    diagnosis = found.visit.diagnosis if found.visit else None
    return {
        "case": case,
        "sitting": found,
        "told": explained(
            diagnosis,
            desk.keeper.catalog,
            connection=case.connection,
            integration=case.integration,
        ),
        "error": "",
    }


def _address(connection_id: str, examination_id: str) -> str:
    return f"/connections/{connection_id}/doctor/{examination_id}"
