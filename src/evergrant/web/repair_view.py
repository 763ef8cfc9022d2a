"""What the page of a repair shows, gathered before it is drawn."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import Any
from zlib import crc32

from evergrant import keeper as verbs
from evergrant.errors import EvergrantError, Misuse
from evergrant.keeper import repairing
from evergrant.keeper.lending import can_lend, is_lent
from evergrant.keeper.repair_plans import Ground, Prepared
from evergrant.repair.patches import MEANINGS
from evergrant.repair.told import document
from evergrant.store.flows import Flow
from evergrant.web.access import Operator
from evergrant.web.desk import Desk
from evergrant.web.explained import step_of
from evergrant.web.support import contact_of


def values_of(desk: Desk, who: Operator, flow: Flow, ground: Ground, cookie: str) -> dict[str, Any]:
    """What the template is given."""
    about, outcome = flow.outcome["about"], flow.outcome
    shown, trouble = _prepared(flow, ground)
    expected = verbs.expected_by(desk.keeper, ground.integration.id)
    is_here = is_lent(desk.keeper, flow, cookie)
    return {
        "flow": flow,
        "connection": ground.connection,
        "cause": ground.cause,
        "step": step_of(ground.fix, desk.keeper.catalog, ground.connection),
        "back": f"{_from(flow)}/fixes/{about['cause']}/{about['number']}",
        "address": f"/repairs/{flow.id}",
        "is_operator": who.name == "operator",
        "is_lent": is_here,
        "lent": outcome.get("lent", {}) if is_here else {},
        "cannot_lend": can_lend(desk.keeper, flow),
        "error": str(outcome.get("error", "")),
        "told": document(shown.plan, shown.dangers) if shown else None,
        "shown": shown,
        "trouble": trouble or str(outcome.get("trouble", "")),
        "missing": _missing(shown, outcome.get("given", {})),
        "seen": _seen(outcome),
        "simulated": outcome.get("simulated"),
        "working": outcome["working"]["what"] if repairing.is_working(desk.keeper, flow) else "",
        "applied": outcome.get("applied"),
        "undone": outcome.get("undone"),
        "has_changed": bool(outcome.get("changed")),
        "way_back": repairing.told_of_way_back(flow),
        "is_carried": bool(outcome.get("carried")),
        "command": command_of(ground.fix.change, ground.integration.app_label),
        "version": version_of(desk, flow),
        "form_error": "",
        "contact": contact_of(ground.integration, expected),
    }


def _from(flow: Flow) -> str:
    """Where the step stood: in a sign-in that goes on afterwards, or on the connection's page."""
    during = flow.outcome["about"].get("during", "")
    return f"/flows/{during}" if during else f"/connections/{flow.connection}"


def _prepared(flow: Flow, ground: Ground) -> tuple[Prepared | None, str]:
    """The plan; or why none can be made of what was seen."""
    try:
        return repairing.prepared(flow, ground), ""
    except Misuse as error:
        return None, f"{error.what}. {error.why or error.next_step}".strip()


def _missing(shown: Prepared | None, given: dict[str, str]) -> list[tuple[str, str, str]]:
    """The values that a person fills in: name, meaning, and what was given before."""
    wanted = {*(shown.plan.missing if shown else ()), *given}
    return [(name, MEANINGS[name], given.get(name, "")) for name in sorted(wanted)]


def _seen(outcome: Any) -> tuple[str, datetime] | None:
    if "files" not in outcome:
        return None
    return str(outcome["source"]), datetime.fromisoformat(outcome["seen_at"])


def command_of(change: str, app: str) -> str:
    """The same from a terminal, with an admin's own login of the Salesforce CLI."""
    return f"evergrant repair apply --change {change} --app {shlex.quote(app)} --target-org ALIAS"


def version_of(desk: Desk, flow: Flow) -> str:
    """Changes whenever the page has something new to tell; holds no secret."""
    told = [flow.outcome.get(n, "") for n in ("error", "trouble", "applied", "undone", "changed")]
    is_working = repairing.is_working(desk.keeper, flow)
    return f"{flow.status}-{'w' if is_working else 'r'}-{crc32(repr(told).encode()):08x}"


def words_of(error: EvergrantError) -> str:
    """An error beside the form that it is about."""
    return ". ".join(each for each in (error.what, error.why, error.next_step) if each)
