"""What a session without a permission hides: each permission is named once, with what it hides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from evergrant.audit.model import OrgRows, Place, Problem
from evergrant.catalog.rules import Rule
from evergrant.catalog.traits import TraitWord, vocabulary

METADATA = "Metadata"
"""What a retrieve brings, among the objects that are hidden."""


def problems(org: OrgRows, rules: Iterable[Rule]) -> Iterator[Problem]:
    """One problem for each permission that the session lacks."""
    chosen = tuple(rules)
    by_permission: dict[str, list[str]] = {}
    for object_, permission in org.hidden.items():
        by_permission.setdefault(permission or f"what shows {object_}", []).append(object_)
    for permission, objects in by_permission.items():
        hides = sorted({rule.code for rule in chosen if _rests_on(rule, objects)})
        what = f"{', '.join(sorted(objects))} could not be read: the session lacks {permission}"
        yield Problem(Place(org.name), what, f"rules {', '.join(hides)}" if hides else "")


def could_tell(rule: Rule, hidden: Collection[str]) -> bool:
    """Whether all that a rule looks at was in sight: its silence then means that nothing is there.

    `hidden` are objects, `METADATA` among them.  What is derived is seen where the metadata is.
    """
    words = vocabulary().words
    return all(_is_seen(words[name], hidden) for name in rule.traits)


def _is_seen(word: TraitWord, hidden: Collection[str]) -> bool:
    if word.objects and not set(word.objects) & set(hidden):
        return True
    return not word.objects and METADATA not in hidden


def _rests_on(rule: Rule, objects: Iterable[str]) -> bool:
    words, hidden = vocabulary().words, set(objects)
    return any(
        set(words[name].objects) & hidden or (METADATA in hidden and words[name].elements)
        for name in rule.traits
    )
