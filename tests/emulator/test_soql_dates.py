"""Date literals as spans of time."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.emulator.soql.dates import WITH_NUMBER, WITHOUT_NUMBER, span

_NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
"""A Wednesday in the last quarter."""


@pytest.mark.parametrize(
    ("name", "number", "first", "after"),
    [
        ("TODAY", None, "2026-11-18", "2026-11-19"),
        ("YESTERDAY", None, "2026-11-17", "2026-11-18"),
        ("TOMORROW", None, "2026-11-19", "2026-11-20"),
        ("THIS_WEEK", None, "2026-11-15", "2026-11-22"),
        ("LAST_WEEK", None, "2026-11-08", "2026-11-15"),
        ("THIS_MONTH", None, "2026-11-01", "2026-12-01"),
        ("NEXT_MONTH", None, "2026-12-01", "2027-01-01"),
        ("THIS_QUARTER", None, "2026-10-01", "2027-01-01"),
        ("LAST_YEAR", None, "2025-01-01", "2026-01-01"),
        ("LAST_N_DAYS", 7, "2026-11-11", "2026-11-19"),
        ("NEXT_N_DAYS", 2, "2026-11-19", "2026-11-21"),
        ("N_DAYS_AGO", 3, "2026-11-15", "2026-11-16"),
        ("LAST_N_WEEKS", 2, "2026-11-01", "2026-11-15"),
        ("LAST_N_MONTHS", 12, "2025-11-01", "2026-11-01"),
        ("NEXT_N_QUARTERS", 1, "2027-01-01", "2027-04-01"),
        ("LAST_N_YEARS", 1, "2025-01-01", "2026-01-01"),
    ],
)
def test_a_literal_covers_its_days(name: str, number: int | None, first: str, after: str) -> None:
    found = tuple(moment.date().isoformat() for moment in span(name, number, _NOW))
    assert found == (first, after)


_moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # the zone is added


@given(st.sampled_from(sorted(WITHOUT_NUMBER)), _moments)
def test_every_literal_is_whole_days_and_never_empty(name: str, now: datetime) -> None:
    first, after = span(name, None, now)
    assert first < after
    assert (first.hour, first.minute, first.tzinfo) == (0, 0, UTC)
    assert name not in ("TODAY", "THIS_WEEK", "THIS_MONTH") or first <= now < after


@given(st.sampled_from(sorted(WITH_NUMBER)), st.integers(1, 200), _moments)
def test_every_numbered_literal_grows_or_moves_with_its_number(
    name: str, number: int, now: datetime
) -> None:
    first, after = span(name, number, now)
    assert first < after
    assert span(name, number + 1, now) != (first, after)


def test_a_span_beyond_the_calendar_is_refused() -> None:
    for name in ("LAST_N_YEARS", "NEXT_N_DAYS", "LAST_N_DAYS"):
        with pytest.raises((OverflowError, ValueError)):
            span(name, 10**17, _NOW)
