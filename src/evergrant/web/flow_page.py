"""Everything that the page of a flow shows, gathered before it is drawn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from evergrant import keeper as verbs
from evergrant.diagnosis import Diagnosis
from evergrant.health import LIVE
from evergrant.keeper import Case
from evergrant.model import Identity, Integration
from evergrant.settings import Settings
from evergrant.store.expectations import Expectations
from evergrant.store.flows import Flow
from evergrant.web.access import Operator, Who
from evergrant.web.desk import Desk
from evergrant.web.explained import Explained, explained
from evergrant.web.flow_parts import way_of
from evergrant.web.flow_view import steps_of, version_of, view_of
from evergrant.web.forms import Form
from evergrant.web.pictures import PICTURES
from evergrant.web.support import contact_of


def values_of(desk: Desk, who: Who, flow: Flow) -> dict[str, Any]:
    """What the templates of a flow are given."""
    case = verbs.case_of(desk.keeper, flow.connection) if flow.connection else None
    integration = case.integration if case else _integration(desk, flow)
    expected = verbs.expected_by(desk.keeper, integration.id)
    view = view_of(flow, case.connection.state if case else None)
    diagnosis = _diagnosis(desk, flow, case)
    way, who_expected = way_of(desk, flow), verbs.expected_in(desk.keeper, flow)
    asking = way.part.view(integration) if way else integration
    return {
        "flow": flow,
        "parts_way": way,
        "view": view,
        "steps": steps_of(view, flow, has_needs=bool(expected.requires or expected.steps)),
        "version": version_of(flow),
        "case": case,
        "integration": integration,
        "expected": expected,
        "needs": verbs.needs_in(flow.outcome),
        "known_needs": verbs.last_needs(desk.keeper, flow.connection) if case else (),
        "asked_for": verbs.asked_for(asking.app.scopes),
        "is_operator": isinstance(who, Operator),
        "contact": contact_of(integration, expected, case),
        "told": told_of(desk, case, integration, diagnosis),
        "gates": verbs.before(desk.keeper, flow, diagnosis) if view.name == "choosing" else (),
        "after": after(case, expected) if case else (),
        "who_expected": who_expected,
        "chosen": _place(flow, who_expected, desk.keeper.settings),
        "places": _places(desk.keeper.settings),
        "pictures": PICTURES,
        "checked": "",
        "looked": "",
        "closed": "",
        "host_error": "",
        "seen_error": "",
        "can_check": case is not None and case.connection.state in LIVE,
    }


def told_of(
    desk: Desk, case: Case | None, integration: Integration, diagnosis: Diagnosis | None
) -> Explained | None:
    """What stands in the way, in words."""
    return explained(
        diagnosis,
        desk.keeper.catalog,
        connection=case.connection if case else None,
        integration=integration,
    )


def _diagnosis(desk: Desk, flow: Flow, case: Case | None) -> Diagnosis | None:
    """By the last attempt, else by the connection's open incident."""
    found: Diagnosis | None = verbs.judged(desk.keeper, flow)
    return found if found is not None or case is None else case.diagnosis


def _integration(desk: Desk, flow: Flow) -> Integration:
    return next(each for each in verbs.integrations_of(desk.keeper) if each.id == flow.integration)


def after(case: Case, expected: Expectations) -> tuple[str, ...]:
    """What happens next, in sentences: the next sync, and how far back it looks."""
    told = []
    if expected.sync_every_min:
        told.append(f"The next sync comes within {_minutes(expected.sync_every_min)}, by itself.")
    if expected.proved_by_sync and case.incident is not None:
        told.append("The incident stays open until that sync has succeeded.")
    gap = _gap(case)
    if gap is None or not expected.backfill_days:
        return tuple(told)
    window, words = timedelta(days=expected.backfill_days), _span(gap)
    if gap <= window:
        told.append(f"It catches up on the {words} that were missed: it looks back "
                    f"{expected.backfill_days} days.")  # fmt: skip
    else:
        told.append(f"It looks back {expected.backfill_days} days, and {words} were missed: "
                    "what is older must be fetched by hand.")  # fmt: skip
    return tuple(told)


def _gap(case: Case) -> timedelta | None:
    """How long the last break lasted; None where there was none."""
    last = case.incident or (case.past[0] if case.past else None)
    if last is None:
        return None
    return (last.closed_at or case.connection.last_success or last.opened_at) - last.opened_at


def _minutes(count: int) -> str:
    return f"{count} minutes" if count < 120 else f"{count // 60} hours"


def _span(gap: timedelta) -> str:
    if gap < timedelta(hours=2):
        return f"{max(1, int(gap.total_seconds() // 60))} minutes"
    return f"{gap.days} days" if gap.days > 1 else f"{int(gap.total_seconds() // 3600)} hours"


def _place(flow: Flow, expected: Identity | None, settings: Settings) -> dict[str, Any]:
    """What the form of choices holds at first: the flow's own host, the user that is expected, and
    a forced login."""
    where = {settings.login_host_sandbox: "sandbox", settings.login_host_production: "production"}
    is_first = flow.status == "new" and not (flow.outcome.keys() - {"looked"})
    return {
        "where": where.get(flow.login_host, "my-domain"),
        "my_domain": "" if flow.login_host in where else flow.login_host,
        "force_login": is_first or flow.force_login,
        "login_hint": flow.login_hint or (expected.username if expected else ""),
    }


def chosen_in(form: Form) -> dict[str, Any]:
    """The choices that a form was sent with, to be shown again."""
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
