"""A repair tried out in the emulator: the client's flow before it, across it and after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from evergrant.drills.rehearsal import ground_of
from evergrant.drills.replayed import Habits, Told
from evergrant.repair import apply
from evergrant.repair.files import Files
from evergrant.repair.model import Problem
from evergrant.repair.plan import plan as planned

SOUND: Final = Habits()


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a repair did to an emulated org and to the client."""

    before: tuple[Told, ...]
    """A new connection as things are."""
    done: tuple[str, ...]
    """What was changed, or why it was not."""
    standing: tuple[Told, ...]
    """The connection that stood before the repair; empty where there was none."""
    after: tuple[Told, ...]
    """A new connection afterwards."""
    proofs: tuple[apply.Proof, ...]

    @property
    def is_repaired(self) -> bool:
        """Whether a new connection works afterwards, and everything is as the plan wants it."""
        works = bool(self.after) and all(each.ok for each in self.after)
        return works and all(each.is_so for each in self.proofs)

    @property
    def must_reauthorize(self) -> bool:
        """Whether the connection that stood before did not survive."""
        return bool(self.standing) and not all(each.ok for each in self.standing)


def simulate(
    problem: Problem, files: Files, given: Mapping[str, str], habits: Habits = SOUND
) -> Simulated:
    """Load the app into an emulated org, break, repair, and replay the client's flow.

    Raises `BadInput` where the emulated org does not take the app's files, and as `plan` does.
    """
    app = files.app(problem.app, problem.app_kind)
    with ground_of(app, files, given, habits) as ground:
        before = tuple(ground.client.connect())
        stood = ground.client.held
        since = ground.control.clock.now()
        plan = planned(
            replace(problem, app=app.name, app_kind=app.kind), ground.files(), ground.given
        )
        done = tuple(ground.carry_out(plan.steps))
        ground.client.held = stood
        standing = tuple(ground.client.go_on()) if stood else ()
        after = tuple(ground.client.connect())
        proofs = ground.say(apply.verify(ground.session, plan, since))
    return Simulated(before, done, standing, after, tuple(proofs))
