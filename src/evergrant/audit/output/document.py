"""The review as one JSON document (`evergrant.audit/1`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evergrant.audit.checklist import checklist
from evergrant.catalog.rules import SEVERITIES
from evergrant.model import as_json

if TYPE_CHECKING:
    from evergrant.audit.model import Finding, Place, Problem, Trait
    from evergrant.audit.review import Review
    from evergrant.catalog.entries import Fix
    from evergrant.catalog.rules import Rule

NOTHING = "Nothing was judged: neither a file nor an org told anything."
"""What a review says that judged nothing: loudly, for it is no pass."""
KINDS = ("breaks", "risk", "hygiene")
"""In the order in which they are told: what breaks comes first."""


def document(review: Review) -> dict[str, Any]:
    """Everything, without what repeats: rules stand once, by id.

    `findings` are those that count; `known` (to the baseline) and `suppressed` stand apart.
    A line or column is null where there is none.
    """
    return {**_head(review), **{name: list(rows) for name, rows in _lists(review).items()}}


def json_text(review: Review) -> str:
    """The document as text (`evergrant.audit/1`), a finding a line."""
    head = {"schema": "evergrant.audit/1", **_head(review)}
    return in_lines(head, {name: map(encoded, rows) for name, rows in _lists(review).items()})


def encoded(row: Mapping[str, Any]) -> str:
    """One object in one line; secrets masked."""
    return json.dumps(as_json(row), ensure_ascii=False)


def in_lines(head: Mapping[str, Any], lists: Mapping[str, Iterable[str]]) -> str:
    """One JSON object of a head and of lists whose members are encoded already.

    Only text is kept of a member, for of ten thousand files there are many.
    """
    parts = [json.dumps(as_json(head), ensure_ascii=False, indent=1).removesuffix("\n}")]
    for name, rows in lists.items():
        held = ",\n  ".join(rows)
        parts.append(f',\n "{name}": [\n  {held}\n ]' if held else f',\n "{name}": []')
    return "".join([*parts, "\n}\n"])


def _head(review: Review) -> dict[str, Any]:
    report = review.report
    return {
        "at": report.at,
        "profile": report.profile,
        "read": {"files": report.files, "apps": report.apps, "projects": report.projects},
        "counts": counts(review),
        "checklist": points(review),
        "gone": review.gone,
        "suppressions": {"over": review.over, "idle": review.idle},
        "problems": [_problem(each) for each in report.problems],
        "unjudged": [
            {"rule": each.by.id, "code": each.by.code, "needs": each.needs}
            for each in report.unjudged
        ],
        "tallies": report.tallies,
        "rules": {each.id: rule_data(each) for each in rules_of(review)},
    }


def _lists(review: Review) -> dict[str, Iterator[dict[str, Any]]]:
    return {
        "findings": map(finding_data, review.counted),
        "known": map(finding_data, review.known),
        "suppressed": ({**finding_data(s.finding), "by": s.by} for s in review.suppressed),
    }


def counts(review: Review) -> dict[str, Any]:
    """How many findings count, by kind and by severity, and how many do not."""
    kinds = Counter(each.kind for each in review.failed)
    severities = Counter(each.severity for each in review.failed)
    return {
        "kind": {each: kinds[each] for each in KINDS},  # type: ignore[index]  # the same words
        "severity": {each: severities[each] for each in SEVERITIES},
        "fail": len(review.failed),
        "unknown": len(review.undecided),
        "known": len(review.known),
        "suppressed": len(review.suppressed),
    }


def points(review: Review) -> list[dict[str, Any]]:
    """The points of the profile, where one was chosen."""
    profile = review.profile
    return [
        {
            "point": each.point.title,
            "standing": each.standing,
            "rules": each.point.rules,
            "findings": [finding.fingerprint for finding in each.findings],
            "needs": each.needs,
            "asks": each.point.asks,
        }
        for each in (checklist(review, profile) if profile else ())
    ]


def finding_data(finding: Finding) -> dict[str, Any]:
    """One finding, flat."""
    return {
        "code": finding.code,
        "rule": finding.rule,
        "kind": finding.kind,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "status": finding.status,
        "title": finding.title,
        "message": finding.message,
        "reason": finding.reason,
        "app": finding.app,
        "app_kind": finding.app_kind,
        "subject": finding.subject,
        "name": finding.name,
        "project": finding.project,
        **_place(finding.place),
        "fingerprint": finding.fingerprint,
        "evidence": [_trait(each) for each in finding.evidence],
    }


def rules_of(review: Review) -> list[Rule]:
    """The rules of all findings, by id."""
    found = {each.rule: each.by for each in every(review)}
    return [found[id_] for id_ in sorted(found)]


def every(review: Review) -> Iterator[Finding]:
    """Every finding: those that count, those that the baseline knows, the suppressed."""
    yield from review.counted
    yield from review.known
    yield from (each.finding for each in review.suppressed)


def fixes_for(group: Sequence[Finding]) -> list[Fix]:
    """The steps of a rule that concern the kinds of app among its findings."""
    kinds = {each.app_kind for each in group}
    return [each for each in group[0].by.fixes if each.app == "any" or {each.app, ""} & kinds]


def rule_data(rule: Rule) -> dict[str, Any]:
    """What the catalog says of a rule."""
    return {
        "code": rule.code,
        "title": rule.title,
        "kind": rule.kind,
        "severity": rule.severity,
        "confidence": rule.confidence,
        "why": rule.why,
        "inferred": rule.inferred,
        "mark": rule.mark,
        "fixes": [_fix(each) for each in rule.fixes],
        "causes": rule.causes,
        "tags": rule.tags,
        "sources": [
            {"url": each.url, "kind": each.kind, "checked": each.checked} for each in rule.sources
        ],
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "who": fix.who,
        "do": fix.do,
        "where": fix.where,
        "app": fix.app,
        "permission": fix.permission,
        "change": fix.change,
        "mark": fix.mark,
    }


def _trait(trait: Trait) -> dict[str, Any]:
    return {
        "trait": trait.name,
        "value": trait.value,
        "origin": trait.origin,
        "quote": trait.quote,
        "mark": trait.mark,
        **_place(trait.place),
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "what": problem.what,
        "hides": problem.hides,
        "is_fatal": problem.is_fatal,
        **_place(problem.place),
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "file": place.file,
        "line": place.line or None,
        "column": place.column or None,
        "end_column": place.end_column or None,
        "element": place.element,
    }


def by_rule(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings by the id of their rule, worst rule first, then as they came."""
    groups: dict[str, list[Finding]] = {}
    for each in findings:
        groups.setdefault(each.rule, []).append(each)
    worst = {id_: min(SEVERITIES.index(f.severity) for f in group) for id_, group in groups.items()}
    return {id_: groups[id_] for id_ in sorted(groups, key=lambda id_: (worst[id_], id_))}
