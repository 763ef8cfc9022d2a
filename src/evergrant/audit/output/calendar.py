"""The forecast as an iCalendar file (RFC 5545): an all-day event a break, with a reminder.

What has no day is not in it; the calendar's description says how much that is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from icalendar import Alarm, Calendar, Event

from evergrant.audit.output.escaping import xml_text

if TYPE_CHECKING:
    from evergrant.audit.forecast_model import Forecast, Foreseen, On

WARNING = timedelta(days=14)
"""How long before the day the calendar reminds."""


def ics(forecast: Forecast, now: datetime) -> bytes:
    """The file, with the line ends that it must have; `now` is when it was written."""
    calendar = Calendar()
    calendar.add("prodid", "-//Evergrant//forecast//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "Salesforce connections: what will break")
    calendar.add("x-wr-caldesc", f"{len(forecast.undated)} more have no day: see the forecast")
    for when, each in forecast.dated:
        calendar.add_component(_event(when, each, now))
    return bytes(calendar.to_ical())


def _event(when: On, each: Foreseen, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{each.id}@forecast.evergrant")
    event.add("dtstamp", now)
    event.add("dtstart", when.day)
    event.add("dtend", when.day + timedelta(days=1))
    event.add("summary", xml_text(f"{each.who}: {each.what}"))
    event.add("description", xml_text("\n".join(_description(each, when))))
    event.add("categories", [each.rule])
    event.add("transp", "TRANSPARENT")
    event.add_component(_reminder(each))
    return event


def _description(each: Foreseen, when: On) -> list[str]:
    about = "The day may be some days off." if when.is_about else ""
    unless = f"Unless {when.unless}." if when.unless else ""
    inferred = "Inferred, not documented." if each.mark == "inferred" else ""
    apps = f"Apps: {', '.join(each.apps)}" if len(each.apps) > 1 else ""
    told = (f"{each.basis} ({each.rule}).", about, unless, inferred, f"To do: {each.avert}.",
            apps)  # fmt: skip
    return [line for line in told if line]


def _reminder(each: Foreseen) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", xml_text(f"{each.who}: {each.avert}"))
    alarm.add("trigger", -WARNING)
    return alarm
