"""An incident's report as a document: one outline, written as Markdown or as HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from evergrant.cli.output import harmless

if TYPE_CHECKING:
    from evergrant.catalog import Cause
    from evergrant.keeper.report import Change, Report
    from evergrant.model import Proof, Unknown
    from evergrant.store.org_audits import Found

PROVEN = {True: "proven", False: "NOT PROVEN", None: "unproven"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~!&])")
_HTML = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>body {{ font: 1rem/1.5 sans-serif; margin: 2rem auto; max-width: 50rem; padding: 0 1rem }}
table {{ border-collapse: collapse }}
th, td {{ border: 1px solid; padding: 0.2rem 0.5rem; text-align: left }}
pre, td, li {{ overflow-wrap: anywhere; white-space: pre-wrap }}</style>
</head>
<body>
{body}
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Part:
    """A heading with what stands under it, in this order."""

    title: str
    text: tuple[str, ...] = ()
    verbatim: str = ""
    bullets: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = field(default=())


def as_markdown(report: Report) -> str:
    """The report as Markdown; whatever came from outside is written so that it stays text."""
    blocks = [f"# {_md(_title(report))}"]
    for part in outline(report):
        blocks += [f"## {part.title}", *map(_md, part.text)]
        if part.verbatim:
            blocks.append("\n".join(f"    {harmless(each)}" for each in part.verbatim.splitlines()))
        if part.bullets:
            blocks.append("\n".join(f"- {_md(each)}" for each in part.bullets))
        if part.rows:
            lines = (part.head, tuple("---" for _ in part.head), *part.rows)
            blocks.append("\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines))
    return "\n\n".join(blocks) + "\n"


def as_html(report: Report) -> str:
    """The report as one HTML page without script; whatever came from outside is escaped."""
    title = _html(_title(report))
    body = [f"<h1>{title}</h1>"]
    for part in outline(report):
        body += [f"<h2>{_html(part.title)}</h2>", *(f"<p>{_html(each)}</p>" for each in part.text)]
        if part.verbatim:
            body.append(f"<pre>{_html(part.verbatim)}</pre>")
        if part.bullets:
            body += ["<ul>", *(f"<li>{_html(each)}</li>" for each in part.bullets), "</ul>"]
        if part.rows:
            body += ["<table>", _line("th", part.head)]
            body += [*(_line("td", row) for row in part.rows), "</table>"]
    return _HTML.format(title=title, body="\n".join(body))


def _line(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{_html(each)}</{tag}>" for each in cells) + "</tr>"


def _html(text: str) -> str:
    return escape(harmless(text))


def _md(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", harmless(" ".join(text.split())))


def _cell(text: str) -> str:
    return text if text == "---" else _md(text)


def outline(report: Report) -> Iterator[Part]:
    """The document, part by part."""
    incident = report.incident
    words = (incident.error, incident.description)
    yield Part("Error", (_span(report),), ": ".join(each for each in words if each))
    yield Part("Cause", tuple(_cause(report)), bullets=tuple(_evidence(report)))
    if report.findings:
        yield Part("Found by audits", bullets=tuple(map(_found, report.findings)))
    yield Part("Fix", bullets=tuple(_fix(report.cause) if report.cause else ()))
    yield _changed("Settings changed", report.settings)
    yield _changed("Assignments changed", report.assignments)
    if report.ours:
        yield _changed("Changed on our side", report.ours)
    yield Part("Proof", bullets=tuple(map(_proof, incident.proofs)) or ("None yet.",))
    rows = tuple((_at(e.at), e.kind, e.text) for e in report.history)
    yield Part("History", head=("when (UTC)", "what", "detail"), rows=rows)


def _title(report: Report) -> str:
    return f"Incident {report.incident.id}: {report.connection.name}"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _span(report: Report) -> str:
    incident, app = report.incident, report.integration.app_label
    end = f"recovered {_at(incident.closed_at)} UTC" if incident.closed_at else "still open"
    return (
        f"{report.connection.name} with the app {app}: broken {_at(incident.opened_at)} UTC, {end}."
    )


def _cause(report: Report) -> Iterator[str]:
    from evergrant.diagnosis.layout import REMEDIES, decision, why

    cause = report.cause
    if cause is None:
        yield "Not known: nothing told one cause from the others."
        return
    share = next((r.confidence for r in report.ranked if r.cause == cause.label), None)
    sure = f", {share:.0%} at level {report.level}" if share is not None else ""
    yield f"{decision(cause.remedy)}: {cause.title} ({cause.id}{sure})."
    yield f"{REMEDIES[cause.remedy].capitalize()}."
    yield from why(cause)


def _evidence(report: Report) -> Iterator[str]:
    for fact in report.evidence:
        at = f"{_at(fact.observed_at)} " if fact.observed_at else ""
        yield f"{at}{fact.source}: {fact.quote}"


def _found(found: Found) -> str:
    return f"{found.severity}, {found.rule}, since {_at(found.since)} UTC: {found.message}."


def _fix(cause: Cause) -> Iterator[str]:
    for fix in cause.fixes:
        kind = "" if fix.app == "any" else f" ({fix.app})"
        at = f" — at {fix.where}" if fix.where else ""
        needs = f"; needs {fix.permission}" if fix.permission else ""
        mark = " (inferred)" if fix.mark == "inferred" else ""
        yield f"{fix.who}{kind}: {fix.do}{at}{needs}.{mark}"
    for each in cause.avoid:
        yield f"Do not: {each}."


def _changed(title: str, changes: tuple[Change, ...] | Unknown) -> Part:
    if not isinstance(changes, tuple):
        return Part(title, (f"Not known: {changes.reason}; {changes.next_step}.",))
    rows = tuple((_at(each.at), each.by, each.text, each.source) for each in changes)
    told = () if rows else ("None was found.",)
    return Part(title, told, head=("when (UTC)", "who", "what", "source"), rows=rows)


def _proof(proof: Proof) -> str:
    return f"{proof.kind.replace('_', ' ')}, {PROVEN[proof.proven]}: {proof.detail}"


FORMS: dict[str, Callable[[Report], str]] = {"md": as_markdown, "html": as_html}
"""Format of a report → how it is written."""
