"""The forecast: the right day, the right client, the right rule; as table, calendar and picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from audit_kit import BREAKS, HOSTILE, NOW, RISK, TODAY, finding, rule
from evergrant.audit.forecast import forecast
from evergrant.audit.forecast_grants import grants_of
from evergrant.audit.forecast_model import NOW as AT_ONCE
from evergrant.audit.forecast_model import AtNext, Forecast, Foreseen, Grant, On, Situation
from evergrant.audit.model import OrgRows, Subject, Trait
from evergrant.audit.output.calendar import ics
from evergrant.audit.output.dates import data, text
from evergrant.audit.output.picture import Axis, svg
from evergrant.audit.subjects.every import every_subject
from evergrant.catalog.releases import day_of
from evergrant.catalog.retirements import load
from evergrant.catalog.rule_reader import rule_book
from evergrant.catalog.traits import vocabulary
from evergrant.model import Unknown, Value, as_json

AUTHORIZED = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
USED = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
GRANT = Grant("Orbit Sync", "int@acme.example", AUTHORIZED, USED)


def app(traits: Mapping[str, Value], name: str = "Orbit", label: str = "Orbit Sync") -> Subject:
    held = {each: Trait(each, value) for each, value in traits.items()}
    return Subject("app", name, "apps", traits=held, app=label)


def policy(kind: str, days: int, *, is_limited: bool = False) -> Subject:
    held: dict[str, Value] = {"app.refresh_policy": kind, "app.refresh_days": days}
    return app({**held, "app.idle_limit": is_limited})


def certified(days: int, name: str = "Orbit", label: str = "Orbit Sync") -> Subject:
    return app({"app.certificate_ends": str(TODAY + timedelta(days=days))}, name, label)


def client(**traits: Value) -> Subject:
    held = {f"client.{name}": Trait(f"client.{name}", value) for name, value in traits.items()}
    return Subject("client", "Old Loader", "org", traits=held, app="Old Loader")


def seen(*subjects: Subject, **more: object) -> tuple[Foreseen, ...]:
    situation = Situation(TODAY, subjects, **more)  # type: ignore[arg-type]
    return forecast(situation).foreseen


def test_a_certificate_ends_on_its_day_and_what_salesforce_then_does_is_inferred() -> None:
    (one,) = seen(certified(70))
    assert (one.when, one.rule, one.apps) == (On(date(2027, 1, 31)), "CLI-10", ("Orbit Sync",))
    assert one.mark == "inferred"


def test_a_lifetime_counts_from_the_authorization_and_is_not_put_off_by_use() -> None:
    (one,) = seen(app({"app.refresh_policy": "lifetime", "app.refresh_days": 90}), grants=(GRANT,))
    assert (one.when, one.client) == (On(date(2027, 1, 30)), "int@acme.example")
    assert "authorized 2026-11-01, lifetime 90 days" in one.basis


def test_an_idle_limit_counts_from_the_last_use_and_is_put_off_by_the_next() -> None:
    (one,) = seen(app({"app.refresh_policy": "inactivity", "app.refresh_days": 7}), grants=(GRANT,))
    assert one.when == On(date(2026, 11, 27), unless="it is used before")
    assert one.rule == "TOK-06"


def test_the_shorter_of_two_idle_limits_counts() -> None:
    (one,) = seen(policy("inactivity", 90, is_limited=True), grants=(GRANT,))
    assert one.when == On(date(2026, 12, 20), unless="it is used before")


@pytest.mark.parametrize("traits", [
    {"app.refresh_policy": "infinite"},
    {"app.refresh_policy": Unknown("not told"), "app.refresh_days": 7},
    {"app.refresh_policy": "lifetime", "app.refresh_days": Unknown("its unit is not shown")},
])  # fmt: skip
def test_what_is_not_known_has_no_day(traits: Mapping[str, Value]) -> None:
    assert seen(app(traits), grants=(GRANT,)) == ()


def test_a_grant_of_another_app_or_without_dates_is_not_judged_by_this_policy() -> None:
    grants = (Grant("Other", "a", AUTHORIZED, USED), Grant("Orbit Sync", "b"))
    assert seen(policy("lifetime", 90), grants=grants) == ()


def test_a_retirement_is_told_once_for_all_whom_it_concerns_and_for_nobody_else() -> None:
    apps = [app({"app.pkce_required": number % 2 == 0}, f"A{number}", f"App {number}")
            for number in range(5)]  # fmt: skip
    found = [each for each in seen(*apps, retirements=load()) if each.rule == "CLI-01"]
    assert [each.apps for each in found] == [("App 1", "App 3")]
    assert found[0].when == On(date(2026, 5, 11))


@pytest.mark.parametrize(("traits", "days"), [
    ({"soap_login": True}, [date(2027, 6, 15)]),
    ({"soap_login": False}, []),
    ({"soap_login": Unknown("no rows")}, []),
    ({"api_version": 20.0}, []),
    ({"api_version": 21.0}, [date(2025, 6, 15)]),
    ({"api_version": 30.0}, [date(2025, 6, 15)]),
    ({"api_version": 31.0}, [date(2028, 6, 15)]),
    ({"api_version": 40.0}, [date(2028, 6, 15)]),
    ({"api_version": 41.0}, []),
    ({"password_flow": True}, [date(2026, 10, 12)]),
])  # fmt: skip
def test_what_salesforce_ends_comes_on_the_day_of_its_release(
    traits: Mapping[str, Value], days: list[date]
) -> None:
    found = seen(client(**traits), retirements=load())
    assert [each.when for each in found] == [On(day, is_about=True) for day in days]


def test_every_retirement_speaks_of_a_known_trait_and_a_known_rule() -> None:
    words, codes = vocabulary().words, {each.code for each in rule_book().rules.values()}
    for each in load():
        assert {clause.trait for clause in each.when} <= set(words), each.id
        assert each.rule in codes, each.id


@pytest.mark.parametrize(("name", "day"), [
    ("Summer '27", date(2027, 6, 15)), ("Winter '27", date(2026, 10, 12)),
    ("Spring '26", date(2026, 2, 16)),
])  # fmt: skip
def test_a_release_has_a_day(name: str, day: date) -> None:
    assert day_of(name) == day


@pytest.mark.parametrize("name", ["Autumn '27", "Summer", "Summer '2x"])
def test_what_is_no_release_has_none(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        day_of(name)


def test_a_finding_that_breaks_comes_with_its_occasion_and_a_risk_does_not_come_at_all() -> None:
    blocked = rule("app-blocked", "ACC-07", "breaks", "critical")
    told = seen(findings=(finding(BREAKS), finding(RISK), finding(blocked),
                          finding(BREAKS, status="unknown")))  # fmt: skip
    assert [(each.when, each.rule) for each in told] == [
        (AtNext(AT_ONCE), "ACC-07"),
        (AtNext("next end of an access token"), "TOK-01"),
    ]


def test_one_rule_that_many_apps_break_comes_once_and_each_user_for_himself() -> None:
    apps = [finding(BREAKS, app=f"App {number}") for number in (2, 1, 2)]
    users = [finding(rule("approvals-full", "TOK-08", "breaks"), subject="grant", name=name)
             for name in ("a@x", "b@x")]  # fmt: skip
    told = seen(findings=(*apps, *users))
    assert [(each.apps, each.client) for each in told] == [
        (("Orbit Sync",), "a@x"), (("Orbit Sync",), "b@x"), (("App 1", "App 2"), ""),
    ]  # fmt: skip


def test_a_lifetime_without_a_known_grant_is_told_with_its_days() -> None:
    (one,) = seen(policy("lifetime", 90))
    assert (one.when, one.rule) == (AtNext("90 days after each authorization"), "TOK-04")


def test_apps_of_one_label_in_two_projects_are_two() -> None:
    twins = [replace(certified(days), project=name)
             for days, name in ((5, "one"), (9, "two"))]  # fmt: skip
    assert [each.when for each in seen(*twins)] == [On(date(2026, 11, 27)), On(date(2026, 12, 1))]


def test_the_orgs_policy_counts_and_not_that_of_the_source() -> None:
    held = policy("inactivity", 30)
    of_org = replace(
        policy("lifetime", 90), project="org",
        traits={**policy("lifetime", 90).traits, "app.in_source": Trait("app.in_source", False)},
    )  # fmt: skip
    assert [each.rule for each in seen(held, of_org, grants=(GRANT,))] == ["TOK-04"]
    assert [each.rule for each in seen(held, grants=(GRANT,))] == ["TOK-06"]


def test_what_lies_beyond_the_horizon_is_counted_and_left_out() -> None:
    far = forecast(Situation(TODAY, (certified(4_000),)))
    assert far.foreseen == ()
    assert "1 more than 5 years away are left out." in far.notes


def test_a_finding_whose_day_is_told_elsewhere_is_not_told_twice() -> None:
    lifetime = rule("lifetime-ends", "TOK-04", "breaks", "medium")
    assert seen(findings=(finding(lifetime),)) == ()


def test_grants_come_from_the_orgs_rows_and_unreadable_times_are_not_known() -> None:
    rows = (
        {"AppName": "Orbit Sync", "User": {"Username": "int@acme.example"},
         "CreatedDate": "2026-11-01T08:00:00.000+0000", "LastUsedDate": "2026-11-20T23:30:00.000Z"},
        {"AppName": "Orbit Sync", "UserId": "005x", "CreatedDate": "soon", "LastUsedDate": None},
    )  # fmt: skip
    assert list(grants_of(OrgRows("acme", {"OauthToken": rows}))) == [
        GRANT,
        Grant("Orbit Sync", "005x"),
    ]


def whole() -> Forecast:
    """Something gone by, soon, later, about, now and undated, in words that steer."""
    apps = [
        certified(70),
        app({"app.pkce_required": False}, "B", HOSTILE),
        certified(5, "C", "Ledger"),
    ]
    blocked = rule("app-blocked", "ACC-07", "breaks", "critical")
    return forecast(
        Situation(
            TODAY,
            (*apps, client(soap_login=True)),
            (finding(BREAKS), finding(blocked)),
            (),
            load(),
            ("apps/broken.xml:3: not well-formed",),
        )
    )


TABLE = """\
Now
                   Orbit Sync (ACC-07)
                   app-blocked is wrong here
                   apps/Orbit.connectedApp:7:5
                   → change the setting

