"""Connecting an org for the first time."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from evergrant import keeper as verbs
from evergrant.errors import BadInput
from evergrant.keeper.lending import app_for_admins
from evergrant.model import Integration
from evergrant.web.access import AsOperator, DeskOf, Operator, Posted
from evergrant.web.desk import Desk

routes = APIRouter(include_in_schema=False)
HERE = "/connections/new"


@routes.get("/connections/new")
def new(who: AsOperator, desk: DeskOf) -> Response:
    """The form."""
    return _form(desk, who)


@routes.post("/connections")
def begin(who: AsOperator, desk: DeskOf, form: Posted) -> Response:
    """Begin a flow for the new connection; where no browser is needed, connect at once."""
    integration, name = form.get("integration"), form.get("name").strip()[:200]
    try:
        known = {each.id: each for each in _choices(desk)}
        if integration not in known:
            raise BadInput("choose the integration", next_step="it says which app is used")
        if known[integration].flow == "web_server":
            begun = verbs.begin(desk.keeper, integration, name=name)
            return RedirectResponse(f"/flows/{begun.flow.id}", 303)
        host = known[integration].login_host
        made, _ = verbs.connect_directly(desk.keeper, known[integration], name, host)
    except BadInput as error:
        return _form(desk, who, integration, name, f"{error.what}: {error.next_step}", 400)
    return RedirectResponse(f"/connections/{made.id}?told=reauthorized", 303)


def _choices(desk: Desk) -> list[Integration]:
    """What an org can be connected for; the app with which admins sign in keeps no connection."""
    own = app_for_admins(desk.keeper)
    return [each for each in verbs.integrations_of(desk.keeper) if each.id != own]


def _form(
    desk: Desk,
    who: Operator,
    integration: str = "",
    name: str = "",
    error: str = "",
    status: int = 200,
) -> Response:
    known = _choices(desk)
    chosen = integration or (known[0].id if known else "")
    return desk.page(
        "connect.html",
        who,
        here=HERE,
        status=status,
        integrations=known,
        integration_names=[(each.id, each.name) for each in known],
        chosen=chosen,
        name=name,
        error=error,
    )
