"""The course of an application to which somebody has agreed as a whole, step by step.

What comes later is not done once a step ended otherwise than it should: who is not let in yet
would be shut out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, assert_never

from evergrant.errors import BadInput, NotFound, Refused
from evergrant.model import Session
from evergrant.org.deployment import Deployed
from evergrant.repair import apply
from evergrant.repair.files import Files
from evergrant.repair.model import ByHand, Deployment, Key, Mending, Plan, RecordChange, Step
from evergrant.repair.told import title
from evergrant.wire import Conversation

End = Literal[
    "deployed", "done", "was so already", "by a person", "refused", "failed", "not reached"
]
"""How a step ended."""
STOPS: Final = frozenset[End]({"refused", "failed"})


@dataclass(frozen=True, slots=True)
class Ended:
    """One step, and how it ended."""

    do: str
    end: End
    words: tuple[str, ...] = ()
    """What the org said of it, in its own words."""


def back(plan: Plan, files: Files) -> bytes:
    """The package that undoes all deployments of a plan; to be kept before anything changes."""
    return apply.way_back(_touched(plan), files)


def _touched(plan: Plan) -> Iterator[Key]:
    for step in plan.deployments:
        yield from (each.key for each in step.editions)
        yield from step.removed


def course(session: Session, plan: Plan, files: Files) -> Conversation[tuple[Ended, ...]]:
    """Carry out what a program can do of a plan, as far as it goes.

    `files` is what the org holds now.  Raises `Malformed` and what the network throws.
    """
    found: list[Ended] = []
    for step in plan.steps:
        if any(each.end in STOPS for each in found):
            found.append(Ended(title(step), "not reached"))
        else:
            found.append((yield from _carried(session, step, plan, files)))
    return tuple(found)


def _carried(session: Session, step: Step, plan: Plan, files: Files) -> Conversation[Ended]:
    match step:
        case Deployment():
            name = plan.app.name if plan.app else ""
            if apply.is_done(step, files, name):
                return Ended(title(step), "was so already")
            return (yield from _deployed(session, step, apply.package_of(step, files, name)))
        case RecordChange():
            return (yield from _written(session, step))
        case ByHand() | Mending():
            return Ended(title(step), "by a person")
        case _:
            assert_never(step)


def _deployed(session: Session, step: Deployment, package: bytes) -> Conversation[Ended]:
    try:
        told = yield from apply.carry_out(session, package)
    except Refused as error:
        return Ended(title(step), "refused", (error.what,))
    return Ended(title(step), "deployed" if told.is_done else "refused", tuple(words_of(told)))


def words_of(deployed: Deployed) -> Iterator[str]:
    """What came of each component, in a line."""
    for each in deployed.components:
        problem = f": {each.problem}" if each.problem else ""
        yield f"{each.type} {each.name} {each.outcome}{problem}"
    if deployed.error:
        yield deployed.error


def _written(session: Session, step: RecordChange) -> Conversation[Ended]:
    try:
        is_new = yield from apply.change_record(session, step)
    except BadInput as error:
        return Ended(title(step), "by a person", (error.what,))
    except (Refused, NotFound) as error:
        return Ended(title(step), "failed", (error.what,))
    return Ended(title(step), "done" if is_new else "was so already")
