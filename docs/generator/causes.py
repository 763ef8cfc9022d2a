"""docs/reference/causes.md: the catalog of causes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evergrant.catalog import Catalog, Cause, Fix, load
from evergrant.catalog.rule_reader import rule_book
from generator.markdown import bullets, code, table
from generator.markdown import page as whole


def page() -> str:
    """The whole page."""
    catalog = load()
    causes = catalog.causes.values()
    inferred = sum(bool(each.inferred) for each in causes)
    played = sum(bool(each.scenario) for each in causes)
    return whole(
        "Causes",
        f"{len(causes)} causes; the emulator acts out {played} of them, and {inferred} hold "
        "something that is inferred, not documented.\n"
        "All sources were read between "
        f"{min(each.checked for each in causes)} and {max(each.checked for each in causes)}; "
        "`evergrant explain ID` says what to do about one, and warns when a release of Salesforce "
        "has come since.\n"
        "A folder of your own, named by `EVERGRANT_CATALOG`, adds causes or replaces them.",
        table(["cause", "what it is", "remedy", "scenario"], map(_line, causes)),
        *(_section(each, catalog) for each in causes),
        _changes(catalog),
    )


def _line(cause: Cause) -> tuple[str, str, str, str]:
    return (
        f"[{cause.id}](#{cause.id})",
        cause.title,
        cause.remedy,
        code(cause.scenario) or f"none: {cause.scenario_missing}",
    )


def _section(cause: Cause, catalog: Catalog) -> str:
    sources = (f"<{each.url}> ({each.kind}, read {each.checked})" for each in cause.sources)
    why = re.sub(r"\. (?=[A-Z])", ".\n", cause.why)
    parts = [f"## {cause.id}", f"{cause.title}.\n{why}", bullets(_told(cause, catalog))]
    parts += ["What to do:", bullets(_step(fix) for fix in cause.fixes)]
    if cause.disputed:
        parts += ["Where playbooks say otherwise:", bullets(_disputed(cause))]
    return "\n\n".join([*parts, "Sources:", bullets(sources)])


def _step(fix: Fix) -> str:
    kind = "" if fix.app == "any" else f" ({fix.app})"
    where = f" At {fix.where}." if fix.where else ""
    needs = f" Needs {fix.permission}." if fix.permission else ""
    return f"{fix.who}{kind}: {fix.do} ([{fix.change}](#{fix.change})).{where}{needs}"


def _disputed(cause: Cause) -> Iterator[str]:
    for each in cause.disputed:
        yield f"*{each.playbook}*; the documentation: {each.documentation} (<{each.url}>)."


def _changes(catalog: Catalog) -> str:
    """What the steps alter, once for all causes."""
    parts = [
        "## Changes",
        "What the steps alter: what else that does, how it is taken back, and whether metadata or "
        "a record can carry it.",
    ]
    for change in catalog.changes.values():
        carried = sorted({code(each.type) for each in change.patches})
        told = [f"Besides: {change.effects}.", f"To take it back: {change.rollback}."]
        if carried:
            told.append(f"Carried by {', '.join(carried)}.")
        parts.append(f"### {change.id}\n\n{change.title}.\n\n{bullets(told)}")
    return "\n\n".join(parts)


def _told(cause: Cause, catalog: Catalog) -> Iterator[str]:
    yield f"Remedy: {cause.remedy}, by {cause.audience} ({cause.party})."
    yield f"Gate: {catalog.gates[cause.gate].title}."
    if cause.app != "any":
        yield f"Only for {cause.app}s."
    if cause.avoid:
        yield f"Do not: {'; '.join(cause.avoid)}."
    if cause.broader:
        yield f"Narrower than [{cause.broader}](#{cause.broader})."
    if rules := rule_book().leading_to(cause.id):
        named = ", ".join(f"[{each.id}](rules/{each.id}.md)" for each in rules)
        yield f"An audit announces it by: {named}."
    if cause.inferred:
        yield f"Inferred: {cause.inferred}."
    if steps := sum(fix.mark == "inferred" for fix in cause.fixes):
        yield f"Inferred: {steps} of {len(cause.fixes)} steps of the way out."
    if signals := sum(signal.mark == "inferred" for signal in cause.signals):
        yield f"Inferred: {signals} of {len(cause.signals)} signs."
