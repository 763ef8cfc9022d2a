"""One connection's page, and what can be done from it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from evergrant import keeper as verbs
from evergrant.errors import BadInput
from evergrant.health import BROKEN, LIVE, State
from evergrant.keeper import Case
from evergrant.keeper.ending import endings_of
from evergrant.web.access import AsOperator, DeskOf, Operator, Posted
from evergrant.web.activity import activity_of
from evergrant.web.desk import Desk
from evergrant.web.explained import cause_title, explained
from evergrant.web.findings import shown_audit
from evergrant.web.forms import Form
from evergrant.web.notes import note_of
from evergrant.web.timeline import Zoom, timeline

routes = APIRouter(include_in_schema=False, prefix="/connections/{connection_id}")


@routes.get("")
def show(
    who: AsOperator, desk: DeskOf, connection_id: str, told: str = "", zoom: Zoom = ""
) -> Response:
    """State, banner, diagnosis with evidence, what can be done, and activity."""
    case = verbs.case_of(desk.keeper, connection_id)
    said = explained(
        case.diagnosis,
        desk.keeper.catalog,
        connection=case.connection,
        integration=case.integration,
    )
    return desk.page(
        "connection.html",
        who,
        case=case,
        told=said,
        note=note_of(told),
        is_broken=case.connection.state in BROKEN,
        can_check=case.connection.state in LIVE,
        can_reauthorize=_can_reauthorize(case),
        picture=timeline(
            verbs.past_of(desk.keeper, case.connection.id), desk.keeper.clock.now(), zoom
        ),
        ends=_ends(desk, case),
        holdings=verbs.holdings_of(desk.keeper, case.connection.id),
        needs=verbs.last_needs(desk.keeper, case.connection.id),
        has_needs=_has_needs(desk, case),
        audit=shown_audit(desk, case),
        now=desk.keeper.clock.now(),
        past=[(each, cause_title(each.cause, desk.keeper.catalog)) for each in case.past[:3]],
        activity_rows=activity_of(case.events, desk.keeper.catalog),
    )


def _ends(desk: Desk, case: Case) -> tuple[str, str]:
    """What ends soon and what helps, in the words of a banner; empty where nothing does."""
    with desk.keeper.reading() as tx:
        found = sorted(endings_of(desk.keeper, tx, case.connection), key=lambda each: each.at)
    if case.connection.state is not State.EXPIRING_SOON or not found:
        return "", ""
    return found[0].text(desk.keeper.clock.now()), found[0].do


def _has_needs(desk: Desk, case: Case) -> bool:
    told = verbs.expected_by(desk.keeper, case.integration.id)
    return bool(told.requires or told.steps)


def _can_reauthorize(case: Case) -> bool:
    return case.connection.state not in (State.REMOVED, State.PAUSED)


@routes.post("/reauthorize")
def reauthorize(_who: AsOperator, desk: DeskOf, connection_id: str, _form: Posted) -> Response:
    """Go on to the flow in which it is reauthorized; where no browser is needed, do it at once."""
    part, in_browser = verbs.start_of(desk.keeper, connection_id)
    if in_browser:
        return RedirectResponse(f"/flows/{verbs.journey(desk.keeper, connection_id).id}", 303)
    _, proofs = verbs.reauthorize_directly(desk.keeper, connection_id, part=part)
    if proofs and verbs.walk_on(desk.keeper, connection_id, part).at:
        return RedirectResponse(f"/flows/{verbs.journey(desk.keeper, connection_id).id}", 303)
    proven = bool(proofs) and all(proof.proven for proof in proofs)
    return _back(connection_id, "reauthorized" if proven else "not-proven")


@routes.post("/check")
def check(_who: AsOperator, desk: DeskOf, connection_id: str, _form: Posted) -> Response:
    """Look whether it works now."""
    if verbs.case_of(desk.keeper, connection_id).connection.state not in LIVE:
        return _back(connection_id, "not-checked")
    found = verbs.check(desk.keeper, connection_id)
    return _back(connection_id, "not-working" if found.failure else "checked")


@routes.post("/needs")
def needs(_who: AsOperator, desk: DeskOf, connection_id: str, _form: Posted) -> Response:
    """Look once more at what the integration needs in this org."""
    case = verbs.case_of(desk.keeper, connection_id)
    tuple(verbs.look_at_needs(desk.keeper, case.connection.id))
    return _back(case.connection.id, "looked")


@routes.post("/pause")
def pause(_who: AsOperator, desk: DeskOf, connection_id: str, _form: Posted) -> Response:
    """Leave it alone until it is resumed."""
    verbs.pause(desk.keeper, connection_id)
    return _back(connection_id, "paused")


@routes.post("/resume")
def resume(_who: AsOperator, desk: DeskOf, connection_id: str, _form: Posted) -> Response:
    """Watch it again."""
    verbs.resume(desk.keeper, connection_id)
    return _back(connection_id, "resumed")


@routes.get("/configure")
def configure(who: AsOperator, desk: DeskOf, connection_id: str) -> Response:
    """The form of name and settings."""
    found = verbs.case_of(desk.keeper, connection_id).connection
    return _configure(desk, who, connection_id, found.name, dict(found.settings), "", 200)


@routes.post("/configure")
def configured(who: AsOperator, desk: DeskOf, connection_id: str, form: Posted) -> Response:
    """Save name and settings; the credential is not touched."""
    name, settings = form.get("name"), _settings(form)
    try:
        verbs.configure(desk.keeper, connection_id, name=name, settings=settings)
    except BadInput as error:
        told = f"{error.what}: {error.next_step}"
        return _configure(desk, who, connection_id, name, settings, told, 400)
    return _back(connection_id, "configured")


def _settings(form: Form) -> dict[str, str]:
    """The settings in a form: those that were there, unless emptied, and a new one."""
    known = {
        key.removeprefix("setting."): value.strip()
        for key, value in form.fields.items()
        if key.startswith("setting.")
    }
    new = form.get("new-name").strip()
    given = known | ({new: form.get("new-value").strip()} if new else {})
    return {key: value for key, value in given.items() if value}


def _configure(
    desk: Desk,
    who: Operator,
    connection_id: str,
    name: str,
    settings: dict[str, str],
    error: str,
    status: int,
) -> Response:
    case = verbs.case_of(desk.keeper, connection_id)
    return desk.page(
        "configure.html", who, status=status, case=case, name=name, settings=settings, error=error
    )


@routes.get("/remove")
def remove(who: AsOperator, desk: DeskOf, connection_id: str) -> Response:
    """What removing means, before it is done."""
    return desk.page("remove.html", who, case=verbs.case_of(desk.keeper, connection_id))


@routes.post("/remove")
def removed(_who: AsOperator, desk: DeskOf, connection_id: str, _form: Posted) -> Response:
    """Revoke, destroy, end."""
    verbs.remove(desk.keeper, connection_id)
    return RedirectResponse("/?told=removed", 303)


def _back(connection_id: str, told: str) -> Response:
    return RedirectResponse(f"/connections/{connection_id}?told={told}", 303)
