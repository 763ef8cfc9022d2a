"""Examples of rules, read as an audit reads files and rows, and what a rule says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from evergrant.audit.judge import verdict
from evergrant.audit.model import Options, OrgRows, Report, Subject
from evergrant.audit.run import audit
from evergrant.audit.source.walk import walk
from evergrant.audit.subjects.org import OrgReader
from evergrant.audit.subjects.project import Reader
from evergrant.catalog.rules import Example, Rule

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'


def laid_out(folder: Path, files: Mapping[str, str]) -> Path:
    """The files, written under a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def subjects_of(example: Example, folder: Path) -> list[Subject]:
    """What an audit meets in an example's files and rows."""
    laid_out(folder, example.files)
    rows = OrgReader(OrgRows("org", example.rows), NOW)
    found = [
        subject
        for project in walk([folder]).projects.values()
        for subject in rows.joined(Reader(project, NOW, not example.is_retrieved).subjects())
    ]
    return [*found, *rows.subjects()]


def said(rule: Rule, subjects: Sequence[Subject]) -> str:
    """What a rule says of all its subjects together: one that fails is enough."""
    verdicts = {verdict(rule, each).status for each in subjects if each.kind == rule.subject}
    for status in ("fail", "unknown", "pass", "not-applicable"):
        if status in verdicts:
            return status
    return "pass" if rule.subject == "file" else "nothing"


def report(
    path: Path | Sequence[Path], org: OrgRows | None = None, *rules: str, profile: str = ""
) -> Report:
    """The report on a path, at a day that does not change."""
    paths = [path] if isinstance(path, Path) else path
    return audit(paths, org, Options(profile, frozenset(rules), NOW))


def app(label: str = "Ledger Sync", oauth: str = "<scopes>Full</scopes>", rest: str = "") -> str:
    """A connected app in a few lines; the scope Full starts in line 5, column 5."""
    return (
        f"<ConnectedApp {NAMESPACE}>\n  <label>{label}</label>\n"
        f"  <contactEmail>owner@example.com</contactEmail>\n  <oauthConfig>\n    {oauth}\n"
        f"  </oauthConfig>\n{rest}</ConnectedApp>\n"
    )


def told(found: Report) -> str:
    """All findings and problems as text, to look for what must not be in it."""
    return json.dumps([str(each) for each in (*found.findings, *found.problems)])
