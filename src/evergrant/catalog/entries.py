"""What the catalog is made of: kinds of facts, causes with their signals and fixes, gates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from evergrant.catalog.changes import Change
from evergrant.catalog.condition import Condition, band_of, text_of
from evergrant.catalog.releases import Release, newer_than
from evergrant.catalog.taught import Lessons
from evergrant.model import Unknown, Value

Remedy = Literal["retry", "reauthorize", "admin-change", "client-change", "wait"]
Level = Literal["text", "own", "admin"]
Kind = Literal["text", "bool", "number", "time"]
Mark = Literal["documented", "inferred"]
Who = Literal[
    "operator of the integration",
    "developer of the integration",
    "Salesforce admin",
    "user who connects",
]
Party = Literal["vendor", "admin", "end user"]

PARTIES: Mapping[Who, Party] = {
    "operator of the integration": "vendor",
    "developer of the integration": "vendor",
    "Salesforce admin": "admin",
    "user who connects": "end user",
}
"""Whose business a step is."""
LIKELY = {"always": 0.98, "usually": 0.8, "sometimes": 0.3, "seldom": 0.05, "never": 0.01}
"""Words of the signals, as the likelihood of seeing the fact given the cause."""
OTHER = "*"
"""Any value that the vocabulary does not list."""
LEVELS: tuple[Level, ...] = ("text", "own", "admin")
"""What one must have to know a fact, least first."""


@dataclass(frozen=True, slots=True, eq=False)  # itself and no other: a key for tables
class FactKind:
    """One word of the vocabulary of facts (`facts.toml`)."""

    name: str
    title: str
    kind: Kind
    about: str
    level: Level
    background: Mapping[str, float]
    """How likely each value is over all failures whose fact is known; sums to 1."""
    group: str = ""
    """Facts of one event count once; empty: the fact stands for itself."""
    unit: str = ""
    cost: float = 1.0
    """Of making it known: 1 a question, 2 a query, 3 a person's click."""
    check: str = ""
    ask: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    """Value → the words by which it is offered, as Setup shows it."""
    open: bool = False
    """Whether its values are Salesforce's own words, so that others than the listed ones occur."""
    same: Mapping[str, str] = field(default_factory=dict)
    """Other spellings, in lower case → the value."""
    mentions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Value → words by which people mention it in prose."""

    def key_of(self, value: Value) -> str:
        """The key of `background` that a known value falls under."""
        if isinstance(value, Unknown) or self.kind == "time":
            return OTHER
        if self.kind == "number":
            return band_of(value, self.background) or OTHER
        key = text_of(value)
        key = self.same.get(key, key)
        return key if key in self.background else OTHER


@dataclass(frozen=True, slots=True)
class Signal:
    """How likely a fact is, given the cause."""

    fact: str
    condition: Condition
    keys: tuple[str, ...]
    """The keys of the fact's background for which the condition holds."""
    likely: str
    mark: Mark = "documented"

    @property
    def likelihood(self) -> float:
        """The word as a number."""
        return LIKELY[self.likely]


@dataclass(frozen=True, slots=True)
class Proof:
    """The fact that shows a step was done."""

    fact: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Fix:
    """One step of the way out: who does what, where, and what shows it was done."""

    who: Who
    do: str
    change: str
    """Id in `changes.toml`: side effects, the way back, and the change as data."""
    where: str = ""
    """Setup path, in Setup's own words."""
    link: str = ""
    """Deep-link suffix under the org's Lightning host."""
    app: str = "any"
    """`connected app`, `external client app` or `any`."""
    permission: str = ""
    proof: Proof | None = None
    mark: Mark = "documented"

    @property
    def party(self) -> Party:
        """Whose business the step is."""
        return PARTIES[self.who]


@dataclass(frozen=True, slots=True)
class Verify:
    """What to look at afterwards, and what must be seen."""

    do: str
    expect: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where an entry's knowledge comes from."""

    url: str
    kind: Literal["vendor-doc", "observed", "field-report"]
    checked: date


@dataclass(frozen=True, slots=True)
class Dispute:
    """Where the community's playbooks and the documentation disagree; documentation wins."""

    playbook: str
    documentation: str
    url: str
    """Of the documentation."""


@dataclass(frozen=True, slots=True, eq=False)  # itself and no other: a key for tables
class Cause:
    """One reason why a connection fails, whole."""

    id: str
    title: str
    why: str
    remedy: Remedy
    prior: float
    gate: str
    audience: Who
    """Who must act first."""
    signals: tuple[Signal, ...]
    fixes: tuple[Fix, ...]
    verify: tuple[Verify, ...]
    sources: tuple[Source, ...]
    next_gate: str = ""
    broader: str = ""
    avoid: tuple[str, ...] = ()
    """What must not be tried."""
    scenario: str = ""
    scenario_missing: str = ""
    inferred: str = ""
    """Which part of the entry is our deduction; empty when all of it has a source."""
    app: str = "any"
    """Kind of app that can have it: `connected app`, `external client app` or `any`."""
    disputed: tuple[Dispute, ...] = ()

    @property
    def label(self) -> str:
        """The broader cause where there is one, else the cause itself."""
        return self.broader or self.id

    @property
    def party(self) -> Party:
        """Whose business it is: the vendor's, the admin's or the end user's."""
        return PARTIES[self.audience]

    @property
    def checked(self) -> date:
        """The day since which all of its sources have been read."""
        return min(source.checked for source in self.sources)

    def outdated_by(self, today: date) -> Release | None:
        """The release of Salesforce that came after the entry was checked, if one did."""
        return newer_than(self.checked, today)


@dataclass(frozen=True, slots=True)
class Gate:
    """One question that Salesforce asks of a request."""

    id: str
    title: str
    order: int


@dataclass(frozen=True, slots=True)
class Term:
    """A code that guides print and no server sends."""

    term: str
    says: str
    causes: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True, eq=False)  # itself and no other: a key for tables
class Catalog:
    """All that is known."""

    facts: Mapping[str, FactKind]
    causes: Mapping[str, Cause]
    gates: Mapping[str, Gate]
    terms: Mapping[str, Term]
    changes: Mapping[str, Change]
    lessons: Lessons
    """What the words of a telling say of each cause."""

    def change_of(self, fix: Fix) -> Change:
        """What a step alters, with side effects and the way back."""
        return self.changes[fix.change]

    def in_group(self, name: str) -> str:
        """The group of a fact, or its own name where it stands for itself."""
        kind = self.facts.get(name)
        return kind.group if kind and kind.group else name

    def refined(self, label: str) -> Iterator[Cause]:
        """The narrower causes of a label."""
        return (cause for cause in self.causes.values() if cause.broader == label)
