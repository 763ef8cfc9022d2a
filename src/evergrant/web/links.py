"""The reconnect link: from the message in a customer's mail to proof, without an account here."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from fastapi import APIRouter, BackgroundTasks, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from evergrant import keeper as verbs
from evergrant.errors import HostRefused, LinkRefused, Misuse
from evergrant.store.flows import AGAIN, Flow
from evergrant.web.access import FrontDesk, front_of, remember
from evergrant.web.branding import sheet
from evergrant.web.desk import Desk
from evergrant.web.forms import Form
from evergrant.web.link_access import (
    DeskOfVisit,
    InVisit,
    LinkForm,
    Visit,
    cookie_of,
    desk_of_visit,
    home_of,
    language_of,
    links_held,
    visit,
)
from evergrant.web.link_view import frame, values, version
from evergrant.web.pictures import BY_ID
from evergrant.web.words import saying

routes = APIRouter(include_in_schema=False)
PAGE = "/reconnect/{link_id}"


@routes.get("/r/{word}")
def exchange(request: Request, desk: FrontDesk, word: str) -> Response:
    """Exchange the word for a cookie at once: no address that is seen afterwards carries it."""
    opened = verbs.open_link(desk.keeper, word, holding=[each for _, each in links_held(request)])
    answer = RedirectResponse(home_of(opened.link), 303)
    left = opened.expires_at - desk.keeper.clock.now()
    if opened.cookie is not None:
        remember(
            answer,
            cookie_of(opened.link),
            opened.cookie.reveal(),
            max_age_s=int(left.total_seconds()),
            desk=desk,
        )
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@routes.get(PAGE)
def show(
    visit: InVisit, desk: DeskOfVisit, told: Literal["", "refused", "failed"] = ""
) -> Response:
    """Where the connection stands, and whose turn it is."""
    shown = values(desk, visit, visit.held.flow) | {"callback": told}
    return _page(desk, "link/page.html", shown, visit.language)


@routes.get(f"{PAGE}/now")
def now(
    visit: InVisit, desk: DeskOfVisit, seen: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """The part of the page that changes; nothing when it has not."""
    held = visit.held
    if seen == version(held.flow, held.connection.state):
        return Response(status_code=204)
    return _page(desk, "link/now.html", values(desk, visit, held.flow), visit.language)


@routes.post(f"{PAGE}/attempts")
def attempt(visit: InVisit, desk: DeskOfVisit, form: LinkForm) -> Response:
    """Another attempt at Salesforce; the browser leaves by the page that answers."""
    flow = verbs.walk_link(desk.keeper, visit.held)
    try:
        begun = verbs.again(
            desk.keeper,
            flow.id,
            login_host=_host(form),
            login_hint=form.get("login_hint").strip()[:200],
            force_login=form.get("force_login") == "yes",
        )
    except HostRefused as error:
        told = saying(visit.language)("form.bad_host")
        shown = values(desk, visit, flow) | {"host_error": f"{told} {error.next_step}".strip()}
        shown["chosen"] |= {"where": form.get("where"), "my_domain": form.get("my_domain")}
        return _page(desk, "link/page.html", shown, visit.language, 400)
    except Misuse:
        # A second click, or the back button: it is not this person's turn any more.
        return _back(visit)
    # NOTE: not straight to Salesforce: `form-action` also judges where a form's answer leads.
    shown = values(desk, visit, begun.flow) | {"ticket": begun.link.reveal().rsplit("/", 1)[1]}
    answer = _page(desk, "link/leave.html", shown, visit.language)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _host(form: Form) -> str:
    where = form.get("where")
    if where == "my-domain":
        return form.get("my_domain").strip() or " "
    return where if where in ("production", "sandbox") else ""


@routes.post(f"{PAGE}/seen")
def seen(visit: InVisit, desk: DeskOfVisit, form: LinkForm) -> Response:
    """No callback came: take in what the person sees."""
    flow = verbs.walk_link(desk.keeper, visit.held)
    picture = BY_ID.get(form.get("picture"))
    text = picture.seen if picture else form.get("text")
    if not text.strip():
        told = saying(visit.language)("seen.empty")
        shown = values(desk, visit, flow) | {"seen_error": told}
        return _page(desk, "link/page.html", shown, visit.language, 400)
    if flow.status in AGAIN:
        verbs.no_callback(desk.keeper, flow.id, text)
    return _back(visit)


@routes.post(f"{PAGE}/settle")
def settle(visit: InVisit, desk: DeskOfVisit, form: LinkForm, work: BackgroundTasks) -> Response:
    """Keep the one before; or switch to another user of the same org, never to another org."""
    flow = verbs.walk_link(desk.keeper, visit.held)
    choice = form.get("choice")
    if flow.status == "on_hold" and (choice == "keep" or _may_switch(desk, flow, choice)):
        settled = verbs.settle(desk.keeper, flow.id, switch=choice == "switch")
        if settled.status == "returned":
            work.add_task(verbs.prove_now, desk.keeper, settled.id)
    return _back(visit)


def _may_switch(desk: Desk, flow: Flow, choice: str) -> bool:
    case = verbs.case_of(desk.keeper, flow.connection)
    before, came = case.connection.identity, case.held
    is_same_org = before is not None and came is not None and before.org_id[:15] == came.org_id[:15]
    return choice == "switch" and is_same_org


@routes.post(f"{PAGE}/prove")
def prove(visit: InVisit, desk: DeskOfVisit, _form: LinkForm) -> Response:
    """Gather the proofs once more."""
    verbs.prove_now(desk.keeper, verbs.walk_link(desk.keeper, visit.held).id)
    return _back(visit)


@routes.post(f"{PAGE}/needs")
def needs(visit: InVisit, desk: DeskOfVisit, _form: LinkForm) -> Response:
    """Look once more at what the integration needs; also when the link has done its work."""
    if visit.held.flow is not None:
        verbs.look_again_at_needs(desk.keeper, visit.held.flow.id)
    return _back(visit)


@routes.get(f"{PAGE}/brand.css")
def colours(visit: InVisit, desk: DeskOfVisit) -> Response:
    """The vendor's colours."""
    brand = verbs.branding_of(desk.keeper, visit.held.connection.integration)
    return Response(sheet(brand), media_type="text/css")


