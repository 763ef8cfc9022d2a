"""Reconnect links as the operator sees them: made, listed, revoked."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from evergrant import keeper as verbs
from evergrant.errors import Misuse
from evergrant.web.access import AsOperator, DeskOf, Operator, Posted
from evergrant.web.desk import Desk

routes = APIRouter(include_in_schema=False, prefix="/connections/{connection_id}/links")
LIVES = (("1", "1 day"), ("7", "7 days"), ("14", "14 days"), ("30", "30 days"))
"""Days that a link may live, as the form offers them."""


@routes.get("")
def show(who: AsOperator, desk: DeskOf, connection_id: str) -> Response:
    """The links of a connection, and the form that makes one."""
    return _page(desk, who, connection_id)


@routes.post("")
def make(who: AsOperator, desk: DeskOf, connection_id: str, form: Posted) -> Response:
    """Make a link; it is shown on the page that answers, and never again."""
    days = form.get("days")
    life = timedelta(days=int(days)) if days in dict(LIVES) else timedelta(days=7)
    try:
        made = verbs.make_link(desk.keeper, connection_id, life=life)
    except Misuse as error:
        return _page(desk, who, connection_id, error=f"{error.what}: {error.next_step}", status=400)
    return _page(desk, who, connection_id, address=made.address.reveal())


@routes.post("/{link_id}/revoke")
def revoke(
    _who: AsOperator, desk: DeskOf, connection_id: str, link_id: str, _form: Posted
) -> Response:
    """Make a link worth nothing."""
    known = {each.link.id for each in verbs.links_of(desk.keeper, connection_id)}
    if link_id in known:
        verbs.revoke_link(desk.keeper, link_id)
    return RedirectResponse(f"/connections/{connection_id}/links", 303)


def _page(
    desk: Desk,
    who: Operator,
    connection_id: str,
    *,
    address: str = "",
    error: str = "",
    status: int = 200,
) -> Response:
    return desk.page(
        "links.html",
        who,
        status=status,
        case=verbs.case_of(desk.keeper, connection_id),
        links=verbs.links_of(desk.keeper, connection_id),
        lives=LIVES,
        address=address,
        error=error,
    )
