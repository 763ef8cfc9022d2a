"""A repair in the console: plan, simulate, apply with an admin's session, prove, take back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from evergrant import keeper as verbs
from evergrant.errors import BadInput, EvergrantError, Misuse, NotFound, Refused
from evergrant.keeper import lending, repair_work, repairing
from evergrant.model import as_json
from evergrant.web.access import AsOperator, DeskOf, Operator, Posted, flow_cookie
from evergrant.web.desk import Desk
from evergrant.web.repair_view import values_of, version_of, words_of

routes = APIRouter(include_in_schema=False)
HERE = "/repairs/{flow_id}"


def _cookie(request: Request, flow_id: str) -> str:
    """What this browser holds of the repair's sign-in: another browser cannot use it."""
    return request.cookies.get(flow_cookie(flow_id), "")


Held = Annotated[str, Depends(_cookie)]


@routes.post("/connections/{connection_id}/fixes/{cause}/{number}/repair")
def begin(
    _who: AsOperator,
    desk: DeskOf,
    connection_id: str,
    cause: Annotated[str, Path(max_length=80)],
    number: Annotated[int, Path(ge=1, le=99)],
    form: Posted,
) -> Response:
    """Open the repair of a step; nothing is looked at yet."""
    during = form.get("during")
    if during and verbs.flow_of(desk.keeper, during).connection != connection_id:
        raise NotFound("that sign-in is another connection’s", next_step="go back to its page")
    made = repairing.begin_repair(desk.keeper, connection_id, cause, number, during=during)
    return _to(made.id)


@routes.get(HERE)
def show(who: AsOperator, desk: DeskOf, flow_id: str, held: Held) -> Response:
    """How far it has come, and whose turn it is."""
    return _page(desk, who, flow_id, held)


