"""A step of the way out as a page of its own: where, who, what to look for, and a picture of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from fastapi.responses import RedirectResponse, Response

from evergrant import keeper as verbs
from evergrant.catalog.changes import Patch
from evergrant.errors import NotFound
from evergrant.health import LIVE
from evergrant.keeper import Case
from evergrant.model import Integration
from evergrant.web.access import AsOperator, DeskOf, InFlow, Operator, Posted, Who
from evergrant.web.desk import Desk
from evergrant.web.explained import Explained, Step, message_for, steps_of_cause
from evergrant.web.flow_page import told_of
from evergrant.web.repair_view import command_of
from evergrant.web.setup_pictures import picture_of
from evergrant.web.support import contact_of

routes = APIRouter(include_in_schema=False)
Checked = Literal["", "yes", "no"]
CauseId = Annotated[str, Path(max_length=80)]
Number = Annotated[int, Path(ge=1, le=99)]


@routes.get("/flows/{flow_id}/fixes/{cause}/{number}")
def of_flow(
    who: InFlow, desk: DeskOf, flow_id: str, cause: CauseId, number: Number, checked: Checked = ""
) -> Response:
    """A step of what stands in the way of a flow."""
    flow = verbs.flow_of(desk.keeper, flow_id)
    case = verbs.case_of(desk.keeper, flow.connection) if flow.connection else None
    known = {each.id: each for each in verbs.integrations_of(desk.keeper)}
    judged = verbs.judged(desk.keeper, flow)
    diagnosis = judged if judged or not case else case.diagnosis
    told = told_of(desk, case, known[flow.integration], diagnosis)
    values = _values(desk, case, known[flow.integration], told, cause, number)
    back = f"/flows/{flow.id}"
    return desk.page("fix.html", who, **_frame(who, back, flow.name, checked), **values)


@routes.get("/connections/{connection_id}/fixes/{cause}/{number}")
def of_connection(
    who: AsOperator,
    desk: DeskOf,
    connection_id: str,
    cause: CauseId,
    number: Number,
    checked: Checked = "",
) -> Response:
    """A step of what stands in the way of a connection."""
    case = verbs.case_of(desk.keeper, connection_id)
    told = told_of(desk, case, case.integration, case.diagnosis)
    values = _values(desk, case, case.integration, told, cause, number)
    back, name = f"/connections/{case.connection.id}", case.connection.name
    return desk.page("fix.html", who, **_frame(who, back, name, checked), **values)


@routes.post("/flows/{flow_id}/fixes/{cause}/{number}/check")
def check_flow(
    _who: AsOperator, desk: DeskOf, flow_id: str, cause: CauseId, number: Number, _form: Posted
) -> Response:
    """Look whether the step helped, and come back to its page."""
    flow = verbs.flow_of(desk.keeper, flow_id)
    return _checked(desk, flow.connection, f"/flows/{flow.id}/fixes/{cause}/{number}")


@routes.post("/connections/{connection_id}/fixes/{cause}/{number}/check")
def check_connection(
    _who: AsOperator,
    desk: DeskOf,
    connection_id: str,
    cause: CauseId,
    number: Number,
    _form: Posted,
) -> Response:
    """Look whether the step helped, and come back to its page."""
    case = verbs.case_of(desk.keeper, connection_id)
    back = f"/connections/{case.connection.id}/fixes/{cause}/{number}"
    return _checked(desk, case.connection.id, back)


def _checked(desk: Desk, connection_id: str, back: str) -> Response:
    found = verbs.check(desk.keeper, connection_id)
    return RedirectResponse(f"{back}?checked={'no' if found.failure else 'yes'}#checked", 303)


def _frame(who: Who, back: str, name: str, checked: str) -> dict[str, Any]:
    """What belongs to the page, whatever the step."""
    return {
        "back": back,
        "during": back.removeprefix("/flows/") if back.startswith("/flows/") else "",
        "name": name,
        "checked": checked,
        "is_operator": isinstance(who, Operator),
        "role": who.name if isinstance(who, Operator) else "",
    }


def _values(
    desk: Desk,
    case: Case | None,
    integration: Integration,
    told: Explained | None,
    cause_id: str,
    number: int,
) -> dict[str, Any]:
    """The step and what is around it.  Raises `NotFound` for a step that is not there."""
    catalog, connection = desk.keeper.catalog, case.connection if case else None
    expected = verbs.expected_by(desk.keeper, integration.id)
    cause = catalog.causes.get(cause_id)
    steps = steps_of_cause(cause, catalog, connection) if cause else ()
    if cause is None or number > len(steps):
        raise NotFound("there is no such step", next_step="go back to what stands in the way")
    gate = catalog.gates.get(cause.next_gate)
    is_told = told is not None and told.is_named and told.cause == cause.id
    word = "Likely" if is_told else "Possible"
    return {
        "told": told,
        "is_told": is_told,
        "cause": cause,
        "step": steps[number - 1],
        "number": number,
        "count": len(steps),
        "others": [(at, each) for at, each in enumerate(steps, 1) if at != number],
        "message": message_for(cause, steps, connection, integration, word),
        "next_gate": gate.title if gate else "",
        "verify": cause.verify,
        "integration": integration,
        "label_note": expected.label_note,
        "contact": contact_of(integration, expected, case),
        "connection": connection,
        "can_check": connection is not None and connection.state in LIVE,
        "picture": picture_of(steps[number - 1]),
        "patches": _patches(desk, steps[number - 1]),
        "repair_at": f"/connections/{connection.id}/fixes/{cause_id}/{number}/repair"
        if connection
        else "",
        "command": command_of(steps[number - 1].change, integration.app_label),
    }


def _patches(desk: Desk, step: Step) -> tuple[Patch, ...]:
    """What the step alters as data, where metadata or a record can carry it."""
    change = desk.keeper.catalog.changes.get(step.change)
    return change.patches_for(step.app or "any") if change else ()
