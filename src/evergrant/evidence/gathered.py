"""What one or several sources of evidence gave: facts, moments, standings, and what was read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from evergrant.catalog import load
from evergrant.log import mask
from evergrant.model import Fact, Secret, Subject, Value

MAX_QUOTE = 300


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose failure is asked about; what is left empty is not known."""

    app: str = ""
    """Label of the app."""
    user: str = ""
    """Username, or id of 15 or 18 characters."""
    at: datetime | None = None
    """When it failed."""
    now: datetime | None = None
    """The present time, for what expires."""
    flow: str = "unknown"
    context: str = ""
    certificates: tuple[bytes, ...] = ()
    """PEM; the app's."""
    keys: tuple[Secret, ...] = ()
    """PEM; the client's."""

    def is_app(self, label: str) -> bool:
        """Whether a label is the app's, as far as one was named; Login History cuts at 64."""
        ours = self.app.casefold().strip()
        return not ours or ours[:64] == label.casefold().strip()[:64]

    def is_user(self, *names: str) -> bool:
        """Whether one of these (username, id) is the user's, as far as one was named."""
        if not self.user:
            return True
        ours = self.user.strip()
        folded = ours.casefold()
        return any(
            name.strip().casefold() == folded or (is_id(ours) and name.strip()[:15] == ours[:15])
            for name in names
            if name
        )


def is_id(text: str) -> bool:
    """Whether it is a Salesforce id: 15 or 18 letters and digits."""
    return len(text) in (15, 18) and text.isalnum()


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened, for the timeline; its text is masked."""

    at: datetime
    what: Literal["failure", "success", "change"]
    text: str
    app: str = ""
    user: str = ""
    org: str = ""
    act: str = ""
    """What changed, as a value of `audit.last_act`; empty where nobody has a word for it."""
    is_ours: bool = True
    """Whether it is of the app and user that is asked about."""
    mark: Literal["seen", "derived", "inferred"] = "seen"
    source: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How one user of one app in one org stood last; empty names are not known."""

    app: str
    user: str
    org: str
    works: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of one document, and what could not be."""

    source: str
    name: str
    read: int = 0
    """Rows, entries or lines."""
    unit: str = "lines"
    skipped: int = 0
    """Of the same unit: could not be read."""
    notes: tuple[str, ...] = ()
    """What one should know to trust it, a sentence each."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The yield of a source, or of several together."""

    facts: tuple[Fact, ...] = ()
    moments: tuple[Moment, ...] = ()
    standings: tuple[Standing, ...] = ()
    readings: tuple[Reading, ...] = field(default=())

    def with_(self, *others: Gathered) -> Gathered:
        """This and others, as one."""
        whole = (self, *others)
        return Gathered(
            tuple(fact for each in whole for fact in each.facts),
            tuple(moment for each in whole for moment in each.moments),
            tuple(standing for each in whole for standing in each.standings),
            tuple(reading for each in whole for reading in each.readings),
        )


def fact(
    name: str,
    value: Value,
    source: str,
    *,
    quote: str = "",
    at: datetime | None = None,
    mark: Literal["seen", "derived", "inferred"] = "seen",
    line: int | None = None,
    about: str = "",
) -> Fact:
    """A fact about the subject that the vocabulary gives it; texts are masked and cut."""
    kind = load().facts[name].about
    shown = short(quote)
    told = mask(value) if isinstance(value, str) else value
    return Fact(name, told, Subject(kind, about), source, at, mark, shown, line)


def short(text: str, most: int = MAX_QUOTE) -> str:
    """A text masked, on one line, no longer than `most` characters."""
    line = " ".join(mask(text[: 4 * most]).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def first_of_each(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts without those that say the same again."""
    seen: dict[tuple[str, str], Fact] = {}
    for each in facts:
        seen.setdefault((each.name, str(each.value)), each)
    return tuple(seen.values())
