"""The forecast: what will break, which client, on which date, by which rule.

Dates come from four places: certificates, the age of grants against the app's refresh token policy,
the days on which Salesforce ends something, and the findings of the audit that break a client at
its next step, whenever that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import assert_never

from evergrant.audit.forecast_model import NOW, AtNext, Forecast, Foreseen, On, Situation
from evergrant.audit.forecast_sources import SOURCES

HORIZON = timedelta(days=5 * 365)
"""What lies farther ahead is no news: certificates that end in a thousand years."""


def forecast(situation: Situation) -> Forecast:
    """What is to come: what happens now, then by day, then by occasion."""
    found = {each.id: each for source in SOURCES for each in source(situation)}
    near = [each for each in found.values() if not _is_far(each, situation.today)]
    notes = tuple(_notes(situation, len(found) - len(near)))
    return Forecast(situation.today, tuple(sorted(near, key=_order)), notes)


def _is_far(each: Foreseen, today: date) -> bool:
    return isinstance(each.when, On) and each.when.day > today + HORIZON


def _order(each: Foreseen) -> tuple[int, date, str, str]:
    match each.when:
        case AtNext(occasion=occasion):
            return (0 if occasion == NOW else 2, date.max, str(each.when), each.who)
        case On(day=day):
            return (1, day, each.rule, each.who)
        case _:
            assert_never(each.when)


def _notes(situation: Situation, far: int) -> Iterator[str]:
    if far:
        yield f"{far} more than {HORIZON.days // 365} years away are left out."
    yield from (f"Not read: {each}" for each in situation.unread)
    if any(each.kind == "app" for each in situation.subjects) and not situation.grants:
        yield (
            "No grants were seen: lifetimes and idle limits have no dates without an org's"
            " OauthToken rows or connections of ours."
        )
