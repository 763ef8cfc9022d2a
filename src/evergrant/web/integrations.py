"""Integrations: a page each, what it can be told, and what is missing before the first customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response

from evergrant import keeper as verbs
from evergrant.errors import BadInput, EvergrantError, HostRefused
from evergrant.keeper import Described, Row
from evergrant.store.expectations import Access, Kind
from evergrant.web.access import AsOperator, DeskOf, Operator, Posted
from evergrant.web.desk import Desk
from evergrant.web.forms import Form
from evergrant.web.integration_form import (
    FIELDS,
    edit_of,
    requirement_of,
    shown_of,
    step_of,
    with_work,
)
from evergrant.web.notes import note_of
from evergrant.web.part_form import NOTHING, parts_of_form
from evergrant.web.support import contact_of

routes = APIRouter(include_in_schema=False, prefix="/integrations")
HERE: Final = "/integrations"


@routes.get("")
def every(who: AsOperator, desk: DeskOf) -> Response:
    """All of them, and what each lacks."""
    known = verbs.all_described(desk.keeper)
    rows = [(each, _lacking(verbs.readiness(desk.keeper, each))) for each in known]
    return desk.page("integrations.html", who, here=HERE, rows=rows)


def _lacking(rows: tuple[Row, ...]) -> tuple[int, int]:
    """How many checks fail, and how many warn."""
    return tuple(sum(each.outcome == word for each in rows) for word in ("fail", "warn"))  # type: ignore[return-value]


@routes.get("/new")
def new(who: AsOperator, desk: DeskOf) -> Response:
    """The form of an integration that is not there yet."""
    return _form(desk, who, None, dict.fromkeys(FIELDS, "") | {"flow": "web_server"})


@routes.post("/new")
def made(who: AsOperator, desk: DeskOf, form: Posted) -> Response:
    """Add an integration."""
    try:
        added = verbs.add_integration(desk.keeper, edit_of(form))
    except (BadInput, HostRefused) as error:
        return _form(desk, who, None, _given(form), _told(error), 400)
    return _back(added.id, "integration-saved")


@routes.get("/{integration_id}")
def show(
    who: AsOperator,
    desk: DeskOf,
    integration_id: str,
    told: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """One integration, whole."""
    return _page(desk, who, verbs.described(desk.keeper, integration_id), note=note_of(told))


@routes.get("/{integration_id}/edit")
def edit(who: AsOperator, desk: DeskOf, integration_id: str) -> Response:
    """The form of what it is; secrets are written and never shown."""
    known = verbs.described(desk.keeper, integration_id)
    return _form(desk, who, known, shown_of(known.integration))


@routes.post("/{integration_id}/edit")
def edited(who: AsOperator, desk: DeskOf, integration_id: str, form: Posted) -> Response:
    """Save what it is; an empty secret stays as it is."""
    known = verbs.described(desk.keeper, integration_id)
    try:
        verbs.edit_integration(desk.keeper, known.integration.id, edit_of(form))
    except (BadInput, HostRefused) as error:
        return _form(desk, who, known, _given(form), _told(error), 400)
    return _back(known.integration.id, "integration-saved")


@routes.post("/{integration_id}/host")
def host(who: AsOperator, desk: DeskOf, integration_id: str, _form: Posted) -> Response:
    """Look whether its login host can be reached."""
    known = verbs.described(desk.keeper, integration_id)
    found = verbs.look_at_host(desk.keeper, known.integration.id)
    return _page(desk, who, known, looked=found)


@routes.post("/{integration_id}/work")
def work(who: AsOperator, desk: DeskOf, integration_id: str, form: Posted) -> Response:
    """Save what it does once it is connected, and what its customers are told."""
    return _changed(desk, who, integration_id, form, "how it works")


@routes.post("/{integration_id}/requires")
def require(who: AsOperator, desk: DeskOf, integration_id: str, form: Posted) -> Response:
    """Add, or take away, one thing that its user needs."""
    return _changed(desk, who, integration_id, form, "what its user needs")


@routes.post("/{integration_id}/steps")
def step(who: AsOperator, desk: DeskOf, integration_id: str, form: Posted) -> Response:
    """Add, or take away, one step inside the org."""
    return _changed(desk, who, integration_id, form, "steps inside the org")


@routes.post("/{integration_id}/parts")
def part(who: AsOperator, desk: DeskOf, integration_id: str, form: Posted) -> Response:
    """Add, describe, move or take away one of its parts."""
    known = verbs.described(desk.keeper, integration_id)
    key = known.integration.id
    try:
        wanted = parts_of_form(verbs.parts_of(desk.keeper, key), form)
        each_of_it = [replace(each, integration=key) for each in wanted]
        verbs.edit_parts(desk.keeper, key, each_of_it)
    except BadInput as error:
        return _page(desk, who, known, error=("parts", _told(error)), given=form, status=400)
    return _back(key, "integration-saved")


def _changed(desk: Desk, who: Operator, integration_id: str, form: Form, what: str) -> Response:
    known = verbs.described(desk.keeper, integration_id)
    try:
        told = _EDITS[what](known.expected, form)
        verbs.edit_expectations(desk.keeper, known.integration.id, told, what)
    except BadInput as error:
        return _page(desk, who, known, error=(what, _told(error)), given=form, status=400)
    return _back(known.integration.id, "integration-saved")


_EDITS: Final = {
    "how it works": with_work,
    "what its user needs": requirement_of,
    "steps inside the org": step_of,
}
"""What is edited → what makes the new expectations of the ones before and of a form."""


def _page(
    desk: Desk,
    who: Operator,
    known: Described,
    *,
    note: tuple[str, str] | None = None,
    looked: tuple[Row, ...] = (),
    error: tuple[str, str] = ("", ""),
    given: Form | None = None,
    status: int = 200,
) -> Response:
    return desk.page(
        "integration.html",
        who,
        here=HERE,
        status=status,
        known=known,
        rows=(*verbs.readiness(desk.keeper, known), *looked),
        looked=looked,
        note=note,
        error=error,
        given=given.fields if given else {},
        total=sum(known.counts.values()),
        contact=contact_of(known.integration, known.expected),
        hosts=(*desk.keeper.settings.allowed_hosts,),
        figures=verbs.figures_of(desk.keeper, known.integration),
        part_flows=[("", "The integration’s own"), *_flow_words(verbs.EDITABLE)],
        nothing=NOTHING,
        kinds=_choices(Kind),
        accesses=_choices(Access),
    )


def _choices(kind: Any) -> list[tuple[str, str]]:
    return [(each, each.capitalize() or "Nothing in particular") for each in kind.__args__]


def _form(
    desk: Desk,
    who: Operator,
    known: Described | None,
    fields: dict[str, str],
    error: str = "",
    status: int = 200,
) -> Response:
    flows = verbs.EDITABLE
    if known and known.integration.flow not in flows:
        flows = (*flows, known.integration.flow)
    return desk.page(
        "integration_form.html",
        who,
        here=HERE,
        status=status,
        known=known,
        fields=fields,
        flows=_flow_words(flows),
        error=error,
        callback=desk.keeper.settings.callback_url,
    )


def _flow_words(flows: Sequence[str]) -> list[tuple[str, str]]:
    return [(each, each.replace("_", " ").capitalize()) for each in flows]


def _given(form: Form) -> dict[str, str]:
    """What the form was sent with, to be shown again; secrets have to be typed anew."""
    return {name: form.get(name) for name in FIELDS}


def _told(error: EvergrantError) -> str:
    return f"{error.what}: {error.next_step}" if error.next_step else error.what


def _back(integration_id: str, told: str) -> Response:
    return RedirectResponse(f"{HERE}/{integration_id}?told={told}", 303)
