"""A report as somebody wants it told: what counts, what a baseline knows, what is answered for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from evergrant.audit.baseline import Known, parted
from evergrant.audit.suppress import Suppression
from evergrant.catalog.rules import SEVERITIES, Profile, Severity

if TYPE_CHECKING:
    from evergrant.audit.model import Finding, Report


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that somebody answers for."""

    finding: Finding
    by: Suppression


@dataclass(frozen=True, slots=True)
class Review:
    """A report, parted by what counts."""

    report: Report
    counted: tuple[Finding, ...]
    """Neither known to the baseline nor suppressed; worst first, as in the report."""
    known: tuple[Finding, ...] = ()
    """The baseline holds them."""
    suppressed: tuple[Suppressed, ...] = ()
    gone: tuple[Known, ...] = ()
    """The baseline holds them, and nobody finds them any more."""
    over: tuple[Suppression, ...] = ()
    """Their last day has gone by: what they covered counts again."""
    idle: tuple[Suppression, ...] = ()
    """They cover nothing: what they were for is mended, or they are misspelt."""
    has_baseline: bool = False
    profile: Profile | None = None
    """Whose points are told, where one was chosen."""

    @property
    def failed(self) -> tuple[Finding, ...]:
        """What is broken and counts."""
        return tuple(each for each in self.counted if each.status == "fail")

    @property
    def undecided(self) -> tuple[Finding, ...]:
        """What was looked at and could not be told."""
        return tuple(each for each in self.counted if each.status == "unknown")

    def at_or_above(self, severity: Severity) -> tuple[Finding, ...]:
        """What is broken, counts, and is that bad or worse."""
        bar = SEVERITIES.index(severity)
        return tuple(each for each in self.failed if SEVERITIES.index(each.severity) <= bar)


def reviewed(
    report: Report,
    *,
    today: date,
    suppressions: Iterable[Suppression] = (),
    baseline: Iterable[Known] | None = None,
    profile: Profile | None = None,
) -> Review:
    """Part the findings of a report; suppressions are asked before the baseline is."""
    given = tuple(suppressions)
    alive = tuple(each for each in given if not each.is_over(today))
    covered = {id(f): s for f in report.findings if (s := _cover(f, alive)) is not None}
    free = tuple(each for each in report.findings if id(each) not in covered)
    told = parted(free, baseline or ())
    used = {id(each) for each in covered.values()}
    # What is suppressed is there still, so it is not gone.
    there = {each.fingerprint for each in report.findings if id(each) in covered}
    return Review(
        report,
        told.new,
        told.known,
        tuple(Suppressed(f, covered[id(f)]) for f in report.findings if id(f) in covered),
        tuple(each for each in told.gone if each.fingerprint not in there),
        tuple(each for each in given if each.is_over(today)),
        tuple(each for each in alive if id(each) not in used),
        baseline is not None,
        profile,
    )


def _cover(finding: Finding, alive: Iterable[Suppression]) -> Suppression | None:
    return next((each for each in alive if each.covers(finding)), None)
