"""How a flow stands, as its page tells it: one of a few views, made from the row alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never
from zlib import crc32

from evergrant.health import State
from evergrant.store.flows import Flow


@dataclass(frozen=True, slots=True)
class Choosing:
    """It is a person's turn to choose where to sign in."""

    is_late: bool = False
    """The time of the sign-in before is over."""
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
class Done:
    """Proven, or at least what could be."""

    name: Literal["done"] = "done"


View: TypeAlias = Choosing | Waiting | Stopped | Held | Proving | Done
Mark = Literal["done", "current", "todo", "failed"]


def view_of(flow: Flow, state: State | None) -> View:
    """The view of a flow; `state` is its connection's, None for a first connect."""
    match flow.status:
        case "done":
            return Done()
        case "returned":
            return Proving(str(flow.outcome.get("trouble", "")))
        case "on_hold":
            return Held() if state is State.ON_HOLD else Choosing()
        case "new" | "started" | "refused" | "expired":
            return _open(flow)
        case _:
            assert_never(flow.status)


def _open(flow: Flow) -> View:
    if flow.outcome.get("error"):
        return Stopped(str(flow.outcome["error"]), str(flow.outcome.get("cause", "")))
    if flow.status == "started":
        return Waiting()
    return Choosing(is_late=flow.status == "expired")


def version_of(flow: Flow) -> str:
    """Changes whenever the page of a flow has something new to tell; holds no secret."""
    told = flow.outcome.get("error", ""), flow.outcome.get("trouble", "")
    attempt = flow.ticket_hash[:8]
    return f"{flow.status}-{attempt}-{crc32(repr(told).encode()):08x}"


_ORDER = ("choose", "sign in", "fix", "prove", "finish")
_CURRENT: dict[str, str] = {
    "choosing": "choose",
    "waiting": "sign in",
    "stopped": "fix",
    "held": "sign in",
    "proving": "prove",
    "done": "finish",
}


def steps_of(view: View, flow: Flow) -> list[dict[str, str]]:
    """The numbered steps; the one about fixing stands there only when something must be fixed."""
    needs_fix = view.name == "stopped" or "before" in flow.outcome
    titles = {
        "choose": "Choose where to sign in",
        "sign in": "Sign in to Salesforce",
        "fix": "Fix what stands in the way",
        "prove": "Prove that it works",
        "finish": "Finish",
    }
    shown = [step for step in _ORDER if step != "fix" or needs_fix]
    here = shown.index(_CURRENT[view.name])
    return [
        {"title": titles[step], "state": _mark(index, here, step, view), "text": ""}
        for index, step in enumerate(shown)
    ]


def _mark(index: int, here: int, step: str, view: View) -> Mark:
    if view.name == "done":
        return "done"
    if step == "sign in" and view.name == "stopped":
        return "failed"
    if index == here:
        return "current"
    return "done" if index < here else "todo"
