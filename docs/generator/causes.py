"""docs/reference/causes.md: the catalog of causes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evergrant.catalog import Catalog, Cause, load
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
        "`evergrant explain ID` says what to do about one.",
        table(["cause", "what it is", "remedy", "scenario"], map(_line, causes)),
        *(_section(each, catalog) for each in causes),
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
    return "\n\n".join([*parts, "Sources:", bullets(sources)])


def _told(cause: Cause, catalog: Catalog) -> Iterator[str]:
    yield f"Remedy: {cause.remedy}, by {cause.audience}."
    yield f"Gate: {catalog.gates[cause.gate].title}."
    if cause.broader:
        yield f"Narrower than [{cause.broader}](#{cause.broader})."
    if cause.inferred:
        yield f"Inferred: {cause.inferred}."
    if steps := sum(fix.mark == "inferred" for fix in cause.fixes):
        yield f"Inferred: {steps} of {len(cause.fixes)} steps of the way out."
    if signals := sum(signal.mark == "inferred" for signal in cause.signals):
        yield f"Inferred: {signals} of {len(cause.signals)} signs."
