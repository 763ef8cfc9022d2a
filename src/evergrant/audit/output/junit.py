"""The review as JUnit XML, as build servers read it: a suite a file, a case a finding.

What is broken is a failure, what is not known is skipped, a file that could not be read is an
error; a suite without findings would say nothing, so there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from evergrant.audit.output.escaping import xml_text

if TYPE_CHECKING:
    from evergrant.audit.model import Finding, Problem
    from evergrant.audit.review import Review

Case = tuple[str, str]
"""The outcome (`failure`, `skipped`, `error`, `passed`) and the case's XML."""


def junit(review: Review) -> str:
    """The whole document."""
    suites = [*_suites(review), *_unread(review.report.problems)]
    cases = [case for _, held in suites for case in held]
    body = "".join(_suite(name, held) for name, held in suites)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="evergrant audit"{_counts(cases)}>\n{body}</testsuites>\n'
    )


def _suites(review: Review) -> Iterator[tuple[str, list[Case]]]:
    counted = sorted(review.counted, key=_home)
    held = {home: [_case(each) for each in group] for home, group in groupby(counted, key=_home)}
    for suppressed in review.suppressed:
        by = suppressed.by
        why = f"suppressed by {by.owner} until {by.until}: {by.reason}"
        held.setdefault(_home(suppressed.finding), []).append(_skipped(suppressed.finding, why))
    yield from sorted(held.items())


def _home(finding: Finding) -> str:
    return finding.file or f"{finding.subject} {finding.name}"


def _case(finding: Finding) -> Case:
    if finding.status == "unknown":
        return _skipped(finding, finding.reason)
    place = str(finding.place) or finding.name
    fixes = "\n".join(f"{each.who}: {each.do}" for each in finding.by.fixes)
    inner = (
        f"<failure type={_attr(finding.severity)} message={_attr(finding.message)}>"
        f"{_text(f'{place}: {finding.message}')}\n{_text(finding.by.why)}\n{_text(fixes)}</failure>"
    )
    return "failure", _wrapped(finding, inner)


def _skipped(finding: Finding, why: str) -> Case:
    return "skipped", _wrapped(finding, f"<skipped message={_attr(why)}/>")


def _wrapped(finding: Finding, inner: str) -> str:
    name = f"{finding.code} {finding.rule}: {finding.title}"
    line = f' line="{finding.line}"' if finding.line else ""
    owner = _attr(finding.app or finding.name)
    file = f" file={_attr(finding.file)}" if finding.file else ""
    return f"<testcase name={_attr(name)} classname={owner}{file}{line}>{inner}</testcase>\n"


def _unread(problems: Iterable[Problem]) -> Iterator[tuple[str, list[Case]]]:
    cases: list[Case] = []
    for each in problems:
        told = f"{each.what} {each.hides}".strip()
        inner = f'<error type="unreadable" message={_attr(told)}/>'
        where = _attr(str(each.place) or "audit")
        cases.append(("error", f'<testcase name={where} classname="reading">{inner}</testcase>\n'))
    if cases:
        yield "reading", cases


def _suite(name: str, cases: list[Case]) -> str:
    inner = "".join(xml for _, xml in cases)
    return f"<testsuite name={_attr(name)}{_counts(cases)}>\n{inner}</testsuite>\n"


def _counts(cases: list[Case]) -> str:
    outcomes = [outcome for outcome, _ in cases]
    told = {"tests": len(outcomes), "failures": outcomes.count("failure"),
            "errors": outcomes.count("error"), "skipped": outcomes.count("skipped")}  # fmt: skip
    return "".join(f' {name}="{count}"' for name, count in told.items())


def _attr(text: str) -> str:
    return quoteattr(xml_text(text))


def _text(text: str) -> str:
    return escape(xml_text(text))
