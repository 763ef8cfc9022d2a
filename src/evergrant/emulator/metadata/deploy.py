"""A deployment: a package brought into the org, whole or in part, and what came of each piece."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, assert_never

from evergrant.emulator.metadata.document import checked
from evergrant.emulator.metadata.holders import HOLDERS
from evergrant.emulator.metadata.holders.external_app import make_policies, settle
from evergrant.emulator.metadata.holders.holder import Change
from evergrant.emulator.metadata.markup import Malformed, read
from evergrant.emulator.metadata.package import Remove, Write, Wrong, open_package, steps
from evergrant.emulator.metadata.problems import TEXTS, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrant.emulator.metadata.document import Document
    from evergrant.emulator.metadata.package import Step
    from evergrant.emulator.org import Org
    from evergrant.emulator.schema import Mark

TEST_LEVELS: Final = (
    "NoTestRun", "RunSpecifiedTests", "RunLocalTests", "RunAllTestsInOrg", "RunRelevantTests",
)  # fmt: skip
"""Taken and of no effect: this org has no Apex. The last is newer than the notes (inferred)."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a package is to be deployed (DeployOptions)."""

    check_only: bool = False
    ignore_warnings: bool = False
    rollback_on_error: bool = True
    allow_missing_files: bool = False
    test_level: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What came of one component (DeployMessage)."""

    file: str
    name: str
    type: str = ""
    id: str = ""
    created: bool = False
    changed: bool = False
    deleted: bool = False
    problem: str = ""
    problem_type: str = ""
    line: int = 0
    column: int = 0
    reason: str = ""
    """The name of the problem's text in problems.TEXTS."""
    mark: Mark | None = None
    """How well the problem's words are known."""
    is_failure: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a deployment."""

    messages: tuple[Message, ...] = ()
    refused: Refused | None = None
    """Why nothing was tried at all; None where the package could be opened."""
    rolled_back: bool = False

    @property
    def failures(self) -> int:
        """How many components failed."""
        return sum(each.is_failure for each in self.messages)


def deploy(org: Org, raw: bytes, options: Options, version: str, by: str) -> Outcome:
    """Deploy a zip in the name of a user; the org's database must be in a transaction."""
    try:
        package = open_package(raw)
    except Refused as refused:
        return Outcome(refused=refused)
    wanted = steps(package, allow_missing=options.allow_missing_files)
    number = float(package.manifest.version or version)
    last = org.db.execute('SELECT max(rowid) FROM "SetupAuditTrail"').fetchone()[0] or 0
    with _undoing(org) as undo:
        settle(org)
        messages = tuple(_step(org, each, options, number) for each in wanted)
        make_policies(org)
        failed = any(each.is_failure for each in messages)
        if options.check_only or (failed and options.rollback_on_error):
            undo.append(True)
    org.db.execute('UPDATE "SetupAuditTrail" SET "CreatedById" = ? WHERE rowid > ?', (by, last))
    return Outcome(messages, rolled_back=bool(undo))


@contextmanager
def _undoing(org: Org) -> Iterator[list[bool]]:
    """Undo what the block did to the database, if it says so or fails."""
    undo: list[bool] = []
    org.db.execute("SAVEPOINT part")
    try:
        yield undo
    except BaseException:
        undo.append(True)
        raise
    finally:
        if undo:
            org.db.execute("ROLLBACK TO part")
            org.db.forget()
        org.db.execute("RELEASE part")


def _step(org: Org, step: Step, options: Options, version: float) -> Message:
    """One component; a failure leaves nothing of it behind."""
    match step:
        case Wrong(file, name, why):
            return _failed(Message(file, name), why)
        case Write(type_, name, file):
            blank = Message(file, name, type_.name)
        case Remove(type_, name, file):
            blank = Message(file, name, type_.name)
        case _:
            assert_never(step)
    try:
        with _undoing(org):
            return _write(org, step, blank, options, version) if isinstance(step, Write) else (
                _remove(org, step, blank)
            )  # fmt: skip
    except Refused as refused:
        return _failed(blank, refused)


def _failed(blank: Message, why: Refused) -> Message:
    return replace(
        blank, problem=why.message, problem_type=why.kind, line=why.line, column=why.column,
        reason=why.key, mark=why.mark, is_failure=True,
    )  # fmt: skip


def _write(
    org: Org, step: Write, blank: Message, options: Options, version: float
) -> Message:  # fmt: skip
    holder = HOLDERS[step.type.name]
    document = _document(step, version)
    is_new = step.name not in holder.names(org)
    before = None if is_new else holder.read(org, step.name)
    holder.write(Change(org, step.name, document, options.ignore_warnings))
    record = holder.id_of(org, step.name) if holder.id_of is not None else ""
    is_changed = before != holder.read(org, step.name)
    return replace(blank, created=is_new, changed=is_changed, id=record)


def _document(step: Write, version: float) -> Document:
    try:
        node = read(step.content)
    except Malformed as error:
        refused = Refused("xml", why=error.message)
        refused.line, refused.column = error.line, error.column
        raise refused from error
    root = step.type.root_of(step.name)
    if root is None or step.type.since > version:
        raise Refused("no_component", node, type=step.type.name, name=step.name)
    if node.name != root.name:
        raise Refused("root", node, file=step.file, expected=root.name, found=node.name)
    return checked(root, node, version)


def _remove(org: Org, step: Remove, blank: Message) -> Message:
    """Delete a component; that one which is not there only warns is inferred."""
    holder, told = HOLDERS[step.type.name], TEXTS["no_component"]
    if holder.remove is None or step.name not in holder.names(org):
        problem = told.template.format(type=step.type.name, name=step.name)
        return replace(blank, problem=problem, problem_type="Warning",
                       reason="no_component", mark=told.mark)  # fmt: skip
    holder.remove(org, step.name)
    return replace(blank, deleted=True, changed=True)
