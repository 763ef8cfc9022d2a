"""A flow's page: choose, sign in, fix, prove, check, finish; and what a person tells it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks, Depends, Query
from fastapi.responses import RedirectResponse, Response

from evergrant import keeper as verbs
from evergrant.errors import HostRefused
from evergrant.store.flows import Flow
from evergrant.web.access import AsOperator, DeskOf, InFlow, Posted
from evergrant.web.flow_page import chosen_in, values_of
from evergrant.web.flow_view import version_of
from evergrant.web.forms import Form
from evergrant.web.pictures import BY_ID
from evergrant.web.security import opens_windows, stays_known

routes = APIRouter(include_in_schema=False, prefix="/flows/{flow_id}")


def _flow(desk: DeskOf, flow_id: str) -> Flow:
    return verbs.flow_of(desk.keeper, flow_id)


TheFlow = Annotated[Flow, Depends(_flow)]


@routes.get("")
def show(
    who: InFlow,
    desk: DeskOf,
    flow: TheFlow,
    checked: Literal["", "yes", "no"] = "",
    looked: Literal["", "yes", "no"] = "",
    closed: Literal["", "yes"] = "",
) -> Response:
    """Where the flow stands, and whose turn it is; `closed`: the window was, without a callback."""
    told = {"checked": checked, "looked": looked, "closed": closed}
    return opens_windows(desk.page("flow.html", who, **values_of(desk, who, flow) | told))


@routes.get("/now")
def now(
    who: InFlow,
    desk: DeskOf,
    flow: TheFlow,
    seen: Annotated[str, Query(max_length=100)] = "",
    closed: Literal["", "yes"] = "",
) -> Response:
    """The part of the page that changes; nothing when it has not."""
    if seen == version_of(flow):
        return Response(status_code=204)
    values = values_of(desk, who, flow) | {"closed": closed}
    return Response(desk.render("flow_now.html", who, **values), media_type="text/html")


@routes.post("/attempts")
def attempt(who: AsOperator, desk: DeskOf, flow: TheFlow, form: Posted) -> Response:
    """Another attempt at Salesforce, as chosen; the browser leaves by a page of its own."""
    try:
        begun = verbs.again(
            desk.keeper,
            flow.id,
            login_host=_host(form),
            login_hint=form.get("login_hint").strip()[:200],
            force_login=form.get("force_login") == "yes",
        )
    except HostRefused as error:
        told = f"{error.what}. {error.next_step}"
        values = values_of(desk, who, flow) | {"host_error": told, "chosen": chosen_in(form)}
        return desk.page("flow.html", who, status=400, **values)
    # NOTE: not straight to Salesforce: `form-action` also judges where a form's answer leads.
    elsewhere = "?elsewhere=yes" if form.get("window") == "private" else ""
    ticket = begun.link.reveal().rsplit("/", 1)[1]
    return stays_known(RedirectResponse(f"/leave/{ticket}{elsewhere}", 303))


def _host(form: Form) -> str:
    where = form.get("where")
    if where == "my-domain":
        return form.get("my_domain").strip() or " "
    return where if where in ("production", "sandbox") else ""


@routes.post("/seen")
def seen(who: InFlow, desk: DeskOf, flow: TheFlow, form: Posted) -> Response:
    """No callback came: take in what the person sees."""
    picture = BY_ID.get(form.get("picture"))
    text = picture.seen if picture else form.get("text")
    if not text.strip():
        told = {"seen_error": "Paste the address or the words first."}
        return desk.page("flow.html", who, status=400, **values_of(desk, who, flow) | told)
    verbs.no_callback(desk.keeper, flow.id, text)
    return _back(flow)


@routes.post("/check")
def check(_who: AsOperator, desk: DeskOf, flow: TheFlow, _form: Posted) -> Response:
    """Look whether the connection works without another sign-in."""
    found = verbs.check(desk.keeper, flow.connection)
    return _back(flow, f"?checked={'no' if found.failure else 'yes'}#checked")


@routes.post("/look")
def look(_who: AsOperator, desk: DeskOf, flow: TheFlow, _form: Posted) -> Response:
    """Look at the org with the connection's own token, before anybody signs in."""
    trouble = verbs.look_before(desk.keeper, flow.id)
    return _back(flow, f"?looked={'no' if trouble else 'yes'}#before")


@routes.post("/cancel")
def cancel(_who: AsOperator, desk: DeskOf, flow: TheFlow, _form: Posted) -> Response:
    """Give the sign-in up; what the connection has stays as it is."""
    verbs.cancel(desk.keeper, flow.id)
    return _back(flow)


@routes.post("/settle")
def settle(
    _who: AsOperator, desk: DeskOf, flow: TheFlow, form: Posted, work: BackgroundTasks
) -> Response:
    """Keep the one before, or switch to who came back."""
    choice = form.get("choice")
    if choice in ("keep", "switch") and flow.status == "on_hold":
        settled = verbs.settle(desk.keeper, flow.id, switch=choice == "switch")
        if settled.status == "returned":
            work.add_task(verbs.prove_now, desk.keeper, settled.id)
    return _back(flow)


@routes.post("/prove")
def prove(_who: AsOperator, desk: DeskOf, flow: TheFlow, _form: Posted) -> Response:
    """Gather the proofs once more."""
    verbs.prove_now(desk.keeper, flow.id)
    return _back(flow)


@routes.post("/needs")
def needs(_who: AsOperator, desk: DeskOf, flow: TheFlow, _form: Posted) -> Response:
    """Look once more at what the integration needs."""
    verbs.look_again_at_needs(desk.keeper, flow.id)
    return _back(flow, "#needs")


@routes.post("/steps")
def step_done(who: AsOperator, desk: DeskOf, flow: TheFlow, form: Posted) -> Response:
    """A person says that a step inside the org was done; then it is looked at again."""
    verbs.confirm_step(desk.keeper, flow.connection, form.get("step"), who=who.name)
    verbs.look_again_at_needs(desk.keeper, flow.id)
    return _back(flow, "#needs")


def _back(flow: Flow, more: str = "") -> Response:
    return RedirectResponse(f"/flows/{flow.id}{more}", 303)
