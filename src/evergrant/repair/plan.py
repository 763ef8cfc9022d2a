"""Planning: from a problem and the metadata at hand to steps in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from evergrant.catalog.changes import Change, Patch
from evergrant.catalog.repairs import Repair, guided, of_change, repair_of
from evergrant.errors import BadInput, NotFound
from evergrant.repair.files import App, Files
from evergrant.repair.model import (
    ByHand,
    Deployment,
    Mending,
    Plan,
    Problem,
    RecordChange,
    Step,
)
from evergrant.repair.patches import MEANINGS, editions, filled, removals


def plan(problem: Problem, files: Files, given: Mapping[str, str]) -> Plan:
    """What is to be done about a problem; `given` fills in placeholders by name.

    Raises `NotFound` where no repair is known or the app is not among the files, `BadInput` where
    several apps bear the name.
    """
    repair = _repair(problem)
    app = _app(problem, files, repair)
    _ensure_one_user(repair, known_users(given) or known_users(problem.given))
    known = {**repair.defaults, **problem.given, **given, **({"app": app.name} if app else {})}
    steps = tuple(_steps(repair.changes, _Ground(app, files, known, problem, repair)))
    return Plan(problem, repair, app, steps, _missing(steps, known))


def _repair(problem: Problem) -> Repair:
    """What the change that is asked for does, or else what the rule says; raises `NotFound`."""
    found = (
        of_change(problem.change)
        if problem.change
        else repair_of(problem.rule, problem.code)
        or guided(problem.code, (each.change for each in problem.fixes))
    )
    if found is None or not found.changes:
        raise NotFound(
            f"no repair is known for {problem.change or problem.code}",
            next_step="its page says what a person can do",
        )
    return found


def _app(problem: Problem, files: Files, repair: Repair) -> App | None:
    """The app; records are changed, and people guided, also where its metadata was not seen."""
    if _edits_app(repair) or _is_there(problem, files):
        return files.app(problem.app, problem.app_kind)
    return None


def _edits_app(repair: Repair) -> bool:
    patches = () if repair.is_guided else (p for each in repair.changes for p in each.patches)
    return any("{app}" in each.of or each.act == "delete" for each in patches)


def _is_there(problem: Problem, files: Files) -> bool:
    named = [each for each in files.apps() if problem.app in (each.name, each.label)]
    return bool(problem.app and named)


def known_users(given: Mapping[str, str]) -> tuple[str, ...]:
    """The users that a placeholder names: several stand between commas, which no username has."""
    return tuple(name for each in given.get("user", "").split(",") if (name := each.strip()))


def _ensure_one_user(repair: Repair, users: Sequence[str]) -> None:
    patches = (patch for each in repair.changes for patch in each.patches)
    if len(users) > 1 and any("{user}" in str(each.value) for each in patches):
        raise BadInput(
            f"{repair.key} takes one user, and {len(users)} are named", next_step="name the one"
        )


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the steps of one plan stand on."""

    app: App | None
    files: Files
    given: Mapping[str, str]
    problem: Problem
    repair: Repair

    def patches(self, change: Change) -> tuple[Patch, ...]:
        """The patches of a change for this kind of app."""
        return change.patches_for(self.app.kind) if self.app else change.patches

    def by_hand(self, change: Change) -> ByHand:
        """The step in a person's hands, in the rule's words where it has some."""
        kind = self.app.kind if self.app else "any"
        fixes = [each for each in self.problem.fixes if each.change == change.id]
        fitting = [each for each in fixes if "any" in (kind, each.app) or each.app == kind]
        return ByHand(change, next(iter(fitting), None))


def _steps(changes: Sequence[Change], ground: _Ground) -> Iterator[Step]:
    """NOTE: records come before the deployment of the same run: who is to be let in is let in
    before anybody is shut out."""
    for way, run in groupby(changes, lambda each: _way(each, ground)):
        together = tuple(run)
        if way == "hand":
            yield from map(ground.by_hand, together)
            continue
        yield from _records(together, ground)
        yield from _edited(together, ground)


def _way(change: Change, ground: _Ground) -> str:
    if ground.repair.is_guided:
        return "hand"
    patches = ground.patches(change)
    is_carried = any(each.act != "delete" for each in patches) or removals(
        patches, ground.app, ground.files
    )
    return "program" if is_carried else "hand"


def _records(changes: Iterable[Change], ground: _Ground) -> Iterator[RecordChange]:
    seen = set[tuple[str, str, str]]()
    for change in changes:
        for patch in ground.patches(change):
            for given in _each_user(ground.given):
                of, value = filled(patch.of, given), filled(str(patch.value), given)
                if patch.way == "record" and (patch.type, of, value) not in seen:
                    seen.add((patch.type, of, value))
                    yield RecordChange(change, patch, of, value)


def _each_user(given: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """The values once for each user: a record is one user's."""
    if not (users := known_users(given)):
        yield given
    for each in users:
        yield {**given, "user": each}


def _edited(changes: tuple[Change, ...], ground: _Ground) -> Iterator[Step]:
    patches = [
        patch
        for change in changes
        for patch in ground.patches(change)
        if patch.way == "metadata"
    ]  # fmt: skip
    carried = tuple(each for each in changes if _has_metadata(each, ground))
    edits = editions([p for p in patches if p.act != "delete"], ground.app, ground.given)
    if ground.repair.in_source:
        yield Mending(carried, edits)
    elif gone := removals(patches, ground.app, ground.files):
        yield Deployment(carried, edits, gone)
    elif edits:
        yield Deployment(carried, edits)


def _has_metadata(change: Change, ground: _Ground) -> bool:
    return any(each.way == "metadata" for each in ground.patches(change))


def _missing(steps: Iterable[Step], given: Mapping[str, str]) -> dict[str, str]:
    """NOTE: what is asked for is what the steps of this plan need, not what a change could."""
    blanks: set[str] = set()
    for step in steps:
        changes = step.changes if isinstance(step, Deployment | Mending) else ()
        blanks |= {b for each in changes for patch in each.patches for b in patch.blanks}
        if isinstance(step, RecordChange):
            blanks |= step.patch.blanks
    open_ = sorted(blanks - {*given} - {"consumer_key"})
    return {name: MEANINGS[name] for name in open_}