@routes.get(f"{HERE}/now")
def now(
    who: AsOperator,
    desk: DeskOf,
    flow_id: str,
    held: Held,
    seen: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """The part of the page that changes; nothing when it has not."""
    flow, ground = repairing.repair_of(desk.keeper, flow_id)
    if seen == version_of(desk, flow):
        return Response(status_code=204)
    html = desk.render("repair_body.html", who, **values_of(desk, who, flow, ground, held))
    return Response(html, media_type="text/html")


@routes.post(f"{HERE}/admin")
def sign_in(_who: AsOperator, desk: DeskOf, flow_id: str, _form: Posted) -> Response:
    """Let an admin sign in for this one change."""
    _wait_for_its_end(desk, flow_id)
    link = lending.lend_link(desk.keeper, flow_id)
    # NOTE: not straight to Salesforce: `form-action` also judges where a form's answer leads.
    return RedirectResponse(f"/leave/{link.reveal().rsplit('/', 1)[1]}", 303)


@routes.post(f"{HERE}/plan")
def plan(who: AsOperator, desk: DeskOf, flow_id: str, held: Held, form: Posted) -> Response:
    """Plan: with the admin's session, or by metadata that somebody brought."""
    flow, _ = repairing.repair_of(desk.keeper, flow_id)

    def do() -> None:
        if form.get("from") == "org" and lending.is_lent(desk.keeper, flow, held):
            repairing.look_at_org(desk.keeper, flow.id, held, form.fields)
            return
        zipped = form.upload.zipped() if form.upload else None
        if form.upload and zipped is None:
            raise BadInput(
                "that is no zip of at most 5 MB", next_step="choose another", whose="you"
            )
        repairing.take_metadata(desk.keeper, flow.id, zipped, form.fields)

    return _tried(desk, who, flow_id, held, do)


@routes.post(f"{HERE}/simulate")
def simulate(who: AsOperator, desk: DeskOf, flow_id: str, held: Held, _form: Posted) -> Response:
    """Try it in an emulated org, with a client's flow before it and after it."""
    # An emulated org is started only here: whoever never tries one need not load it.
    from evergrant.drills.simulated import simulate as tried

    def do() -> None:
        flow, ground = repairing.repair_of(desk.keeper, flow_id)
        shown = repairing.prepared(flow, ground)
        if shown is None or not shown.plan.is_ready:
            raise BadInput("there is no whole plan yet", next_step="plan it first", whose="you")
        seen = tried(shown.plan.problem, shown.files, flow.outcome["given"])
        ends = {"repaired": seen.is_repaired, "must_reauthorize": seen.must_reauthorize}
        repairing.keep_simulation(desk.keeper, flow.id, ends | dict(as_json(seen)))

    return _tried(desk, who, flow_id, held, do)


@routes.post(f"{HERE}/apply")
def carry_out(
    who: AsOperator, desk: DeskOf, flow_id: str, held: Held, form: Posted, work: BackgroundTasks
) -> Response:
    """Do exactly what was shown, after an explicit yes."""

    def do() -> None:
        if form.get("yes") != "yes":
            raise BadInput("nobody said yes", next_step="tick the box, then press Apply")
        repair_work.agree(desk.keeper, flow_id, held, form.get("seal"))
        work.add_task(repair_work.carry_out, desk.keeper, flow_id, held)

    return _tried(desk, who, flow_id, held, do)


@routes.post(f"{HERE}/undo")
def undo(
    who: AsOperator, desk: DeskOf, flow_id: str, held: Held, _form: Posted, work: BackgroundTasks
) -> Response:
    """Bring back what the org held before."""

    def do() -> None:
        repair_work.begin_undo(desk.keeper, flow_id, held)
        work.add_task(repair_work.take_back, desk.keeper, flow_id, held)

    return _tried(desk, who, flow_id, held, do)


@routes.post(f"{HERE}/end")
def end(_who: AsOperator, desk: DeskOf, flow_id: str, _form: Posted) -> Response:
    """Sign the admin out, here and at Salesforce."""
    _wait_for_its_end(desk, flow_id)
    lending.give_back(desk.keeper, flow_id)
    return _to(flow_id)


def _wait_for_its_end(desk: Desk, flow_id: str) -> None:
    """NOTE: a session that ends in the midst of a change leaves nobody who could see its end."""
    flow, _ = repairing.repair_of(desk.keeper, flow_id)
    if repairing.is_working(desk.keeper, flow):
        raise Misuse("the org is being changed just now", next_step="wait for the end of it")


@routes.get(f"{HERE}/package.zip")
def package(_who: AsOperator, desk: DeskOf, flow_id: str) -> Response:
    """What would be deployed, for an admin who does it elsewhere."""
    flow, ground = repairing.repair_of(desk.keeper, flow_id)
    return _zip(repairing.package_of(flow, ground), f"evergrant-repair-{flow.id}.zip")


@routes.get(f"{HERE}/way-back.zip")
def way_back(_who: AsOperator, desk: DeskOf, flow_id: str) -> Response:
    """What the org held before; `evergrant repair undo` deploys it."""
    flow, _ = repairing.repair_of(desk.keeper, flow_id)
    return _zip(repairing.way_back_of(flow), f"evergrant-backup-{flow.id}.zip")


def _zip(data: bytes, name: str) -> Response:
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type="application/zip", headers=named)


def _tried(desk: Desk, who: Operator, flow_id: str, held: str, do: Callable[[], None]) -> Response:
    """Do it and show the page; what hinders stands on the page itself."""
    try:
        do()
    except Refused as error:
        return _page(desk, who, flow_id, held, error, 503)
    except EvergrantError as error:
        return _page(desk, who, flow_id, held, error, 400)
    return _to(flow_id)


def _page(
    desk: Desk,
    who: Operator,
    flow_id: str,
    held: str,
    error: EvergrantError | None = None,
    status: int = 200,
) -> Response:
    flow, ground = repairing.repair_of(desk.keeper, flow_id)
    values = values_of(desk, who, flow, ground, held)
    told = {"form_error": words_of(error)} if error else {}
    return desk.page("repair.html", who, status=status, **values | told)


def _to(flow_id: str) -> Response:
    return RedirectResponse(f"/repairs/{flow_id}", 303)
