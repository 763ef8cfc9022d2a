"""The review as SARIF 2.1.0 (OASIS Static Analysis Results Interchange Format).

What is unknown is `open` ("insufficient information", SARIF 3.27.9), what the baseline knows is
`unchanged`, what somebody answers for carries an accepted suppression.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from evergrant.audit.model import Place, Problem
from evergrant.audit.output.document import NOTHING, counts, encoded, in_lines, rules_of

if TYPE_CHECKING:
    from evergrant.audit.model import Finding
    from evergrant.audit.review import Review
    from evergrant.catalog.rules import Confidence, Rule, Severity

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"
"""What relative addresses are relative to: the folder in which the audit was run."""
FINGERPRINT = "evergrantFinding/v1"
LEVELS: Mapping[Severity, str] = {
    "critical": "error",
    "high": "error",
    "medium": "warning",
    "low": "note",
    "info": "note",
}
_SCORES: Mapping[Severity, str] = {
    "critical": "9.5",
    "high": "8.0",
    "medium": "5.5",
    "low": "3.0",
    "info": "1.0",
}
"""For code hosts that sort security results by a number (`security-severity`)."""
_PRECISION: Mapping[Confidence, str] = {"high": "high", "medium": "medium", "low": "low"}


def sarif(review: Review) -> str:
    """The whole log as text."""
    rules = rules_of(review)
    log = _Log({rule.id: number for number, rule in enumerate(rules)})
    # Encoded first: results number the artifacts that the head then lists.
    results = [encoded(each) for each in _results(review, log)]
    problems = [*review.report.problems, *_emptiness(review)]
    run = {
        "tool": {"driver": _driver(rules)},
        "invocations": [
            {
                "executionSuccessful": not any(each.is_fatal for each in problems),
                "toolExecutionNotifications": [_notification(each, log) for each in problems],
            }
        ],
        "originalUriBaseIds": {ROOT: {"description": {"text": "where the audit was run"}}},
        "artifacts": log.artifacts,
        "columnKind": "unicodeCodePoints",
        "properties": {"counts": counts(review)},
    }
    head = {"$schema": SCHEMA, "version": "2.1.0"}
    return in_lines(head, {"runs": [in_lines(run, {"results": results})]})


@dataclass(slots=True)
class _Log:
    """What results refer to by number."""

    rules: Mapping[str, int]
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def artifact(self, file: str) -> dict[str, Any]:
        """Where a file is; a member of a zip stands inside the zip's artifact (SARIF 3.24.3)."""
        outer, _, inner = file.partition("!")
        number = self._number(outer, _address(outer))
        if not inner:
            return {**_address(outer), "index": number}
        address = {"uri": quote(inner.lstrip("/"))}
        return {**address, "index": self._number(file, address, number)}

    def _number(self, file: str, address: dict[str, Any], parent: int | None = None) -> int:
        if file not in self.numbers:
            self.numbers[file] = len(self.artifacts)
            inside = {} if parent is None else {"parentIndex": parent}
            self.artifacts.append({"location": address, **inside})
        return self.numbers[file]


def _address(file: str) -> dict[str, Any]:
    if PurePosixPath(file).is_absolute():
        return {"uri": f"file://{quote(file)}"}
    if PureWindowsPath(file).is_absolute():
        return {"uri": f"file:///{quote(file, safe='/:')}"}
    # NOTE: `./` is taken away: code hosts compare addresses as texts.
    return {"uri": quote(file.removeprefix("./")), "uriBaseId": ROOT}


