"""The review as Markdown, as a comment on a change or a page of a wiki holds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from evergrant.audit.checklist import checklist
from evergrant.audit.output.document import KINDS, NOTHING, by_rule, counts, fixes_for
from evergrant.audit.output.escaping import markdown as md
from evergrant.audit.output.text import HEADINGS, MARKS, said

if TYPE_CHECKING:
    from evergrant.audit.model import Finding
    from evergrant.audit.review import Review

PLACES = 20
"""Of one rule; who wants more reads the JSON."""


def markdown(review: Review) -> str:
    """The whole document; a rule's why and way out stand under its places."""
    return "\n\n".join(block for block in _blocks(review) if block) + "\n"


def _blocks(review: Review) -> Iterator[str]:
    report = review.report
    yield "# Audit"
    yield _counts(review)
    if report.is_empty:
        yield f"**{NOTHING}**"
    if review.profile:
        lines = (f"{MARKS[each.standing][0]} {md(said(each))}"
                 for each in checklist(review, review.profile))  # fmt: skip
        yield from _list(md(review.profile.title), lines)
    for kind in KINDS:
        found = by_rule(each for each in review.failed if each.kind == kind)
        if found:
            yield f"## {HEADINGS[kind]}"
        for group in found.values():
            yield from _group(group)
    yield from _list("Not known", _undecided(review.undecided))
    yield from _list(
        "Could not be read", (f"{md(str(e.place))}: {md(e.what)}" for e in report.problems)
    )
    yield from _list("Not judged", sorted({md(each.needs) for each in report.unjudged}))
    yield from _list("Suppressed", (
        f"{md(each.finding.code)} {md(_where(each.finding))}: {md(each.by.reason)} "
        f"({md(each.by.owner)}, until {each.by.until})" for each in review.suppressed
    ))  # fmt: skip
    yield from _list("Suppressions that no longer count", (md(str(each)) for each in review.over))


def _counts(review: Review) -> str:
    told, report = counts(review), review.report
    head = ("breaks", "risk", "hygiene", "not known", "in the baseline", "suppressed")
    row = (*(told["kind"][kind] for kind in KINDS), told["unknown"], told["known"],
           told["suppressed"])  # fmt: skip
    table = _table(head, [tuple(map(str, row))])
    return f"{table}\n\n{report.apps} apps, {report.files} files."


def _group(group: Sequence[Finding]) -> Iterator[str]:
    rule = group[0].by
    yield f"### {md(rule.title)} ({md(rule.code)})"
    yield f"`{rule.id}`, {group[0].severity}, confidence {group[0].confidence}."
    rows = [(md(_where(each)), md(each.app), md(each.message)) for each in group[:PLACES]]
    yield _table(("where", "app", "what"), rows)
    if len(group) > PLACES:
        yield f"And {len(group) - PLACES} more."
    yield from _explained(group)


def _explained(group: Sequence[Finding]) -> Iterator[str]:
    rule = group[0].by
    yield md(rule.why)
    if rule.inferred:
        yield f"Inferred, not documented: {md(rule.inferred)}."
    yield "\n".join(
        f"- {fix.who}: {md(fix.do)}{f' ({md(fix.where)})' if fix.where else ''}"
        for fix in fixes_for(group)
    )
    yield "\n".join(f"- <{source.url}> ({source.checked})" for source in rule.sources)


def _undecided(findings: Iterable[Finding]) -> Iterator[str]:
    for each in findings:
        yield f"{md(each.code)} {md(_where(each))}: {md(each.reason)}"


def _where(finding: Finding) -> str:
    return str(finding.place) or finding.name


def _list(title: str, lines: Iterable[str]) -> Iterator[str]:
    told = [f"- {each}" for each in lines]
    if told:
        yield f"## {title}"
        yield "\n".join(told)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---" for _ in head], *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
