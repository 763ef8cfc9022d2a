"""The nouns of a repair: what is wrong, and the steps that put it right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evergrant.catalog.changes import Change, Patch
from evergrant.catalog.entries import Fix
from evergrant.catalog.repairs import Repair
from evergrant.repair.edits import Edit
from evergrant.repair.files import App

Key = tuple[str, str]
"""Metadata type and full name of a component."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding, as far as its repair needs to know it."""

    code: str
    """The rule's code (`TOK-01`)."""
    app: str = ""
    """Name or label of the app; empty for the org, or for the only app."""
    app_kind: str = ""
    """`connected app`, `external client app`, or empty where not known."""
    message: str = ""
    place: str = ""
    """File, line and column where it was found."""
    fixes: tuple[Fix, ...] = ()
    """What the rule says to do: where, in whose hands, by which permission."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Placeholders that the finding itself fills in: the profile or users that it is about."""
    rule: str = ""
    """The rule's id; empty where all rules of the code are mended alike."""
    change: str = ""
    """Id of the one change that is asked for; empty where the rule says what is to be changed."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One component and what is edited in it."""

    key: Key
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Components that are edited and deployed together, all or none."""

    changes: tuple[Change, ...]
    editions: tuple[Edition, ...]
    removed: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Mending:
    """Files of the source that are edited; nothing is deployed."""

    changes: tuple[Change, ...]
    editions: tuple[Edition, ...]


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One record of the org that is made or changed by the evidence session."""

    change: Change
    patch: Patch
    of: str
    """Username of the user concerned."""
    value: str


@dataclass(frozen=True, slots=True)
class ByHand:
    """What only a person can do."""

    change: Change
    fix: Fix | None = None
    """The rule's own words for it; None where it has none."""


Step = Deployment | Mending | RecordChange | ByHand


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done about one problem, in order."""

    problem: Problem
    repair: Repair
    app: App | None
    steps: tuple[Step, ...]
    missing: Mapping[str, str] = field(default_factory=dict)
    """Placeholders that nobody filled in, and what each stands for."""

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """The steps that go through the Metadata API."""
        return tuple(each for each in self.steps if isinstance(each, Deployment))

    @property
    def editions(self) -> tuple[Edition, ...]:
        """Everything that is edited, deployed or not."""
        found = (each for each in self.steps if isinstance(each, Deployment | Mending))
        return tuple(edition for each in found for edition in each.editions)
