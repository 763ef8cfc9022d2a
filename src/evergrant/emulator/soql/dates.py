"""Date literals: TODAY, LAST_N_DAYS:30 and their like, as a span of time.

SOQL and SOSL Reference, Date Formats and Date Literals. The day begins at midnight UTC and the
week on Sunday: the org's time zone and locale are not modelled (inferred).
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

Unit = Literal["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"]
Span = tuple[datetime, datetime]
"""From the first moment to the first moment after."""

_MONTHS: Final[dict[Unit, int]] = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
_DAYS: Final[dict[Unit, int]] = {"DAY": 1, "WEEK": 7}

_SINGLE: Final[dict[str, tuple[Unit, int, int]]] = {
    "YESTERDAY": ("DAY", -1, 0),
    "TODAY": ("DAY", 0, 1),
    "TOMORROW": ("DAY", 1, 2),
    **{f"LAST_{unit}": (unit, -1, 0) for unit in (*_DAYS, *_MONTHS) if unit != "DAY"},
    **{f"THIS_{unit}": (unit, 0, 1) for unit in (*_DAYS, *_MONTHS) if unit != "DAY"},
    **{f"NEXT_{unit}": (unit, 1, 2) for unit in (*_DAYS, *_MONTHS) if unit != "DAY"},
    "LAST_90_DAYS": ("DAY", -90, 1),
    "NEXT_90_DAYS": ("DAY", 1, 91),
}
"""Name to unit, first unit and the unit after the last, counted from the present one."""

_NUMBERED: Final[dict[str, tuple[Unit, Callable[[int], tuple[int, int]]]]] = {
    # Days alone count the present one: the reference says so of LAST_N_DAYS.
    "LAST_N_DAYS": ("DAY", lambda n: (-n, 1)),
    **{f"LAST_N_{unit}S": (unit, lambda n: (-n, 0)) for unit in ("WEEK", *_MONTHS)},
    **{f"NEXT_N_{unit}S": (unit, lambda n: (1, 1 + n)) for unit in (*_DAYS, *_MONTHS)},
    **{f"N_{unit}S_AGO": (unit, lambda n: (-n, 1 - n)) for unit in (*_DAYS, *_MONTHS)},
}

WITHOUT_NUMBER: Final = frozenset(_SINGLE)
WITH_NUMBER: Final = frozenset(_NUMBERED)


def span(name: str, number: int | None, now: datetime) -> Span:
    """The time that a literal covers; raises OverflowError or ValueError beyond the calendar."""
    if number is None:
        unit, first, after = _SINGLE[name]
    else:
        unit, counted = _NUMBERED[name]
        first, after = counted(number)
    here = _start(unit, now.astimezone(UTC).date())
    return _moment(_shifted(unit, here, first)), _moment(_shifted(unit, here, after))


def _moment(one: date) -> datetime:
    return datetime.combine(one, time(), UTC)


def _start(unit: Unit, one: date) -> date:
    if unit == "DAY":
        return one
    if unit == "WEEK":
        return one - timedelta(days=one.isoweekday() % 7)
    size = _MONTHS[unit]
    return one.replace(month=(one.month - 1) // size * size + 1, day=1)


def _shifted(unit: Unit, start: date, units: int) -> date:
    if unit in _DAYS:
        return start + timedelta(days=_DAYS[unit] * units)
    months = start.year * 12 + start.month - 1 + _MONTHS[unit] * units
    return start.replace(year=months // 12, month=months % 12 + 1)
