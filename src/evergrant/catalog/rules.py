"""Rules of the audit: what they look at, when they are broken, why that matters, the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from evergrant.catalog.condition import Condition
from evergrant.catalog.entries import Fix, Mark, Source

Kind = Literal["breaks", "risk", "hygiene"]
"""It breaks the integration, it is a risk, or it makes either hard to see."""
Severity = Literal["critical", "high", "medium", "low", "info"]
Confidence = Literal["high", "medium", "low"]
SubjectKind = Literal["app", "org", "profile", "permission set", "grant", "client", "file"]
"""`grant` is one user's approval of one app, `client` an app as events show it in use."""
Expected = Literal["fail", "pass", "unknown", "not-applicable"]

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
"""Worst first."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition over one trait."""

    trait: str
    condition: Condition

    def __str__(self) -> str:
        return f"{self.trait} {self.condition}"


@dataclass(frozen=True, slots=True)
class Example:
    """Evidence in small and what the rule must say of it."""

    expect: Expected
    about: str = ""
    """What the example shows, where that is not plain."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path → text of metadata."""
    rows: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    """Object → rows of the org."""
    is_retrieved: bool = False
    """Whether the files come from an org and not from source."""


@dataclass(frozen=True, slots=True, eq=False)  # itself and no other: a key for tables
class Rule:
    """One rule, whole."""

    id: str
    code: str
    """The list's code (`TOK-01`); two rules share it where the list's row says two things."""
    title: str
    kind: Kind
    severity: Severity
    confidence: Confidence
    subject: SubjectKind
    applies: tuple[Clause, ...]
    """Where one of these does not hold the rule does not apply."""
    when: tuple[Clause, ...]
    """Where all of these hold the rule is broken."""
    message: str
    """With `{trait}` for values of the subject."""
    why: str
    fixes: tuple[Fix, ...]
    sources: tuple[Source, ...]
    examples: tuple[Example, ...]
    inferred: str = ""
    """Which part of the rule is our deduction; empty when all of it has a source."""
    causes: tuple[str, ...] = ()
    """Causes of failure that a subject which breaks this rule runs into (ids of the catalog); never
    those that only mending it could bring about."""
    tags: tuple[str, ...] = ()
    """Clauses of benchmarks and mandates (`SBS-OAUTH-002`)."""
    traits: tuple[str, ...] = field(init=False)
    """The traits that it looks at, in order."""

    def __post_init__(self) -> None:
        names = dict.fromkeys(each.trait for each in (*self.applies, *self.when))
        object.__setattr__(self, "traits", tuple(names))

    @property
    def mark(self) -> Mark:
        """Whether all of it has a source."""
        return "inferred" if self.inferred else "documented"

    @property
    def checked(self) -> date:
        """The day since which all of its sources have been read."""
        return min(source.checked for source in self.sources)


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a profile: rules that decide it, or what a person must show."""

    title: str
    rules: tuple[str, ...]
    asks: str = ""
    """Evidence of a process step, which no configuration shows."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A named choice of rules."""

    id: str
    title: str
    about: str
    points: tuple[Point, ...]
    sources: tuple[Source, ...]

    @property
    def rules(self) -> frozenset[str]:
        """Ids of all its rules."""
        return frozenset(each for point in self.points for each in point.rules)


@dataclass(frozen=True, slots=True, eq=False)  # itself and no other: a key for tables
class RuleBook:
    """All rules and profiles."""

    rules: Mapping[str, Rule]
    profiles: Mapping[str, Profile]

    def leading_to(self, cause: str) -> tuple[Rule, ...]:
        """The rules that announce a cause of failure, before or after it strikes."""
        return tuple(rule for rule in self.rules.values() if cause in rule.causes)
