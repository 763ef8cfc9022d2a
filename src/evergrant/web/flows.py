"""A flow's page: choose, sign in, fix, prove, finish; and what a person tells it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, BackgroundTasks, Depends, Query
from fastapi.responses import RedirectResponse, Response

from evergrant import keeper as verbs
from evergrant.diagnosis import Diagnosis
from evergrant.errors import HostRefused
from evergrant.health import LIVE
from evergrant.keeper import Case
from evergrant.model import Integration
from evergrant.settings import Settings
from evergrant.store.flows import Flow
from evergrant.web.access import AsOperator, DeskOf, InFlow, Operator, Posted, Who
from evergrant.web.desk import Desk
from evergrant.web.explained import explained
from evergrant.web.flow_view import steps_of, version_of, view_of
from evergrant.web.forms import Form
from evergrant.web.pictures import BY_ID, PICTURES

routes = APIRouter(include_in_schema=False, prefix="/flows/{flow_id}")


def _flow(desk: DeskOf, flow_id: str) -> Flow:
    return verbs.flow_of(desk.keeper, flow_id)


TheFlow = Annotated[Flow, Depends(_flow)]


@routes.get("")
def show(
    who: InFlow, desk: DeskOf, flow: TheFlow, checked: Literal["", "yes", "no"] = ""
) -> Response:
    """Where the flow stands, and whose turn it is."""
    return desk.page("flow.html", who, **_values(desk, who, flow) | {"checked": checked})


@routes.get("/now")
def now(
    who: InFlow, desk: DeskOf, flow: TheFlow, seen: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """The part of the page that changes; nothing when it has not."""
    if seen == version_of(flow):
        return Response(status_code=204)
    return Response(
        desk.render("flow_now.html", who, **_values(desk, who, flow)), media_type="text/html"
    )


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
        values = _values(desk, who, flow) | {"host_error": told, "chosen": _chosen(form)}
        return desk.page("flow.html", who, status=400, **values)
    # NOTE: not straight to Salesforce: `form-action` also judges where a form's answer leads.
    return RedirectResponse(f"/leave/{begun.link.reveal().rsplit('/', 1)[1]}", 303)


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
        values = _values(desk, who, flow) | {"seen_error": "Paste the address or the words first."}
        return desk.page("flow.html", who, status=400, **values)
    verbs.no_callback(desk.keeper, flow.id, text)
    return _back(flow)


@routes.post("/check")
def check(_who: AsOperator, desk: DeskOf, flow: TheFlow, _form: Posted) -> Response:
    """Look whether the connection works without another sign-in."""
    found = verbs.check(desk.keeper, flow.connection)
    return RedirectResponse(
        f"/flows/{flow.id}?checked={'no' if found.failure else 'yes'}#checked", 303
    )


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


def _back(flow: Flow) -> Response:
    return RedirectResponse(f"/flows/{flow.id}", 303)


def _values(desk: Desk, who: Who, flow: Flow) -> dict[str, Any]:
    """Everything the page of a flow shows."""
    case = verbs.case_of(desk.keeper, flow.connection) if flow.connection else None
    integration = case.integration if case else _integration(desk, flow)
    view = view_of(flow, case.connection.state if case else None)
    return {
        "flow": flow,
        "view": view,
        "steps": steps_of(view, flow),
        "version": version_of(flow),
        "case": case,
        "integration": integration,
        "is_operator": isinstance(who, Operator),
        "told": _told(desk, flow, case, integration),
        "chosen": _place(flow, case, desk.keeper.settings),
        "places": _places(desk.keeper.settings),
        "pictures": PICTURES,
        "checked": "",
        "host_error": "",
        "seen_error": "",
        "can_check": case is not None and case.connection.state in LIVE,
    }


def _integration(desk: Desk, flow: Flow) -> Integration:
    return next(each for each in verbs.integrations_of(desk.keeper) if each.id == flow.integration)


def _told(desk: Desk, flow: Flow, case: Case | None, integration: Integration) -> Any:
    """What stands in the way: by the last attempt, else by the connection's open incident."""
    found: Diagnosis | None = verbs.judged(desk.keeper, flow)
    if found is None and case is not None:
        found = case.diagnosis
    return explained(
        found,
        desk.keeper.catalog,
        connection=case.connection if case else None,
        integration=integration,
    )


def _place(flow: Flow, case: Case | None, settings: Settings) -> dict[str, Any]:
    """What the form of choices holds at first: the flow's own host, the user that is expected, and
    a forced login."""
    where = {settings.login_host_sandbox: "sandbox", settings.login_host_production: "production"}
    is_first = flow.status == "new" and not flow.outcome
    expected = case.connection.identity if case else None
    return {
        "where": where.get(flow.login_host, "my-domain"),
        "my_domain": "" if flow.login_host in where else flow.login_host,
        "force_login": is_first or flow.force_login,
        "login_hint": flow.login_hint or (expected.username if expected else ""),
    }


def _chosen(form: Form) -> dict[str, Any]:
    return {
        "where": form.get("where"),
        "my_domain": form.get("my_domain"),
        "force_login": form.get("force_login") == "yes",
        "login_hint": form.get("login_hint"),
    }


def _places(settings: Settings) -> tuple[dict[str, str], ...]:
    return (
        {"value": "production", "label": "Production", "text": settings.login_host_production},
        {"value": "sandbox", "label": "Sandbox", "text": settings.login_host_sandbox},
        {"value": "my-domain", "label": "My Domain", "text": "the org’s own login address"},
    )
