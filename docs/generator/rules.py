"""docs/reference/rules.md and a page for each rule of the audit, with its examples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from evergrant.catalog.entries import Fix
from evergrant.catalog.rule_reader import rule_book
from evergrant.catalog.rules import Clause, Example, Profile, Rule
from evergrant.catalog.traits import vocabulary
from generator.markdown import bullets, code, table
from generator.markdown import page as whole

_EXPECTED = {
    "fail": "Broken",
    "pass": "Kept",
    "unknown": "Not known",
    "not-applicable": "Not concerned",
}


def pages() -> Iterator[tuple[str, str]]:
    """Path under docs/reference, and text."""
    rules = rule_book().rules
    yield "rules.md", index()
    for rule in rules.values():
        yield f"rules/{rule.id}.md", _page(rule)


def index() -> str:
    """The list of all rules and profiles."""
    book = rule_book()
    rules = sorted(book.rules.values(), key=lambda rule: (rule.code, rule.id))
    inferred = sum(bool(each.inferred) for each in rules)
    return whole(
        "Rules of the audit",
        f"{len(rules)} rules under {len({each.code for each in rules})} codes; {inferred} hold "
        "something that is inferred, not documented.\n"
        "A rule looks at one subject: an app, the org, a profile, a permission set, one user's "
        "grant of an app, or a client as events show it.\n"
        "It is broken when all of its conditions hold, kept when one does not, and unknown when "
        "what it looks at could not be read; it is never kept for want of evidence.\n"
        "`evergrant audit --rule ID` judges by one rule, `--profile ID` by a choice of them.",
        table(["code", "rule", "what it says", "kind", "severity", "about"], map(_line, rules)),
        "## Profiles",
        *(_profile(each) for each in book.profiles.values()),
    )


def _line(rule: Rule) -> tuple[str, ...]:
    link = f"[{rule.id}](rules/{rule.id}.md)"
    return rule.code, link, rule.title, rule.kind, rule.severity, rule.subject


def _profile(profile: Profile) -> str:
    points = (
        f"{point.title}: "
        + ", ".join(f"[{id_}](rules/{id_}.md)" for id_ in point.rules)
        + (f"{'; and ' if point.rules else ''}evidence: {point.asks}" if point.asks else "")
        + "."
        for point in profile.points
    )
    sources = ", ".join(f"<{each.url}>" for each in profile.sources)
    parts = [f"### {profile.id}", f"{profile.title}.\n{_lines(profile.about)}", bullets(points)]
    return "\n\n".join([*parts, f"From {sources}."])


def _page(rule: Rule) -> str:
    steps = [_step(each) for each in rule.fixes]
    sources = (f"<{each.url}> ({each.kind}, read {each.checked})" for each in rule.sources)
    return whole(
        f"{rule.code} {rule.id}",
        f"{rule.title}.\n{_lines(rule.why)}",
        bullets(_told(rule)),
        "## When it is broken",
        bullets(_conditions(rule)),
        "## What to do",
        bullets(steps),
        "## Examples",
        *(_example(each) for each in rule.examples),
        "## Sources",
        bullets(sources),
    )


def _told(rule: Rule) -> Iterator[str]:
    yield f"Kind: {rule.kind}; severity: {rule.severity}; confidence: {rule.confidence}."
    yield f"About: {rule.subject}."
    if rule.causes:
        named = ", ".join(f"[{each}](../causes.md#{each})" for each in rule.causes)
        yield f"Leads to: {named}."
    if rule.tags:
        yield f"Clauses: {', '.join(rule.tags)}."
    if rule.inferred:
        yield f"Inferred: {rule.inferred}."


def _conditions(rule: Rule) -> Iterator[str]:
    for each in rule.applies:
        yield f"It concerns only those of which this holds: {_clause(each)}."
    for each in rule.when:
        yield f"{_clause(each)}."


def _clause(clause: Clause) -> str:
    word = vocabulary().words[clause.trait]
    told = " or ".join(code(f"{each.type} {each.element}") for each in word.elements)
    if not told:
        told = f"told by {word.evidence}" if word.objects or word.needs else "derived"
    holds = "is not empty" if clause.condition.operand == "." else str(clause.condition)
    return f"{word.title} ({code(clause.trait)}, {told}) {holds}"


def _step(fix: Fix) -> str:
    kind = "" if fix.app == "any" else f" ({fix.app})"
    where = f" At {fix.where}." if fix.where else ""
    needs = f" Needs {fix.permission}." if fix.permission else ""
    return f"{fix.who}{kind}: {fix.do}.{where}{needs}"


def _example(example: Example) -> str:
    about = f", {example.about}" if example.about else ""
    parts = [f"{_EXPECTED[example.expect]}{about}:"]
    for name, text in example.files.items():
        parts.append(f"`{name}`\n\n```xml\n{text.rstrip()}\n```")
    for name, rows in example.rows.items():
        shown = "\n".join(json.dumps(each, ensure_ascii=False) for each in rows) or "no rows"
        parts.append(f"{code(name)} rows\n\n```json\n{shown}\n```")
    return "\n\n".join(parts)


def _lines(text: str) -> str:
    """One sentence a line."""
    return re.sub(r"\. (?=[A-Z\"])", ".\n", text)
