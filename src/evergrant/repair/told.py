"""A plan in words, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, assert_never

from evergrant.catalog.changes import Change
from evergrant.repair.apply import told
from evergrant.repair.edits import Ensure
from evergrant.repair.model import (
    ByHand,
    Deployment,
    Edition,
    Mending,
    Plan,
    RecordChange,
    Step,
)

ADMIN = "Salesforce admin"
METADATA = "Modify Metadata Through Metadata API Functions, Customize Application"
_RECORDS = {
    "PermissionSetAssignment": "Assign Permission Sets",
    "UserLogin": "Manage Users",
    "User": "Manage Users",
}
"""Object → the permission that its change needs (org-model 5.4)."""
CLIENTS = frozenset(
    {"client-code", "client-settings", "reauthorize", "other-identity", "stop-client"}
)
"""Changes at the client: not an admin's."""
BACKUP = "deploy the backup (`evergrant repair undo BACKUP`)"


def lines(plan: Plan, dangers: Sequence[str] = ()) -> Iterator[str]:
    """A plan as lines of text, without wrapping."""
    problem = plan.problem
    about = f" of {plan.app.name}" if plan.app else ""
    yield f"{problem.code}{about}: {problem.message or plan.repair.changes[0].title}"
    if problem.place:
        yield f"  at {problem.place}"
    because = f": {plan.repair.because}" if plan.repair.because else ""
    yield f"  {plan.repair.safety}{because}"
    for number, step in enumerate(plan.steps, start=1):
        yield from _step(number, step)
    for name, meaning in plan.missing.items():
        yield f"  missing: --set {name}=…  ({meaning})"
    for danger in dangers:
        yield f"  REFUSED: {danger}"


def _step(number: int, step: Step) -> Iterator[str]:
    yield f"  {number}. {title(step)}"
    for name, words in _details(step):
        yield f"     {name}: {words}"
    if isinstance(step, Deployment | Mending):
        for edition in step.editions:
            yield f"     in {edition.key[0]} {edition.key[1]}: {'; '.join(_edits(edition))}"
    if isinstance(step, Deployment):
        for type_, name in step.removed:
            yield f"     {type_} {name} is deleted"


def _edits(edition: Edition) -> list[str]:
    return [told(each) for each in edition.edits if not isinstance(each, Ensure)]


def title(step: Step) -> str:
    """What a step does, in one line."""
    match step:
        case Deployment(changes):
            return f"Deploy: {_titles(changes)}"
        case Mending(changes):
            return f"In the files: {_titles(changes)}"
        case RecordChange(change, _, of, value):
            named = f"{value} to {of}" if step.patch.act == "create" else of
            return f"Record: {change.title} ({named})"
        case ByHand(change, fix):
            return f"By hand: {fix.do if fix else change.title}"
        case _:
            assert_never(step)


def _titles(changes: Sequence[Change]) -> str:
    return "; ".join(
        f"{each.title}{' (inferred)' if _is_inferred(each) else ''}" for each in changes
    )


def _is_inferred(change: Change) -> bool:
    """Whether that the change can be carried so is our deduction."""
    return change.mark == "inferred" or any(each.mark == "inferred" for each in change.patches)


def _details(step: Step) -> Iterator[tuple[str, str]]:
    yield "who", who(step)
    if needed := permission(step):
        yield "needs", needed
    if isinstance(step, ByHand) and step.fix is not None:
        yield from (
            each for each in (("where", step.fix.where), ("link", step.fix.link)) if each[1]
        )
    changes = step.changes if isinstance(step, Deployment | Mending) else (step.change,)
    yield "besides", " ".join(f"{each.effects}." for each in changes)
    back = BACKUP if isinstance(step, Deployment) else "; ".join(each.rollback for each in changes)
    yield "back", back


def who(step: Step) -> str:
    """In whose hands a step is."""
    if isinstance(step, ByHand):
        if step.fix is not None:
            return step.fix.who
        return "developer of the integration" if step.change.id in CLIENTS else ADMIN
    return "whoever keeps the source" if isinstance(step, Mending) else ADMIN


def permission(step: Step) -> str:
    """The permission that a step needs; empty where none is known."""
    match step:
        case Deployment():
            return METADATA
        case RecordChange():
            return _RECORDS.get(step.patch.type, "")
        case ByHand(_, fix):
            return fix.permission if fix else ""
        case Mending():
            return ""
        case _:
            assert_never(step)


def document(plan: Plan, dangers: Sequence[str] = ()) -> dict[str, Any]:
    """A plan as data."""
    return {
        "code": plan.problem.code,
        "app": plan.app.name if plan.app else "",
        "app_kind": plan.app.kind if plan.app else "",
        "message": plan.problem.message,
        "place": plan.problem.place,
        "safety": plan.repair.safety,
        "because": plan.repair.because,
        "steps": [_data(step) for step in plan.steps],
        "missing": plan.missing,
        "dangers": tuple(dangers),
    }


def _data(step: Step) -> dict[str, Any]:
    ways = {Deployment: "deploy", Mending: "source", RecordChange: "record", ByHand: "by hand"}
    editions = step.editions if isinstance(step, Deployment | Mending) else ()
    edited = [{"type": e.key[0], "name": e.key[1], "edits": _edits(e)} for e in editions]
    removed = step.removed if isinstance(step, Deployment) else ()
    return {
        "way": ways[type(step)], "do": title(step), **dict(_details(step)),
        "components": edited,
        "deleted": [{"type": type_, "name": name} for type_, name in removed],
    }  # fmt: skip