def _results(review: Review, log: _Log) -> Iterator[dict[str, Any]]:
    state = {"baselineState": "new"} if review.has_baseline else {}
    for each in review.counted:
        yield {**_result(each, log), **state}
    for each in review.known:
        yield {**_result(each, log), "baselineState": "unchanged"}
    for suppressed in review.suppressed:
        by = suppressed.by
        why = f"{by.reason} ({by.owner}, until {by.until})"
        accepted = {"kind": "external", "status": "accepted", "justification": why}
        yield {**_result(suppressed.finding, log), "suppressions": [accepted]}
    for gone in review.gone:
        yield {
            "ruleId": gone.rule,
            "message": {"text": f"{gone.name}: no longer found."},
            "locations": [{"physicalLocation": {"artifactLocation": log.artifact(gone.file)}}]
            if gone.file
            else [],
            "partialFingerprints": {FINGERPRINT: gone.fingerprint},
            "baselineState": "absent",
        }


def _result(finding: Finding, log: _Log) -> dict[str, Any]:
    is_known = finding.status == "fail"
    text = finding.message if is_known else f"{finding.message} Not known: {finding.reason}"
    return {
        "ruleId": finding.rule,
        "ruleIndex": log.rules[finding.rule],
        "kind": "fail" if is_known else "open",
        "level": LEVELS[finding.severity] if is_known else "none",
        "message": {"text": text},
        "locations": [_location(finding, log)],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
        "properties": {
            "code": finding.code,
            "kind": finding.kind,
            "severity": finding.severity,
            "confidence": finding.confidence,
            "app": finding.app,
        },
    }


def _location(finding: Finding, log: _Log) -> dict[str, Any]:
    name = {"name": finding.name, "kind": finding.subject}
    logical = {"logicalLocations": [{**name, "fullyQualifiedName": _full_name(finding)}]}
    return {**_physical(finding.place, log), **logical}


def _full_name(finding: Finding) -> str:
    return "/".join(each for each in (finding.name, finding.place.element) if each)


def _physical(place: Place, log: _Log) -> dict[str, Any]:
    if not place.file:
        return {}
    where: dict[str, Any] = {"artifactLocation": log.artifact(place.file)}
    if place.line:
        where["region"] = _region(place)
    return {"physicalLocation": where}


def _region(place: Place) -> dict[str, int]:
    given = {
        "startLine": place.line,
        "startColumn": place.column,
        # NOTE: SARIF's end is the column after the last character, as ours is (3.30.8).
        "endColumn": place.end_column if place.column else 0,
    }
    return {name: number for name, number in given.items() if number}


def _emptiness(review: Review) -> list[Problem]:
    """That nothing was judged: no results would read as a pass."""
    if not review.report.is_empty:
        return []
    return [Problem(Place(), NOTHING, is_fatal=True)]


def _notification(problem: Problem, log: _Log) -> dict[str, Any]:
    text = f"{problem.what} {problem.hides}".strip()
    where = _physical(problem.place, log)
    return {
        "level": "error" if problem.is_fatal else "warning",
        "message": {"text": text},
        **({"locations": [where]} if where else {}),
    }


def _driver(rules: list[Rule]) -> dict[str, Any]:
    return {
        "name": "Evergrant",
        "semanticVersion": _version(),
        "rules": [_descriptor(each) for each in rules],
    }


def _descriptor(rule: Rule) -> dict[str, Any]:
    is_risk = rule.kind == "risk"
    return {
        "id": rule.id,
        "name": rule.code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "helpUri": rule.sources[0].url,
        "help": {"text": "\n".join(_help(rule)), "markdown": "\n\n".join(_help(rule))},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {
            "precision": _PRECISION[rule.confidence],
            "tags": [rule.kind, *(["security"] if is_risk else []), *rule.tags],
            **({"security-severity": _SCORES[rule.severity]} if is_risk else {}),
        },
    }


def _help(rule: Rule) -> Iterator[str]:
    yield rule.why
    if rule.inferred:
        yield f"Inferred, not documented: {rule.inferred}."
    for fix in rule.fixes:
        yield f"{fix.who}: {fix.do}{f' ({fix.where})' if fix.where else ''}"


@cache
def _version() -> str:
    from importlib.metadata import version

    return version("evergrant")
