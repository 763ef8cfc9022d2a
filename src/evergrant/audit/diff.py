"""What differs between two sides: two orgs, two folders, or a source and its org (drift).

Only what both sides tell is compared; what one of them hides is counted and never called equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from evergrant.audit.model import Place, Subject, Trait
from evergrant.catalog.rules import SubjectKind
from evergrant.model import Value

KINDS: tuple[SubjectKind, ...] = ("app", "org", "profile", "permission set")
"""What has settings; grants and clients are seen, not set."""
_OF_FILES = frozenset({
    "app.in_source", "app.kind", "app.consumer_key", "app.consumer_secret", "app.policy_written",
    "app.org_scoped_id", "app.oauth_link", "app.org_bound", "app.missing_files", "app.successor",
    "app.look_alike", "app.certificate_days", "app.certificate_ends",
})  # fmt: skip
"""Traits that tell of the file or of the day, not of the app."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One setting that reads otherwise on the other side."""

    kind: SubjectKind
    name: str
    trait: str
    here: Value
    there: Value
    place: Place
    """Where it stands here, or there where here is no file."""


@dataclass(frozen=True, slots=True)
class Only:
    """Something that one side has and the other has not."""

    kind: SubjectKind
    name: str
    is_here: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Drift:
    """Everything that differs."""

    here: str
    """What is compared, as it was named."""
    there: str
    changed: tuple[Changed, ...]
    only: tuple[Only, ...]
    compared: int = 0
    """Settings that both sides tell."""
    hidden: int = 0
    """Settings that only one side tells."""

    @property
    def is_none(self) -> bool:
        """Whether nothing differs of what could be compared."""
        return not self.changed and not self.only


def drift(
    here: Iterable[Subject], there: Iterable[Subject], names: tuple[str, str] = ("here", "there")
) -> Drift:
    """Compare two sides, subject by subject; apps are the same by name, else by label."""
    ours, theirs = _keyed(here), _keyed(there)
    pairs, only = _paired(ours, theirs)
    told = [_compared(one, other) for one, other in pairs]
    return Drift(
        *names,
        tuple(each for changed, _, _ in told for each in changed),
        tuple(only),
        sum(compared for _, compared, _ in told),
        sum(hidden for _, _, hidden in told),
    )


Key = tuple[SubjectKind, str]


def _keyed(subjects: Iterable[Subject]) -> dict[Key, Subject]:
    """By kind and name; an org has one set of settings, whatever it is called."""
    return {
        (each.kind, "" if each.kind == "org" else each.name): each
        for each in subjects
        if each.kind in KINDS
    }


def _paired(
    ours: Mapping[Key, Subject], theirs: Mapping[Key, Subject]
) -> tuple[list[tuple[Subject, Subject]], list[Only]]:
    labels = {(each.kind, each.app): key for key, each in theirs.items() if each.app}
    pairs, only, met = [], [], set()
    for key, one in ours.items():
        match = key if key in theirs else labels.get((one.kind, one.app)) if one.app else None
        if match is None:
            only.append(Only(one.kind, one.name, True, one.place))
        else:
            met.add(match)
            pairs.append((one, theirs[match]))
    only += [Only(e.kind, e.name, False, e.place) for k, e in theirs.items() if k not in met]
    return pairs, only


def _compared(one: Subject, other: Subject) -> tuple[list[Changed], int, int]:
    """What differs, how many settings both tell, and how many only one does."""
    both = [pair for pair in _traits(one, other) if all(each.is_known for each in pair)]
    changed = [
        Changed(one.kind, one.name, a.name, a.value, b.value, a.place if a.place.file else b.place)
        for a, b in both
        if _plain(a.value) != _plain(b.value)
    ]
    told = {n for s in (one, other) for n, t in s.traits.items() if t.is_known and _counts(t)}
    return changed, len(both), len(told - {a.name for a, _ in both})


def _traits(one: Subject, other: Subject) -> Iterator[tuple[Trait, Trait]]:
    """The settings of both; what is only derived on both sides would say the same twice."""
    for name, trait in one.traits.items():
        twin = other.traits.get(name)
        if twin and name not in _OF_FILES and {trait.origin, twin.origin} != {"derived"}:
            yield trait, twin


def _counts(trait: Trait) -> bool:
    return trait.name not in _OF_FILES and trait.origin != "derived"


def _plain(value: Value) -> Value:
    """Lists are sets: Salesforce keeps no order of scopes or callbacks."""
    return tuple(sorted(value)) if isinstance(value, tuple) else value
