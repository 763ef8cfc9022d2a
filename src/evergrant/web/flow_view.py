"""How a flow stands, as its page tells it: one of a few views, made from the row alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never
from zlib import crc32

from evergrant.health import State
from evergrant.keeper import needs_in
from evergrant.store.flows import Flow


@dataclass(frozen=True, slots=True)
class Choosing:
    """It is a person's turn to choose where to sign in."""

    ended: Literal["", "late", "cancelled"] = ""
    """How the sign-in before it ended: out of time, or given up."""
    name: Literal["choosing"] = "choosing"


@dataclass(frozen=True, slots=True)
class Waiting:
    """The browser is at Salesforce; a callback is awaited."""

    name: Literal["waiting"] = "waiting"


@dataclass(frozen=True, slots=True)
class Stopped:
    """Salesforce said no, by the callback or on its own page."""

    error: str
    cause: str
    name: Literal["stopped"] = "stopped"


@dataclass(frozen=True, slots=True)
class Held:
    """Another org or user came back; a person chooses."""

    name: Literal["held"] = "held"


@dataclass(frozen=True, slots=True)
class Proving:
    """The credential is stored and verified; the proofs are being gathered."""

    trouble: str = ""
    """Why they could not be; empty while they are."""
    name: Literal["proving"] = "proving"


@dataclass(frozen=True, slots=True)
class Lacking:
    """It is authorized, and something that the integration needs is missing in the org."""

    name: Literal["lacking"] = "lacking"


@dataclass(frozen=True, slots=True)
class Done:
    """Proven, or at least what could be."""

    name: Literal["done"] = "done"


View: TypeAlias = Choosing | Waiting | Stopped | Held | Proving | Lacking | Done
Mark = Literal["done", "current", "todo", "failed"]


def view_of(flow: Flow, state: State | None) -> View:
    """The view of a flow; `state` is its connection's, None for a first connect."""
    match flow.status:
        case "done":
            return Lacking() if any(each.stops for each in needs_in(flow.outcome)) else Done()
        case "returned":
            return Proving(str(flow.outcome.get("trouble", "")))
        case "on_hold":
            return Held() if state is State.ON_HOLD else Choosing()
        case "cancelled":
            return Choosing("cancelled")
        case "new" | "started" | "refused" | "expired":
            return _open(flow)
        case _:
            assert_never(flow.status)


def _open(flow: Flow) -> View:
    if flow.outcome.get("error"):
        return Stopped(str(flow.outcome["error"]), str(flow.outcome.get("cause", "")))
    if flow.status == "started":
        return Waiting()
    return Choosing("late" if flow.status == "expired" else "")


def version_of(flow: Flow) -> str:
    """Changes whenever the page of a flow has something new to tell; holds no secret."""
    told = [flow.outcome.get(name, "") for name in ("error", "trouble", "proofs", "needs")]
    told.append(len(flow.outcome.get("looked", ())))
    told.append((flow.part, len(flow.outcome.get("walked", ()))))
    attempt = flow.ticket_hash[:8]
    return f"{flow.status}-{attempt}-{crc32(repr(told).encode()):08x}"


_ORDER = ("choose", "sign in", "fix", "prove", "check", "finish")
_TITLES = {
    "choose": "Choose where to sign in",
    "sign in": "Sign in to Salesforce",
    "fix": "Fix what stands in the way",
    "prove": "Prove that it works",
    "check": "Check what the integration needs",
    "finish": "Finish",
}
_CURRENT: dict[str, str] = {
    "choosing": "choose",
    "waiting": "sign in",
    "stopped": "fix",
    "held": "sign in",
    "proving": "prove",
    "lacking": "check",
    "done": "finish",
}


def steps_of(view: View, flow: Flow, *, has_needs: bool = False) -> list[dict[str, str]]:
    """The numbered steps; what need not be done does not stand there."""
    shown = [step for step in _ORDER if _is_shown(step, view, flow, has_needs=has_needs)]
    here = shown.index(_here(view, flow, shown))
    return [
        {"title": _TITLES[step], "state": _mark(index, here, step, view), "text": ""}
        for index, step in enumerate(shown)
    ]


def _is_shown(step: str, view: View, flow: Flow, *, has_needs: bool) -> bool:
    """Fixing stands there only when something must be fixed, checking when something is needed."""
    if step == "fix":
        return view.name == "stopped" or "before" in flow.outcome
    return step != "check" or has_needs or view.name == "lacking"


def _here(view: View, flow: Flow, shown: list[str]) -> str:
    """While needs are being looked at, the proofs are there already."""
    is_checking = view.name == "proving" and bool(flow.outcome.get("needs"))
    return "check" if is_checking and "check" in shown else _CURRENT[view.name]


def _mark(index: int, here: int, step: str, view: View) -> Mark:
    if view.name == "done":
        return "done"
    if step == "sign in" and view.name == "stopped":
        return "failed"
    if index == here:
        return "current"
    return "done" if index < here else "todo"
