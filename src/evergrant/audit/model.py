"""The nouns of an audit: subjects with their traits, findings, coverage and the report.

A subject (an app, an org's settings, a profile, a user, a grant) is a name and its traits; a rule
is a list of conditions over the traits of one subject.  Joins and counts are traits, too, so no
rule looks at two subjects.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from evergrant.catalog.rules import SEVERITIES, Confidence, Kind, Rule, Severity, SubjectKind
from evergrant.model import Unknown, Value

Status = Literal["fail", "unknown", "pass", "not-applicable"]
Origin = Literal["written", "default", "derived", "org"]
"""Written in a file, a documented default, made of other traits, or told by the org itself."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands; lines and columns count from 1, 0 where there is none."""

    file: str = ""
    """As given, `/` between folders; a member of a zip as `retrieved.zip!unpackaged/…`."""
    line: int = 0
    column: int = 0
    end_column: int = 0
    """The column after the last character of the element in this line."""
    element: str = ""
    """Path of the element (`oauthConfig/isPkceRequired`), also where it is not there."""

    def __str__(self) -> str:
        return ":".join(str(each) for each in (self.file, self.line, self.column) if each)


@dataclass(frozen=True, slots=True)
class Trait:
    """One thing that is known of a subject, or known not to be known."""

    name: str
    value: Value
    origin: Origin = "written"
    place: Place = Place()
    quote: str = ""
    """The words it rests on; never a secret."""
    mark: Literal["documented", "inferred"] = "documented"

    @property
    def is_known(self) -> bool:
        """Whether the value is known at all."""
        return not isinstance(self.value, Unknown)


@dataclass(frozen=True, slots=True)
class Subject:
    """What rules judge."""

    kind: SubjectKind
    name: str
    """Name of the component without suffix, of the user, of the org."""
    project: str
    """Folder or zip that it was read from, or `org`: nothing of one project colours another."""
    place: Place = Place()
    traits: Mapping[str, Trait] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Metadata type → file; an external client app stands in up to five."""
    app: str = ""
    """Label or name of the app concerned; empty where none is."""
    app_kind: Literal["", "connected app", "external client app"] = ""

    def value(self, name: str) -> Value:
        """The value of a trait; `Unknown` where nobody told it."""
        trait = self.traits.get(name)
        return trait.value if trait else Unknown("nothing that was read tells it")


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that one subject fails, or of which it could not be told though it was looked at."""

    by: Rule
    """The whole rule: why, fixes, sources."""
    status: Literal["fail", "unknown"]
    message: str
    """One sentence in this subject's own words and values."""
    severity: Severity
    confidence: Confidence
    subject: SubjectKind
    name: str
    project: str
    place: Place = Place()
    app: str = ""
    app_kind: Literal["", "connected app", "external client app"] = ""
    evidence: tuple[Trait, ...] = ()
    """The traits that the rule looked at, as they are here."""
    reason: str = ""
    """Why it is unknown, and what would make it known."""

    @property
    def rule(self) -> str:
        """The readable id (`refresh-policy-zero`)."""
        return self.by.id

    @property
    def code(self) -> str:
        """The list's code (`TOK-01`)."""
        return self.by.code

    @property
    def kind(self) -> Kind:
        """Breaks, risk or hygiene."""
        return self.by.kind

    @property
    def title(self) -> str:
        """The rule's title."""
        return self.by.title

    @property
    def file(self) -> str:
        """The file, or nothing where the org told it."""
        return self.place.file

    @property
    def line(self) -> int:
        """The line, from 1; 0 where there is none."""
        return self.place.line

    @property
    def column(self) -> int:
        """The column, from 1; 0 where there is none."""
        return self.place.column

    @property
    def key(self) -> Key:
        """What is found, wherever it was read: in a file, or in the org's rows."""
        return self.rule, self.subject, self.name

    @property
    def fingerprint(self) -> str:
        """The same for the same finding tomorrow, wherever its line moved: 16 hex digits."""
        parts = (self.rule, self.status, self.subject, self.name, self.place.element)
        return hashlib.sha256("\0".join((*parts, self.place.file)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Problem:
    """A file or a question that could not be read; others went on."""

    place: Place
    what: str
    """What is wrong, with the parser's own words."""
    hides: str = ""
    """What cannot be judged because of it."""
    is_fatal: bool = False
    """Nothing at all could be read (no such path, no file recognized): exit code 2."""


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A rule that no evidence at hand can decide: neither passed nor failed."""

    by: Rule
    needs: str
    """The evidence that would decide it (`the org's OauthToken rows`)."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How one rule judged its subjects."""

    failed: int = 0
    unknown: int = 0
    passed: int = 0
    not_applicable: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """All that an audit found, and what it looked at."""

    findings: tuple[Finding, ...]
    """Worst first, then by file and line."""
    problems: tuple[Problem, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    """By id of the rule."""
    files: int = 0
    """Files that were recognized and read."""
    apps: int = 0
    projects: tuple[str, ...] = ()
    profile: str = ""
    at: datetime | None = None
    cleared: frozenset[Key] = frozenset()
    """Of what was to be followed: what passes now, or is no longer concerned."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was there to judge: to be said loudly, never a pass."""
        return self.files == 0 and not self.tallies

    def at_or_above(self, severity: Severity) -> Iterator[Finding]:
        """The failed findings of that severity or worse."""
        bar = SEVERITIES.index(severity)
        return (
            each
            for each in self.findings
            if each.status == "fail" and SEVERITIES.index(each.severity) <= bar
        )


@dataclass(frozen=True, slots=True)
class OrgRows:
    """What an org told: rows by object, as its REST API gives them, and what it would not tell."""

    name: str
    """Name of the connection or file that they are from."""
    rows: Mapping[str, tuple[Mapping[str, object], ...]] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)
    """Object → the permission or feature whose lack hides it; empty text where unknown."""
    at: datetime | None = None
    metadata: bytes | None = None
    """The zip of a retrieve, where the session could."""
    own: Mapping[str, tuple[Mapping[str, object], ...]] = field(default_factory=dict)
    """Rows of the session's own user, of objects whose other rows are hidden: all of that user's
    grants are among them, and nothing of anybody else's."""


Key = tuple[str, str, str]
"""Rule, kind of subject and its name: the same for the same finding tomorrow, wherever it was read.
"""
Progress = Callable[[int, int], None]
"""Called with files read and files found so far."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to audit."""

    profile: str = ""
    """Id of a profile (a named choice of rules); empty for all rules."""
    rules: frozenset[str] = frozenset()
    """Ids or codes; empty for all."""
    now: datetime | None = None
    """The time that ages and expiries count from; None for the present."""
    progress: Progress | None = None
    followed: frozenset[Key] = frozenset()
    """Findings of before, of which the report shall say whether they are cleared."""


__all__ = [
    "SEVERITIES",
    "Confidence",
    "Finding",
    "Key",
    "Kind",
    "Options",
    "OrgRows",
    "Origin",
    "Place",
    "Problem",
    "Progress",
    "Report",
    "Rule",
    "Severity",
    "Status",
    "Subject",
    "SubjectKind",
    "Tally",
    "Trait",
    "Unjudged",
]
