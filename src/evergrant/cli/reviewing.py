"""From a report to what is told: what counts, what will break, whether anything was seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from evergrant.cli.audited import given_text
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.audit.forecast_model import Forecast
    from evergrant.audit.model import Report
    from evergrant.audit.review import Review
    from evergrant.cli.audited import Looked
    from evergrant.keeper.clients import Clients

SUPPRESSIONS = ".evergrant-audit.toml"
"""Read where it lies in the current folder and no other is named."""


def reviewed_as(report: Report, baseline: str, suppressions: str) -> Review:
    """The report, parted by a baseline and by what somebody answers for.

    Raises `BadInput` for a file that cannot be read.
    """
    from evergrant.audit.baseline import read_baseline
    from evergrant.audit.review import reviewed
    from evergrant.audit.suppress import read_suppressions
    from evergrant.catalog.rule_reader import rule_book
    from evergrant.clock import SystemClock

    known = read_baseline(baseline, given_text(baseline)) if baseline else None
    name = suppressions or (SUPPRESSIONS if Path(SUPPRESSIONS).is_file() else "")
    book = rule_book()
    words = {word for rule in book.rules.values() for word in (rule.id, rule.code)}
    held = read_suppressions(name, given_text(name), words) if name else ()
    today = (report.at or SystemClock().now()).date()
    profile = book.profiles.get(report.profile)
    return reviewed(report, today=today, suppressions=held, baseline=known, profile=profile)


def foreseen(looked: Looked, own: Clients | None = None) -> Forecast:
    """What will break of everything that was looked at, and of our own connections."""
    from evergrant.audit.forecast import forecast
    from evergrant.audit.forecast_grants import grants_of
    from evergrant.audit.forecast_model import Situation
    from evergrant.audit.subjects.every import every_subject
    from evergrant.catalog.retirements import load
    from evergrant.clock import SystemClock

    org, report = looked.org, looked.report
    now = report.at or SystemClock().now()
    subjects = (*every_subject(looked.what.paths, org, now), *(own.subjects if own else ()))
    grants = (*(grants_of(org) if org else ()), *(own.grants if own else ()))
    unread = tuple(f"{each.place}: {each.what}" for each in report.problems)
    return forecast(Situation(now.date(), subjects, report.findings, grants, load(), unread))


def ensure_looked(report: Report) -> None:
    """Refuse to call it done where nothing could be looked at: that is no pass.

    Raises `BadInput` for a path that cannot be read and where no file was recognized.
    """
    fatal = [each for each in report.problems if each.is_fatal]
    if not fatal and not report.is_empty:
        return
    where = str(fatal[0].place) if fatal else ""
    what = fatal[0].what if fatal else "nothing was judged: neither a file nor an org told anything"
    raise BadInput(
        f"{where}: {what}" if where else what,
        next_step="name metadata of apps, or look into the org as an admin (--target-org)",
        whose="you",
    )
