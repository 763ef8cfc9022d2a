"""What an embedded part shows of one connection, in words for its reader: plain JSON."""

from __future__ import annotations

from typing import Any, Final

from evergrant import keeper as verbs
from evergrant.health import BROKEN, State
from evergrant.keeper import Case, Guest
from evergrant.keeper.ending import endings_of
from evergrant.keeper.flows import SPOKEN
from evergrant.model import as_json
from evergrant.web.branding import look_of
from evergrant.web.desk import Desk
from evergrant.web.explained import Explained, explained
from evergrant.web.words import Say, catalog, saying

SCHEMA: Final = "evergrant.embed/1"
POLL_S: Final = 15
HEADLINES: Final = {
    State.CONNECTED: ("none", "works"),
    State.EXPIRING_SOON: ("warning", "expiring"),
    State.DEGRADED: ("warning", "degraded"),
    State.NEEDS_REAUTHORIZATION: ("error", "broken"),
    State.BLOCKED_BY_ADMIN: ("error", "broken"),
    State.ON_HOLD: ("error", "hold"),
    State.PAUSED: ("none", "paused"),
    State.REMOVED: ("none", "ended"),
}
"""State → how bad it is for the reader, and the text that says so."""
SNOOZE_S: Final = {"error": 4 * 3600, "warning": 24 * 3600}
"""For how long a reader may put a banner aside; it is never dismissed while it is true."""
ACTIONS: Final = {
    "broken": "banner.reconnect",
    "expiring": "banner.reconnect_soon",
    "hold": "banner.decide",
    "works": "connect.again",
    "degraded": "banner.reconnect",
}
"""Headline → label of the one action of somebody who may repair."""
LABELS: Final = {
    "snooze": "banner.snooze",
    "details": "banner.snoozed",
    "opened": "banner.opened",
    "blocked": "banner.blocked",
    "open": "banner.open",
    "title": "connect.title",
    "org": "connect.org",
    "user": "connect.user",
    "last": "connect.last",
    "never": "connect.never",
    "new_tab": "frame.new_tab",
}
"""What the parts themselves say → text of the catalog."""


def document(desk: Desk, guest: Guest, language: str) -> dict[str, Any]:
    """Everything that a part shows; an end user learns neither org nor user nor technical cause."""
    say, case = saying(language), verbs.case_of(desk.keeper, guest.connection)
    look = look_of(case.integration, verbs.branding_of(desk.keeper, case.integration.id))
    names = {"app": look.app, "vendor": look.vendor}
    severity, headline = HEADLINES[_shown(desk, case)]
    told = explained(
        case.diagnosis,
        desk.keeper.catalog,
        connection=case.connection,
        integration=case.integration,
    )
    remedy = _remedy(told)
    action = _action(guest, case, headline, remedy, say)
    return {
        "schema": SCHEMA,
        "language": language,
        "connection": case.connection.id,
        "state": case.connection.state.value,
        "works": case.connection.state in (State.CONNECTED, State.EXPIRING_SOON),
        "severity": severity,
        "incident": case.incident.id if case.incident else "",
        "since": as_json(case.connection.since),
        "title": say(f"banner.{headline}", **names),
        "text": _text(guest, severity, headline, remedy, say, names),
        "cause": _cause(guest, told, say),
        "who": "" if action or severity == "none" else _who(guest, say, names),
        "action": action,
        "snooze_s": SNOOZE_S.get(severity, 0),
        "recovered": say("banner.recovered", **names),
        "labels": {name: say(key) for name, key in LABELS.items()},
        "poll_s": POLL_S,
        **(_identity(case) if guest.may_repair else {}),
    }


def _shown(desk: Desk, case: Case) -> State:
    """The state as it concerns a customer: a certificate of the vendor's is no matter of theirs."""
    if case.connection.state is State.EXPIRING_SOON:
        with desk.keeper.reading() as tx:
            found = list(endings_of(desk.keeper, tx, case.connection))
        if found and all(each.is_shared for each in found):
            return State.CONNECTED
    return case.connection.state


def _remedy(told: Explained | None) -> str:
    known = bool(told and told.is_named and f"banner.end_{told.remedy}" in catalog("en"))
    return told.remedy if told and known else "unclear"


def _text(
    guest: Guest, severity: str, headline: str, remedy: str, say: Say, names: dict[str, str]
) -> str:
    if severity == "none" or headline == "expiring":
        return ""
    reader = "admin" if guest.may_repair else "end"
    return say(f"banner.{reader}_{remedy}", **names)


def _cause(guest: Guest, told: Explained | None, say: Say) -> str:
    is_shown = guest.may_repair and told is not None and told.is_named
    return say("banner.cause", cause=told.title) if is_shown and told else ""


def _who(guest: Guest, say: Say, names: dict[str, str]) -> str:
    if guest.may_repair:
        return ""
    return say("banner.ask", who=guest.who or say("banner.ask_default", **names))


def _action(
    guest: Guest, case: Case, headline: str, remedy: str, say: Say
) -> dict[str, str] | None:
    """The one thing that the reader can do; None where it is another's move."""
    is_vendors = remedy == "client-change" and case.connection.state in BROKEN
    is_possible = guest.may_repair and case.integration.flow == SPOKEN and not is_vendors
    if not is_possible or headline not in ACTIONS:
        return None
    return {"kind": "reconnect", "label": say(ACTIONS[headline])}


def _identity(case: Case) -> dict[str, Any]:
    known = case.connection.identity
    return {
        "org_id": known.org_id if known else "",
        "username": (known.username or known.user_id) if known else "",
        "last_success": as_json(case.connection.last_success),
    }
