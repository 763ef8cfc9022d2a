"""The tool `audit`: files below folders that the operator allowed, or what an org holds.

NOTE: without slots, as in `answers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evergrant import keeper as verbs
from evergrant.audit.model import Finding, Options, Report
from evergrant.audit.output.document import fixes_for
from evergrant.audit.run import audit
from evergrant.catalog import Fix
from evergrant.errors import BadInput, NotFound
from evergrant.keeper.findings import Findings, OrgFinding, findings_of
from evergrant.log import mask
from evergrant.mcp.house import House
from evergrant.model import as_json
from evergrant.store.org_audits import OrgAudit


@dataclass(frozen=True)
class AuditFinding:
    """One finding; `status` is fail or unknown, and unknown is never a pass."""

    code: str
    rule: str
    kind: str
    severity: str
    confidence: str
    status: str
    title: str
    message: str
    app: str
    file: str
    line: int
    fixes: list[str]
    since: str
    explains: str
    """The open incident's cause that it leads to."""


@dataclass(frozen=True)
class Audited:
    """The findings, worst first; `could_not_see` says what was hidden, and what that hides."""

    findings: list[AuditFinding]
    total: int
    next_offset: int | None
    could_not_see: list[str]
    unjudged_rules: int
    looked_at: str


def audit_files(house: House, paths: Sequence[str], profile: str) -> Audited:
    """Everything that is wrong in files.

    Raises `BadInput` for a path that no allowed folder holds, an unknown profile, or where nothing
    that is known was there.
    """
    allowed = [_allowed(house, Path(each)) for each in paths]
    report = audit(allowed, None, Options(profile, now=house.clock.now()))
    if fatal := [each for each in report.problems if each.is_fatal]:
        raise BadInput(mask(f"{fatal[0].place}: {fatal[0].what}"), next_step="name metadata files")
    return _of_report(report)


def audit_of(house: House, connection: str) -> Audited:
    """What the audits of a connection's org found and still stands.

    Raises `NotFound` for a connection that nobody knows, or an org that was not audited yet.
    """
    case = verbs.case_of(house.keeper, connection)
    found = findings_of(house.keeper, case)
    known = found.audit
    if known is None or known.at is None:
        raise NotFound(
            f"the org of {case.connection.name} was not audited yet",
            next_step=f"a person runs: evergrant audit --org {case.connection.name}",
        )
    return _of_org(found, known)


def part_of(whole: Audited, limit: int, offset: int) -> Audited:
    """A part of the findings, and how to go on."""
    rows = whole.findings[offset : offset + limit]
    more = offset + limit if offset + limit < whole.total else None
    return Audited(
        rows, whole.total, more, whole.could_not_see, whole.unjudged_rules, whole.looked_at
    )


def _allowed(house: House, path: Path) -> Path:
    """The real path, if an allowed folder holds it; only then is it told whether it is there."""
    real = path.resolve()
    if not any(real.is_relative_to(folder.resolve()) for folder in house.folders):
        raise BadInput(
            "that path is in no folder that the operator allowed",
            next_step="the operator starts it with: evergrant mcp --allow-folder FOLDER",
            whose="operator",
        )
    return real


def _of_report(report: Report) -> Audited:
    return Audited(
        [_of_finding(each) for each in report.findings],
        len(report.findings),
        None,
        _unseen((str(each.place), each.what, each.hides) for each in report.problems),
        len(report.unjudged),
        f"{report.files} files with {report.apps} apps",
    )


def _of_finding(each: Finding) -> AuditFinding:
    return AuditFinding(
        each.code, each.rule, each.kind, each.severity, each.confidence, each.status, each.title,
        mask(each.message), each.app, each.file, each.line, _steps(fixes_for([each])), "", "",
    )  # fmt: skip


def _of_org(found: Findings, known: OrgAudit) -> Audited:
    return Audited(
        [_of_org_finding(each) for each in found.ours],
        len(found.ours),
        None,
        _unseen(("", each.what, each.hides) for each in known.hidden),
        known.unjudged,
        f"the org, {as_json(known.at)}, with "
        + ("an admin's session" if known.eyes == "lent" else "the connection's own token")
        + f"; {found.others} more are about other apps and other users",
    )


def _of_org_finding(each: OrgFinding) -> AuditFinding:
    rule, found = each.rule, each.found
    return AuditFinding(
        rule.code, rule.id, rule.kind, found.severity, rule.confidence, "fail", rule.title,
        mask(found.message), found.app, "", 0, _steps(each.fixes), str(as_json(found.since)),
        each.cause,
    )  # fmt: skip


def _steps(fixes: Iterable[Fix]) -> list[str]:
    return [f"{fix.who}: {fix.do}" + (f" ({fix.where})" if fix.where else "") for fix in fixes]


def _unseen(told: Iterable[tuple[str, str, str]]) -> list[str]:
    return [
        mask(f"{place}: {what}" if place else what) + (f"; hides {hides}" if hides else "")
        for place, what, hides in told
    ]
