"""What a repair of a connection's org would change, made anew from the metadata that was seen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evergrant.catalog import Cause, Fix
from evergrant.catalog.repairs import of_change
from evergrant.errors import NotFound
from evergrant.keeper.keeper import Keeper
from evergrant.model import Connection, Integration
from evergrant.repair.draft import Draft, dangers, diff, drafts
from evergrant.repair.files import App, Files
from evergrant.repair.model import Plan, Problem, RecordChange
from evergrant.repair.plan import plan
from evergrant.repair.told import title

_KEYS = {
    "ConnectedApp": "oauthConfig/consumerKey",
    "ExtlClntAppGlobalOauthSettings": "consumerKey",
}
"""Where an app's files say its consumer key (org-model 1.2, 1.4)."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a repair is about, apart from what the org holds."""

    connection: Connection
    integration: Integration
    cause: Cause
    fix: Fix


@dataclass(frozen=True, slots=True)
class Prepared:
    """What would be changed, as a person is asked to agree to it."""

    plan: Plan
    files: Files
    diffs: tuple[str, ...]
    """One unified diff for each component that changes; secrets are masked."""
    dangers: tuple[str, ...]
    """Why it is not carried out, whoever agrees."""

    @property
    def can_be_done(self) -> bool:
        """Whether a program may carry it out now."""
        return self.plan.is_ready and not self.dangers and self.has_work

    @property
    def has_work(self) -> bool:
        """Whether a program has anything to do: what is so already needs nobody's yes."""
        is_record = any(isinstance(each, RecordChange) for each in self.plan.steps)
        return bool(self.diffs or is_record or any(each.removed for each in self.plan.deployments))

    @property
    def seal(self) -> str:
        """What a yes stands for: another change, or another state of the org, has another one."""
        return hashlib.sha256("\0".join(self._told()).encode()).hexdigest()

    def _told(self) -> Iterator[str]:
        yield from self.diffs
        for each in self.plan.steps:
            yield title(each)
            if isinstance(each, RecordChange):
                yield f"{each.patch.type} {each.of} {each.value}"
        for each in self.plan.deployments:
            yield from (f"{type_} {name}" for type_, name in each.removed)


def is_repairable(change: str) -> bool:
    """Whether a program can carry a change."""
    return of_change(change) is not None


def ground_of(
    keeper: Keeper, connection: Connection, integration: Integration, cause: str, number: int
) -> Ground:
    """What a step of a cause is about.  Raises `NotFound` for one that no program can carry."""
    known = keeper.catalog.causes.get(cause)
    if known is None or not 1 <= number <= len(known.fixes):
        raise NotFound("there is no such step", next_step="go back to what stands in the way")
    fix = known.fixes[number - 1]
    if not is_repairable(fix.change):
        raise NotFound("no program can do this step", next_step="do it in Setup")
    return Ground(connection, integration, known, fix)


def prepare(ground: Ground, files: Files, given: Mapping[str, str]) -> Prepared:
    """What would be changed in an org that holds these files.

    Raises `NotFound` where the app is not among them, `BadInput` where that cannot be told.
    """
    problem = _problem(ground, files)
    made = plan(problem, files, given)
    name = made.app.name if made.app else ""
    found = [each for step in made.deployments for each in drafts(step, files, name)]
    shown = tuple(_shown(each) for each in found if each.changes)
    return Prepared(made, files, shown, tuple(dangers(made, files)))


def _shown(draft: Draft) -> str:
    return diff(draft)


def _problem(ground: Ground, files: Files) -> Problem:
    app, who = _own(ground, files), ground.connection.identity
    known = {"user": who.username} if who and who.username else {}
    return Problem(
        ground.cause.id, app.name if app else ground.integration.app_label,
        app.kind if app else "", ground.cause.title, fixes=(ground.fix,), given=known,
        change=ground.fix.change,
    )  # fmt: skip


def _own(ground: Ground, files: Files) -> App | None:
    """The connection's own app, by its consumer key: labels may be many apps'."""
    key = ground.integration.app.consumer_key
    for app in files.apps():
        parts = app.parts.items()
        if key in [part.text(_KEYS[type_]) for type_, part in parts if type_ in _KEYS]:
            return app
    return None
