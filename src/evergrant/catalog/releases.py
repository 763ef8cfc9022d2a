"""Salesforce's releases by date: what was read before the newest of them may be out of date.

Three releases a year: Spring, Summer and Winter, the last named after the year to come.  The days
are those by which a release has usually reached every instance, no announcement: inferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

_DAYS = (("Spring", 2, 16, 0), ("Summer", 6, 15, 0), ("Winter", 10, 12, 1))
"""Season, month and day, and how many years ahead it is named."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release of Salesforce."""

    name: str
    """Such as Winter '27."""
    day: date


def latest(today: date) -> Release:
    """The newest release that has come by a day."""
    come = [
        Release(f"{season} '{(year + ahead) % 100:02}", date(year, month, day))
        for year in (today.year - 1, today.year)
        for season, month, day, ahead in _DAYS
        if date(year, month, day) <= today
    ]
    return max(come, key=lambda release: release.day)


def newer_than(checked: date, today: date) -> Release | None:
    """The newest release, where it came after the day on which something was checked."""
    release = latest(today)
    return release if release.day > checked else None


def day_of(name: str) -> date:
    """The day of a release by its name (`Summer '27`).

    Raises `ValueError` for what is no release.
    """
    season, _, year = name.partition(" '")
    for known, month, day, ahead in _DAYS:
        if season == known and year.isdigit():
            return date(2000 + int(year) - ahead, month, day)
    raise ValueError(name)
