"""What the page of a reconnect link shows: where its flow stands, and what its reader may know."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit
from zlib import crc32

from evergrant import keeper as verbs
from evergrant.catalog.entries import PARTIES
from evergrant.diagnosis import Diagnosis
from evergrant.health import State
from evergrant.keeper import Case
from evergrant.model import Identity
from evergrant.settings import Settings
from evergrant.store.flows import Flow
from evergrant.web.branding import look_of
from evergrant.web.desk import Desk
from evergrant.web.explained import Explained, explained
from evergrant.web.flow_parts import way_of
from evergrant.web.flow_view import version_of, view_of
from evergrant.web.link_access import Visit
from evergrant.web.pictures import PICTURES
from evergrant.web.support import contact_of
from evergrant.web.words import Say, catalog, languages, saying

STEPS: Final = ("choose", "signin", "fix", "prove", "finish")
AT: Final = {
    "choosing": "choose",
    "waiting": "signin",
    "stopped": "fix",
    "held": "signin",
    "proving": "prove",
    "done": "finish",
}
"""View of the flow → step that it is at."""
READERS: Final = frozenset(who for who, party in PARTIES.items() if party != "vendor")
"""Whose steps a customer's admin is shown; the vendor's own are the vendor's business."""
SCOPES: Final = {
    "api": "api",
    "refresh_token": "refresh_token",
    "offline_access": "refresh_token",
    "id": "identity",
    "openid": "identity",
    "profile": "identity",
    "email": "identity",
}
"""Scope → the text that says what it gives; other scopes are named."""


def frame(say: Say, language: str) -> dict[str, Any]:
    """What every page for customers needs."""
    return {"say": say, "language": language, "languages": languages(), "look": None}


def values(desk: Desk, visit: Visit, flow: Flow | None) -> dict[str, Any]:
    """Everything that the page of a link shows; `flow` is None before one is walked."""
    say = saying(visit.language)
    case = verbs.case_of(desk.keeper, visit.held.connection.id)
    brand = verbs.branding_of(desk.keeper, case.integration.id)
    view = _view(flow, case.connection.state)
    told = _told(desk, flow, case)
    needs = verbs.needs_in(flow.outcome) if flow else ()
    way = way_of(desk, flow) if flow else None
    asking = way.part.view(case.integration) if way else case.integration
    expected, at = _expected(desk, flow, case), flow or _unbegun(desk, case)
    return frame(say, visit.language) | {
        "look": look_of(case.integration, brand),
        "home": visit.home,
        "csrf": visit.csrf,
        "case": case,
        "flow": flow,
        "view": view,
        "version": version(flow, case.connection.state),
        "steps": _steps(view, flow, say),
        "needs": needs,
        "lacks": any(each.stops for each in needs),
        "told": told,
        "gates": verbs.before(desk.keeper, at, _judged(desk, flow, case))
        if view == "choosing"
        else (),
        "who_expected": expected,
        "contact": contact_of(
            case.integration, verbs.expected_by(desk.keeper, case.integration.id), case
        ),
        "why": _why(told),
        "fixes": [step for step in told.steps if step.who in READERS] if told else [],
        "asks": _asks(asking.app.scopes, say),
        "way": way,
        "chosen": _chosen(flow, expected),
        "places": _places(say, desk.keeper.settings),
        "place": urlsplit(case.connection.login_host).netloc,
        "pictures": PICTURES,
        "callback": "",
        "host_error": "",
        "seen_error": "",
    }


def version(flow: Flow | None, state: State) -> str:
    """Changes whenever the page has something new to tell; holds no secret."""
    told = version_of(flow) if flow else "none"
    return f"{told}-{crc32(state.encode()):08x}"


def _view(flow: Flow | None, state: State) -> str:
    name = view_of(flow, state).name if flow else "choosing"
    if name == "lacking":
        # The link has done its work; what the org lacks besides is told on the page of its proof.
        return "done"
    works = state in (State.CONNECTED, State.EXPIRING_SOON)
    return "works" if name == "choosing" and works else name


def _told(desk: Desk, flow: Flow | None, case: Case) -> Explained | None:
    """What stands in the way: by the last attempt, else by the connection's open incident."""
    return explained(
        _judged(desk, flow, case),
        desk.keeper.catalog,
        connection=case.connection,
        integration=case.integration,
    )


def _judged(desk: Desk, flow: Flow | None, case: Case) -> Diagnosis | None:
    found: Diagnosis | None = verbs.judged(desk.keeper, flow) if flow else None
    return found or case.diagnosis


def _expected(desk: Desk, flow: Flow | None, case: Case) -> Identity | None:
    """Who should sign in: for the part that the flow is at, or would begin with."""
    if flow is not None:
        return verbs.expected_in(desk.keeper, flow)
    return verbs.expected_next(desk.keeper, case.connection.id)[1]


def _unbegun(desk: Desk, case: Case) -> Flow:
    """The flow that nobody has begun yet, as far as its gates are known."""
    now, it = desk.keeper.clock.now(), case.connection
    return Flow("", it.integration, "reauthorize", now, now, it.id, login_host=it.login_host)


def _why(told: Explained | None) -> str:
    """The key of the sentence that says why the reader is asked."""
    key = f"why.{told.remedy}" if told and told.is_named else "why.unclear"
    return key if key in catalog("en") else "why.unclear"


def _steps(view: str, flow: Flow | None, say: Say) -> list[dict[str, str]]:
    if view == "works":
        return []
    needs_fix = view == "stopped" or (flow is not None and "before" in flow.outcome)
    shown = [step for step in STEPS if step != "fix" or needs_fix]
    here = shown.index(AT[view])
    return [
        {"title": say(f"step.{step}"), "state": _mark(index, here, step, view)}
        for index, step in enumerate(shown)
    ]


def _mark(index: int, here: int, step: str, view: str) -> str:
    if view == "done" or index < here:
        return "failed" if (view, step) == ("stopped", "signin") else "done"
    return "current" if index == here else "todo"


def _asks(scopes: tuple[str, ...], say: Say) -> list[str]:
    known = dict.fromkeys(SCOPES[scope] for scope in scopes if scope in SCOPES)
    others = [scope for scope in scopes if scope not in SCOPES]
    told = [say(f"asks.{name}") for name in known]
    return [*told, say("asks.other", scopes=", ".join(others))] if others else told


def _chosen(flow: Flow | None, expected: Identity | None) -> dict[str, Any]:
    """What the form holds at first: the user that is expected, and a forced login."""
    hint = expected.username if expected else ""
    is_first = flow is None or (flow.status == "new" and not flow.outcome)
    return {
        "where": "own",
        "my_domain": "",
        "login_hint": hint,
        "force_login": is_first or flow is None or flow.force_login,
    }


def _places(say: Say, settings: Settings) -> tuple[dict[str, str], ...]:
    return (
        {"value": "own", "label": say("form.own"), "text": ""},
        {
            "value": "production",
            "label": say("form.production"),
            "text": urlsplit(settings.login_host_production).netloc,
        },
        {
            "value": "sandbox",
            "label": say("form.sandbox"),
            "text": urlsplit(settings.login_host_sandbox).netloc,
        },
        {"value": "my-domain", "label": say("form.my_domain"), "text": say("form.my_domain_text")},
    )
