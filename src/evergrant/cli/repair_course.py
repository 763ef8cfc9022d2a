"""The course of an application: each step shown, agreed to, done, and written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from evergrant.cli.repair_shown import deployed_lines, proof_lines
from evergrant.cli.repaired import said
from evergrant.errors import BadInput
from evergrant.model import Session
from evergrant.repair import apply as doing
from evergrant.repair.draft import diff, drafts
from evergrant.repair.files import Files
from evergrant.repair.model import ByHand, Deployment, Mending, Plan, RecordChange
from evergrant.repair.told import title

OURS_ALONE = 0o600


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
        is_through = all(self._step(step, plan, files, told["steps"]) for step in plan.steps)
        proofs = said(doing.verify(self.session, plan), "Reading back") if is_through else []
        for line in proof_lines(proofs):
            self.say(line)
        proven = is_through and all(each.is_so for each in proofs)
        self.done[-1] = {**told, "proofs": proofs, "proven": proven}

    def _step(self, step: Any, plan: Plan, files: Files, told: list[dict[str, Any]]) -> bool:
        match step:
            case Deployment():
                end, more = self._deploy(step, plan, files)
            case RecordChange():
                end, more = self._record(step), {}
            case ByHand() | Mending():
                self.say(f"To be done by a person: {title(step)}")
                end, more = "by a person", {}
        told.append({"do": title(step), "end": end, **more})
        return end not in ("refused", "not agreed to", "changed meanwhile")

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
        """NOTE: an earlier backup is never written over: it may be the only way back."""
        about = f"{plan.problem.code}-{plan.app.name}" if plan.app else plan.problem.code
        path = self.folder / f"evergrant-backup-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{about}.zip"
        try:
            with path.open("xb") as kept:
                path.chmod(OURS_ALONE)
                kept.write(data)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise BadInput(
                f"the backup cannot be kept in {path}: nothing was changed", why=why, whose="you"
            ) from error
        self.say(f"The org's present state is in {path};")
        self.say(f"`evergrant repair undo {path}` brings it back.")
        return path

    def _record(self, step: RecordChange) -> str:
        if not self.records:
            self.say(f"Not allowed to write records; add --records, or by hand: {title(step)}")
            return "by a person"
        if not self._agreed(f"{title(step)}?"):
            return "not agreed to"
        is_new = said(doing.change_record(self.session, step), "Writing")
        end = "done" if is_new else "was so already"
        self.say(f"{title(step)}: {end}")
        return end
