"""Times as exports write them: ISO, the event log's digits, and a person's own locale."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

ZONES = {
    "utc": 0, "gmt": 0, "z": 0, "bst": 60, "wet": 0, "west": 60, "cet": 60, "cest": 120, "mez": 60,
    "mesz": 120, "eet": 120, "eest": 180, "ist": 330, "jst": 540, "aest": 600, "aedt": 660,
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480,
    "pdt": -420,
}  # fmt: skip
"""Minutes east of UTC of zones that Setup writes by name; several share a name, and ours
is the commoner."""
_ELF = re.compile(r"\d{14}(?:\.\d{1,6})?$")
_DATE = re.compile(r"(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})")
_JAPANESE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_AFTERNOON = re.compile(r"\b(am|pm)\b|(午前|午後)", re.I)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})\b")
"""Looked for behind the clock only: a date may have hyphens."""
_ZONE = re.compile(r"\b([A-Za-z]{1,4})\b")


@dataclass(frozen=True, slots=True)
class Locale:
    """How a column of times is read where it is ambiguous."""

    day_first: bool = False
    is_guess: bool = False
    """Whether no row settles which of two numbers is the day."""


def locale_of(texts: Iterable[str]) -> Locale:
    """The order of day and month, told by rows that leave no choice; else month first."""
    is_ambiguous = False
    for text in texts:
        found = _DATE.search(text)
        if found is None or len(found[1]) == 4:
            continue
        first, second = int(found[1]), int(found[2])
        if (first > 12) != (second > 12):
            return Locale(day_first=first > 12)
        is_ambiguous = is_ambiguous or first != second
    # A point between the numbers is only written where the day comes first.
    return Locale(is_guess=is_ambiguous)


@lru_cache(maxsize=4096)
def read_time(text: str, locale: Locale = Locale()) -> datetime | None:
    """The moment in UTC, or None where the text is no time; without a zone it is taken as UTC."""
    clean = text.strip().strip('"')
    try:
        return _elf(clean) or _iso(clean) or _written(clean, locale)
    except (ValueError, OverflowError):
        return None


def has_zone(text: str) -> bool:
    """Whether a time says where it holds."""
    clean = text.strip()
    return bool(_ELF.match(clean)) or _named_zone(_behind_clock(clean)) is not None


def _elf(text: str) -> datetime | None:
    """`20130715233322.670` (Object reference, EventLogFile), in UTC."""
    if not _ELF.match(text):
        return None
    return datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _iso(text: str) -> datetime | None:
    if not re.match(r"\d{4}-\d{2}-\d{2}([T ]\d|$)", text):
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _written(text: str, locale: Locale) -> datetime | None:
    date, clock = _date(text, locale), _CLOCK.search(text)
    if date is None:
        return None
    hour = int(clock[1]) if clock else 0
    if half := _AFTERNOON.search(text):
        hour = hour % 12 + (12 if half[0].lower() in ("pm", "午後") else 0)
    minute, second = (int(clock[2]), int(clock[3] or 0)) if clock else (0, 0)
    return datetime(
        *date, hour, minute, second, tzinfo=_named_zone(_behind_clock(text)) or UTC
    ).astimezone(UTC)


def _date(text: str, locale: Locale) -> tuple[int, int, int] | None:
    if japanese := _JAPANESE.search(text):
        return int(japanese[1]), int(japanese[2]), int(japanese[3])
    found = _DATE.search(text)
    if found is None:
        return None
    one, two, three = int(found[1]), int(found[2]), int(found[3])
    if len(found[1]) == 4:
        return one, two, three
    year = three + 2000 if three < 100 else three
    is_day_first = locale.day_first or "." in found[0] or one > 12
    return (year, two, one) if is_day_first else (year, one, two)


def _behind_clock(text: str) -> str:
    clock = _CLOCK.search(text)
    return text[clock.end() :] if clock else ""


def _named_zone(text: str) -> timezone | None:
    if offset := _OFFSET.search(text):
        away = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(away if offset[1] == "+" else -away)
    known = (ZONES[word.lower()] for word in _ZONE.findall(text) if word.lower() in ZONES)
    minutes = next(known, None)
    return None if minutes is None else timezone(timedelta(minutes=minutes))
