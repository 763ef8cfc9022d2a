"""The course of an application: each step shown, agreed to, done, and written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from evergrant.cli.repair_back import keep_way_back
from evergrant.cli.repair_shown import deployed_lines, proof_lines
from evergrant.cli.repaired import said
from evergrant.errors import NotFound, Refused
from evergrant.model import Session
from evergrant.repair import apply as doing
from evergrant.repair.draft import diff, drafts
from evergrant.repair.files import Files
from evergrant.repair.model import Deployment, Plan, RecordChange, Step
from evergrant.repair.told import title

STOPS = frozenset({"refused", "not agreed to", "changed meanwhile", "failed"})
"""Ends of a step after which nothing that comes later is done: who is not let in yet would be shut
out."""


class Course:
    """One application of some plans; `done` is what came of each."""

    def __init__(
        self, session: Session, say: Callable[[str], None], *, yes: bool, records: bool,
        folder: Path,
    ) -> None:  # fmt: skip
        self.session, self.say = session, say
        self.yes, self.records, self.folder = yes, records, folder
        self.done: list[dict[str, Any]] = []

    @property
    def is_proven(self) -> bool:
        """Whether all of it was done and is so."""
        return all(each["proven"] for each in self.done)

    def apply(self, plan: Plan, files: Files) -> None:
        """Carry one plan out, step by step, as far as it goes; then read back.

        Raises what the org raises, and `BadInput` where the backup cannot be kept.
        """
        told: dict[str, Any] = {"code": plan.problem.code, "steps": [], "proofs": ()}
        self.done.append({**told, "proven": False})
        is_through = all(
            self._run(kind, tuple(run), plan, files, told["steps"])
            for kind, run in groupby(plan.steps, type)
        )
        proofs = said(doing.verify(self.session, plan), "Reading back") if is_through else []
        for line in proof_lines(proofs):
            self.say(line)
        proven = is_through and all(each.is_so for each in proofs)
        self.done[-1] = {**told, "proofs": proofs, "proven": proven}

    def _run(
        self, kind: type, steps: tuple[Step, ...], plan: Plan, files: Files,
        told: list[dict[str, Any]],
    ) -> bool:  # fmt: skip
        """Steps of one kind that follow one another; whether what comes after them may be done."""
        if kind is RecordChange:
            records = tuple(each for each in steps if isinstance(each, RecordChange))
            ends = self._records(records)
            told += [
                {"do": title(each), "of": each.of, **end}
                for each, end in zip(records, ends, strict=True)
            ]
            return all(each["end"] not in STOPS for each in ends)
        return all(self._step(step, plan, files, told) for step in steps)

    def _step(self, step: Step, plan: Plan, files: Files, told: list[dict[str, Any]]) -> bool:
        if isinstance(step, Deployment):
            end, more = self._deploy(step, plan, files)
        else:
            self.say(f"To be done by a person: {title(step)}")
            end, more = "by a person", {}
        told.append({"do": title(step), "end": end, **more})
        return end not in STOPS

    def _agreed(self, question: str) -> bool:
        return self.yes or click.confirm(question)

    def _deploy(self, step: Deployment, plan: Plan, files: Files) -> tuple[str, dict[str, Any]]:
        name = plan.app.name if plan.app else ""
        if doing.is_done(step, files, name):
            self.say("The org is so already: nothing is deployed.")
            return "was so already", {}
        self.say("".join(diff(each) for each in drafts(step, files, name)).rstrip("\n"))
        for type_, gone in step.removed:
            self.say(f"{type_} {gone} is deleted")
        if not self._agreed(f"Deploy this ({plan.repair.because or 'safe'})?"):
            return "not agreed to", {}
        if not said(doing.same_still(self.session, step, files), "Looking once more"):
            self.say("Somebody changed the org meanwhile: nothing is deployed. Begin again.")
            return "changed meanwhile", {}
        path = self._keep(plan, doing.backup(step, files))
        package = doing.package_of(step, files, name)
        deployed = said(doing.carry_out(self.session, package), "Deploying")
        for line in deployed_lines(deployed):
            self.say(line)
        end = "deployed" if deployed.is_done else "refused"
        return end, {"backup": str(path), "deployed": deployed}

    def _keep(self, plan: Plan, data: bytes) -> Path:
        about = f"{plan.problem.code}-{plan.app.name}" if plan.app else plan.problem.code
        return keep_way_back(self.folder, about, data, self.say)

    def _records(self, steps: Sequence[RecordChange]) -> list[dict[str, str]]:
        """What came of each record: one question for all of them, and one that fails stops none."""
        for step in steps:
            self.say(title(step))
        if not self.records:
            self.say("Not allowed to write records: add --records, or do it by hand.")
            return [{"end": "by a person"}] * len(steps)
        count = f"{len(steps)} record{'s' * (len(steps) != 1)}"
        if not self._agreed(f"Change {count}?"):
            return [{"end": "not agreed to"}] * len(steps)
        ends = [self._record(step) for step in steps]
        kinds = Counter(each["end"] for each in ends)
        self.say(f"{count}: {', '.join(f'{n} {end}' for end, n in kinds.items())}.")
        return ends

    def _record(self, step: RecordChange) -> dict[str, str]:
        try:
            is_new = said(doing.change_record(self.session, step), f"Writing {step.of}")
        except (Refused, NotFound) as error:
            self.say(f"{title(step)}: failed: {error.what}")
            return {"end": "failed", "why": error.what}
        end = "done" if is_new else "was so already"
        self.say(f"{title(step)}: {end}")
        return {"end": end}