@routes.get(f"{PAGE}/logo")
def logo(visit: InVisit, desk: DeskOfVisit) -> Response:
    """The vendor's logo."""
    brand = verbs.branding_of(desk.keeper, visit.held.connection.integration)
    if brand.logo is None:
        return Response(status_code=404)
    return Response(brand.logo, media_type=brand.logo_type)


def refused(request: Request, error: Exception) -> Response:
    """The page of a link that leads nowhere; it names neither vendor nor connection."""
    reason: Any = error.reason if isinstance(error, LinkRefused) else "unknown"
    language = language_of(request)
    if "hx-request" in request.headers:
        # A part of a page: the page itself is asked for anew.
        return Response(status_code=401, headers={"HX-Refresh": "true"})
    shown = frame(saying(language), language) | {"reason": reason}
    return _page(front_of(request), "link/refused.html", shown, language, _STATUS[reason])


def too_often(request: Request, wait_s: float) -> Response:
    """The answer to an address that tries too often."""
    language = language_of(request)
    shown = frame(saying(language), language) | {"reason": "busy"}
    answer = _page(front_of(request), "link/refused.html", shown, language, 429)
    answer.headers["Retry-After"] = str(max(1, math.ceil(wait_s)))
    return answer


def in_the_way(request: Request, status: int) -> Response | None:
    """An error, told to somebody who came with a link; None for everybody else."""
    for link_id, _ in links_held(request):
        try:
            found = visit(request, link_id)
        except LinkRefused:
            continue
        desk = desk_of_visit(request, found)
        shown = values(desk, found, found.held.flow)
        return _page(desk, "link/trouble.html", shown, found.language, status)
    return None


_STATUS = {
    "unknown": 404,
    "form": 403,
    "expired": 410,
    "revoked": 410,
    "used": 410,
    "ended": 410,
}


def _page(
    desk: Desk, template: str, shown: dict[str, Any], language: str, status: int = 200
) -> HTMLResponse:
    html = desk.templates.get_template(template).render(shown)
    answer = HTMLResponse(html, status)
    answer.headers["Content-Language"] = language
    answer.headers["Vary"] = "Accept-Language, Cookie"
    return answer


def _back(visit: Visit) -> Response:
    return RedirectResponse(visit.home, 303)
