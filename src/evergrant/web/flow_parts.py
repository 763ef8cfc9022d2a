"""The parts of a connection on the page of a flow: which are done, which one it is at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evergrant import keeper as verbs
from evergrant.store.flows import AGAIN, Flow
from evergrant.store.parts import Part
from evergrant.web.desk import Desk

GOOD = frozenset({"authorized", "still good"})


@dataclass(frozen=True, slots=True)
class Placed:
    """One part on the way."""

    title: str
    kind: Literal["credential", "step"]
    state: Literal["done", "current", "todo", "failed"]
    told: str = ""
    is_here: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """All parts of a flow, in order."""

    parts: tuple[Placed, ...]
    part: Part
    """The one it is at."""
    is_next: bool
    """Whether a part was proven before this one in the same flow, which goes on."""

    @property
    def unfinished(self) -> list[str]:
        """Titles of the credentials that could not be authorized on the way."""
        held = (each for each in self.parts if each.kind == "credential")
        return [each.title for each in held if each.state in ("failed", "todo")]

    @property
    def items(self) -> list[dict[str, str]]:
        """The parts as the component of numbered steps wants them."""
        return [
            {"title": each.title, "state": each.state, "text": each.told} for each in self.parts
        ]

    @property
    def number(self) -> int:
        """Where the part stands, from 1."""
        return next((n for n, each in enumerate(self.parts, 1) if each.is_here), len(self.parts))


def way_of(desk: Desk, flow: Flow) -> Way | None:
    """The way through several credentials; None where there is one only."""
    known = verbs.parts_of(desk.keeper, flow.integration)
    if sum(each.kind == "credential" for each in known) < 2:
        return None
    walked = {each["part"]: each for each in flow.outcome.get("walked", ())}
    needs = {each.name: each for each in verbs.needs_in(flow.outcome) if each.kind == "step"}
    placed = []
    for part in known:
        if part.kind == "step":
            need = needs.get(part.name)
            done = need is not None and need.standing == "there"
            placed.append(Placed(part.title, "step", "done" if done else "todo",
                                 need.told if need else "looked at once it can be"))  # fmt: skip
        else:
            placed.append(_credential(part, flow, walked.get(part.name, {})))
    here = next(each for each in known if each.name == flow.part)
    goes_on = flow.status in AGAIN and bool(walked.keys() - {flow.part})
    return Way(tuple(placed), here, goes_on)


def _credential(part: Part, flow: Flow, passed: dict[str, str]) -> Placed:
    how = passed.get("how", "")
    is_here = part.name == flow.part
    if how in GOOD:
        return Placed(part.title, "credential", "done", how, is_here)
    if is_here:
        return Placed(part.title, "credential", "current", is_here=True)
    told = " ".join(each for each in (how, passed.get("told", "")) if each)
    return Placed(part.title, "credential", "failed" if how == "refused" else "todo", told)
