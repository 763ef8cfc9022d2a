"""A profile's points, each with how it stands: what a reviewer signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from evergrant.catalog.rules import Point, Profile

if TYPE_CHECKING:
    from evergrant.audit.model import Finding
    from evergrant.audit.review import Review

Standing = Literal["fail", "answered for", "unknown", "pass", "ask"]
"""`answered for`: known to the baseline or suppressed; `ask`: only a person can show it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One point and how it stands."""

    point: Point
    standing: Standing
    findings: tuple[Finding, ...] = ()
    """Those that keep it from passing."""
    needs: tuple[str, ...] = ()
    """What would decide the rules that nothing at hand could."""


def checklist(review: Review, profile: Profile) -> tuple[Checked, ...]:
    """Every point of a profile; it passes only when all of its rules were judged."""
    return tuple(_checked(review, point) for point in profile.points)


def _checked(review: Review, point: Point) -> Checked:
    if not point.rules:
        return Checked(point, "ask")
    if failed := _of(point, review.failed):
        return Checked(point, "fail", failed, _needs(review, point))
    if undecided := _of(point, review.undecided):
        return Checked(point, "unknown", undecided, _needs(review, point))
    if needs := _needs(review, point):
        return Checked(point, "unknown", (), needs)
    held = (*review.known, *(each.finding for each in review.suppressed))
    if answered := _of(point, held):
        return Checked(point, "answered for", answered)
    return Checked(point, "pass")


def _of(point: Point, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(each for each in findings if each.rule in point.rules)


def _needs(review: Review, point: Point) -> tuple[str, ...]:
    unjudged = review.report.unjudged
    told = (part for each in unjudged if each.by.id in point.rules
            for part in each.needs.split("; "))  # fmt: skip
    return tuple(dict.fromkeys(told))
