"""Entries age with Salesforce's releases, of which there are three a year."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.catalog import load
from evergrant.catalog.releases import latest, newer_than

DAYS = st.dates(date(2015, 1, 1), date(2080, 1, 1))


@pytest.mark.parametrize(
    ("today", "name"),
    [
        (date(2026, 2, 15), "Winter '26"),
        (date(2026, 2, 16), "Spring '26"),
        (date(2026, 7, 1), "Summer '26"),
        (date(2026, 11, 22), "Winter '27"),
        (date(2027, 1, 1), "Winter '27"),
        (date(2099, 12, 31), "Winter '00"),
    ],
)
def test_the_newest_release_goes_by_the_calendar(today: date, name: str) -> None:
    assert latest(today).name == name


@given(DAYS)
def test_the_newest_release_has_come_and_is_less_than_half_a_year_old(today: date) -> None:
    assert timedelta(0) <= today - latest(today).day < timedelta(days=183)


@given(DAYS, DAYS)
def test_what_was_checked_after_the_newest_release_is_up_to_date(one: date, other: date) -> None:
    checked, today = min(one, other), max(one, other)
    release = newer_than(checked, today)
    assert (release is None) == (checked >= latest(today).day)


def test_three_releases_come_in_a_year() -> None:
    days = [date(2026, 3, 1) + timedelta(days=each) for each in range(365)]
    assert len({latest(day) for day in days}) == 4  # the one before the first day, and three


def test_an_entry_is_as_old_as_the_source_that_was_read_first() -> None:
    for cause in load().causes.values():
        assert cause.checked == min(source.checked for source in cause.sources)
        assert cause.outdated_by(cause.checked) is None
        later = cause.outdated_by(cause.checked + timedelta(days=200))
        assert later is not None
        assert later.day > cause.checked