By date
  2026-11-27       Ledger (CLI-10)
                   the certificate that signed assertions are checked by ends
                   (inferred)
                   the certificate's own date
                   → register a new certificate, then sign with its key
"""


def test_the_table_goes_from_now_over_days_to_occasions() -> None:
    told = text(forecast(Situation(
        TODAY,
        (certified(5, "C", "Ledger"),),
        (finding(rule("app-blocked", "ACC-07", "breaks", "critical")),),
    )))  # fmt: skip
    assert told.startswith(TABLE)
    titles = [line for line in text(whole()).splitlines() if line and not line.startswith(" ")]
    assert titles[:3] == ["Now", "By date", "At the next use"]
    assert all(len(line) <= 80 for line in text(whole()).splitlines())


def test_the_data_hold_a_day_or_an_occasion_and_never_both() -> None:
    told = as_json(data(whole()))["foreseen"]
    assert told
    assert all((each["day"] is None) is (each["occasion"] is not None) for each in told)
    assert [each["day"] for each in told if each["code"] == "CLI-01"] == ["2026-05-11"]


def test_the_calendar_holds_every_day_once_and_can_be_read_back() -> None:
    calendar = Calendar.from_ical(ics(whole(), NOW))
    events = list(calendar.walk("VEVENT"))
    assert [each.decoded("dtstart") for each in events] == [on.day for on, _ in whole().dated]
    assert len({str(each["uid"]) for each in events}) == len(events)
    assert all(each.decoded("dtend") - each.decoded("dtstart") == timedelta(days=1)
               for each in events)  # fmt: skip
    assert all(len(each.walk("VALARM")) == 1 for each in events)
    assert b"\r\n" in ics(whole(), NOW)
    assert b"\x07" not in ics(whole(), NOW)


def test_a_calendar_of_tomorrow_names_the_same_events() -> None:
    one = {str(each["uid"]) for each in Calendar.from_ical(ics(whole(), NOW)).walk("VEVENT")}
    later = {
        str(each["uid"])
        for each in Calendar.from_ical(ics(whole(), NOW + timedelta(days=1))).walk("VEVENT")
    }
    assert one == later


def test_the_picture_is_well_formed_and_names_every_app() -> None:
    root = ElementTree.fromstring(svg(whole()))
    told = " ".join(root.itertext())
    assert all(
        label in told for label in ("Orbit Sync", "Ledger", "Old Loader", "since 2026-05-11")
    )
    assert "<script" not in svg(whole())


def test_a_picture_of_many_breaks_says_how_many_are_not_drawn() -> None:
    apps = tuple(certified(n, f"A{n}", f"App {n}") for n in range(1, 100))
    assert "59 more are not drawn" in svg(forecast(Situation(TODAY, apps)))


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(1, 4000))
def test_every_tick_of_the_axis_lies_in_it_and_they_can_be_read(first: date, days: int) -> None:
    axis = Axis(first, first + timedelta(days=days))
    ticks = list(axis.ticks())
    assert all(axis.first <= each <= axis.last for each in ticks)
    assert len(ticks) <= 12
    places = [axis.x(each) for each in ticks]
    assert places == sorted(places)


def test_an_empty_forecast_is_drawn_and_told() -> None:
    empty = forecast(Situation(TODAY))
    assert text(empty) == "0 with a date (0 gone by), 0 without.\n"
    ElementTree.fromstring(svg(empty))
    assert Calendar.from_ical(ics(empty, NOW)).walk("VEVENT") == []


def test_a_login_by_password_foresees_the_end_of_that_flow() -> None:
    row = {
        "Application": "Old Loader",
        "UserId": "005x",
        "Status": "Success",
        "LoginTime": "2026-11-20T08:00:00.000+0000",
        "LoginSubType": "OauthUsernamePassword",
    }
    org = OrgRows("acme", {"LoginHistory": (row,)})
    subjects = tuple(every_subject((), org, NOW))
    told = forecast(Situation(TODAY, subjects, (), (), load())).foreseen
    assert [(each.apps, each.rule) for each in told] == [(("Old Loader",), "ORG-01")]
