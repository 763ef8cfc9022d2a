"""Event log files: made when their day or hour is long enough over, kept for a while, then gone.

Object Reference, EventLogFile: daily files appear at least a day later, hourly ones three to six
hours; files are kept for 30 days with Event Monitoring.  Without it the free ones are kept for
one day (inferred, for pages differ).  The org catches up before each call of the REST API.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from evergrant.emulator import objects, state
from evergrant.emulator.events.kinds import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrant.emulator.org import Org

_NOTE: Final = "log_files"
_VERSION: Final = 67.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How long a file covers, and how long after its beginning it appears."""

    interval: Literal["Daily", "Hourly"]
    covers: timedelta
    appears: timedelta
    characters: int
    """How much of a stored time names the beginning."""


_DAILY: Final = Rhythm("Daily", timedelta(days=1), timedelta(days=1, hours=3), 10)
_HOURLY: Final = Rhythm("Hourly", timedelta(hours=1), timedelta(hours=4), 13)
_FREE: Final = timedelta(days=1)
_PAID: Final = timedelta(days=30)


def catch_up(org: Org) -> None:
    """Make the files that are due and drop those that are old; looks once an hour."""
    now = org.clock.now()
    has_monitoring = state.load_org(org.db).event_monitoring
    looked = f"{objects.stamp(now)[:13]} {has_monitoring}"
    if _looked(org) == looked:
        return
    kept = _PAID if has_monitoring else _FREE
    with org.changing():
        state.note(org.db, _NOTE, looked)
        _drop(org, objects.stamp(now - kept))
        for kind in KINDS:
            for rhythm in (_DAILY, _HOURLY) if has_monitoring else (_DAILY,):
                _make_due(org, kind, rhythm, now, kept)


def _looked(org: Org) -> str | None:
    return state.recall(org.db, _NOTE, lambda: _noted(org))


def _noted(org: Org) -> str | None:
    row = state.one(org.db, "SELECT value FROM x_meta WHERE key = ?", _NOTE)
    return None if row is None else str(row["value"])


def _drop(org: Org, before: str) -> None:
    org.db.execute('DELETE FROM "EventLogFile" WHERE "CreatedDate" <= ?', (before,))
    org.db.execute('DELETE FROM x_log_file WHERE id NOT IN (SELECT "Id" FROM "EventLogFile")')


def _make_due(org: Org, kind: Kind, rhythm: Rhythm, now: datetime, kept: timedelta) -> None:
    for start in _starts(org, kind, rhythm, now, kept):
        created = start + rhythm.appears
        is_due = now - kept < created <= now
        if is_due and not _is_made(org, kind, rhythm, start):
            _make(org, kind, rhythm, start, created)


def _starts(
    org: Org, kind: Kind, rhythm: Rhythm, now: datetime, kept: timedelta
) -> Iterator[datetime]:
    first = now - kept - rhythm.appears - rhythm.covers
    window = {"first": objects.stamp(first), "after": objects.stamp(now)}
    for row in org.db.execute(kind.starts(rhythm.characters), window).fetchall():
        yield datetime.fromisoformat(row[0]).replace(tzinfo=UTC)


def _is_made(org: Org, kind: Kind, rhythm: Rhythm, start: datetime) -> bool:
    found = state.one(
        org.db, 'SELECT 1 FROM "EventLogFile" WHERE "EventType" = ? AND "Interval" = ?'
        ' AND "LogDate" = ?', kind.name, rhythm.interval, objects.stamp(start),
    )  # fmt: skip
    return found is not None


def _make(org: Org, kind: Kind, rhythm: Rhythm, start: datetime, created: datetime) -> None:
    body = text(org, kind, start, start + rhythm.covers).encode()
    record = org.ids.new("0AT")
    types = ",".join("DateTime" if name == "TIMESTAMP" else "String" for name in kind.header)
    objects.insert(
        org.db, "EventLogFile", Id=record, EventType=kind.name, LogDate=start,
        CreatedDate=created, SystemModstamp=created, LogFileLength=len(body),
        LogFileContentType="text/csv", LogFileFieldNames=",".join(kind.header),
        LogFileFieldTypes=types, ApiVersion=_VERSION, Interval=rhythm.interval,
        Sequence=0 if rhythm.interval == "Daily" else start.hour + 1,
    )  # fmt: skip
    state.put(org.db, "x_log_file", id=record, body=body)


def text(org: Org, kind: Kind, first: datetime, after: datetime) -> str:
    """The file of that span, every field quoted."""
    made = io.StringIO()
    writer = csv.writer(made, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(kind.header)
    window = {"first": objects.stamp(first), "after": objects.stamp(after)}
    writer.writerows(org.db.execute(kind.query(), window))
    return made.getvalue()


def body_of(org: Org, record: str) -> bytes | None:
    """The CSV of a file by its 18-character id; None where there is none."""
    row = state.one(org.db, "SELECT body FROM x_log_file WHERE id = ?", record)
    return None if row is None else bytes(row["body"])
