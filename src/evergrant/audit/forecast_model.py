"""The nouns of a forecast: what is foreseen, when, and what it is foreseen from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from evergrant.audit.model import Finding, Subject
from evergrant.catalog.entries import Mark
from evergrant.catalog.retirements import Retirement


@dataclass(frozen=True, slots=True)
class On:
    """A day; it may have gone by."""

    day: date
    is_about: bool = False
    """Whether it may come some days earlier or later."""
    unless: str = ""
    """What would put it off."""

    def __str__(self) -> str:
        return f"about {self.day}" if self.is_about else f"{self.day}"


@dataclass(frozen=True, slots=True)
class AtNext:
    """Nobody knows the day, and everybody the occasion."""

    occasion: str
    """`now`, `next authorization`, `90 days after each authorization`."""

    def __str__(self) -> str:
        return self.occasion


When = On | AtNext
NOW = "now"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One break that is to come."""

    when: When
    apps: tuple[str, ...]
    """Labels or names of the apps concerned."""
    client: str
    """Who feels it: a user, a connection; empty where every user of the app does."""
    what: str
    rule: str
    """Code of the rule."""
    basis: str
    """What the day rests on."""
    avert: str
    """What prevents it."""
    mark: Mark = "documented"
    scope: str = ""
    """The project or org: apps of the same label in two of them are two."""

    @property
    def id(self) -> str:
        """The same for the same break tomorrow: 16 hex digits."""
        parts = (self.rule, self.client, self.what, self.scope, *self.apps)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @property
    def who(self) -> str:
        """App and client in a few words."""
        first = self.apps[0] if self.apps else "every app"
        more = f" and {len(self.apps) - 1} more" if len(self.apps) > 1 else ""
        return f"{first}{more}{f', {self.client}' if self.client else ''}"


@dataclass(frozen=True, slots=True)
class Grant:
    """One user's approval of one app, or one connection of ours, with its dates."""

    app: str
    """Label or name of the app."""
    client: str
    authorized: datetime | None = None
    used: datetime | None = None
    """When its refresh token was used last."""
    idle_limit_days: float | None = None
    """What its keeper was told of an idle limit; the app's own may be shorter."""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a forecast is made from."""

    today: date
    subjects: tuple[Subject, ...] = ()
    findings: tuple[Finding, ...] = ()
    grants: tuple[Grant, ...] = ()
    retirements: tuple[Retirement, ...] = ()
    unread: tuple[str, ...] = ()
    """What could not be read, and so cannot be foreseen from."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Everything that is foreseen: what happens now, then by day, then by occasion."""

    today: date
    foreseen: tuple[Foreseen, ...]
    notes: tuple[str, ...] = field(default=())
    """What could not be foreseen for want of evidence."""

    @property
    def dated(self) -> tuple[tuple[On, Foreseen], ...]:
        """Those with a day, and the day."""
        return tuple((e.when, e) for e in self.foreseen if isinstance(e.when, On))

    @property
    def undated(self) -> tuple[tuple[AtNext, Foreseen], ...]:
        """Those of which only the occasion is known, and the occasion."""
        return tuple((e.when, e) for e in self.foreseen if isinstance(e.when, AtNext))


Span = Literal["past", "soon", "later"]
SOON = timedelta(days=30)


def span_of(when: On, today: date) -> Span:
    """How far away a day is."""
    if when.day < today:
        return "past"
    return "soon" if when.day - today <= SOON else "later"
