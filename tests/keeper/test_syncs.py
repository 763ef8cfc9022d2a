"""Syncs that integrations report: errors clear, incidents end, a missed window is named."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from evergrant import keeper as verbs
from evergrant.errors import BadInput, NotFound
from evergrant.keeper.flapping import FLAPS, WITHIN
from evergrant.model import Connection
from evergrant.store import expectations
from evergrant.store.expectations import Expectations
from evergrant.watch import go_round
from keeper_kit import (
    BROWSER_APP,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)
from store_kit import each_database_fixture  # noqa: F401 (a fixture)

pytestmark = pytest.mark.usefixtures("each_database")
HOUR = timedelta(hours=1)


def expecting(ground: Ground, connection: Connection, **told: object) -> None:
    with ground.keeper.writing() as tx:
        expectations.keep(tx, connection.integration, Expectations(**told))  # type: ignore[arg-type]


def break_and_mend(ground: Ground, connection: Connection) -> None:
    """Blocked for an hour, then a check that works."""
    ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    ground.control.advance(HOUR)
    ground.control.act("unblock_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)


def test_an_incident_that_is_to_be_proved_by_a_sync_ends_with_the_next_one(ground: Ground) -> None:
    connection = ground.connected()
    expecting(ground, connection, proved_by_sync=True)
    break_and_mend(ground, connection)
    open_ = ground.incident(connection)
    assert open_ is not None
    assert {each.kind for each in open_.proofs} == {"identity", "call", "login_history"}
    verbs.check(ground.keeper, connection.id)
    assert len(ground.history(connection, "incident waits")) == 1
    failed = verbs.report_sync(ground.keeper, connection.id, succeeded=False, detail="no rows")
    assert failed.incident == ""
    told = verbs.report_sync(ground.keeper, connection.id, succeeded=True, records=12)
    assert told.incident == open_.id
    assert ground.incident(connection) is None
    [closed] = ground.incidents(connection)
    assert [(each.kind, each.detail) for each in closed.proofs][-1] == ("sync", "12 records")


def test_a_sync_alone_ends_no_incident(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    told = verbs.report_sync(ground.keeper, connection.id, succeeded=True)
    assert told.incident == ""
    assert ground.incident(connection) is not None


def test_a_success_clears_the_failures_before_it(ground: Ground) -> None:
    connection = ground.connected()
    for number in range(3):
        verbs.report_sync(ground.keeper, connection.id, succeeded=False, detail=f"row {number}")
    told = [each.detail for each in verbs.sync_errors(ground.keeper, connection.id)]
    assert told == ["row 2", "row 1", "row 0"]
    assert verbs.report_sync(ground.keeper, connection.id, succeeded=True).cleared == 3
    assert verbs.sync_errors(ground.keeper, connection.id) == []


def test_the_window_that_was_missed_is_named_once_and_reaches_back_to_the_last_sync(
    ground: Ground,
) -> None:
    connection = ground.connected()
    verbs.report_sync(ground.keeper, connection.id, succeeded=True)
    last = ground.keeper.clock.now()
    ground.control.advance(HOUR)
    break_and_mend(ground, connection)
    missed = verbs.report_sync(ground.keeper, connection.id, succeeded=True).missed
    assert missed is not None
    assert abs(missed.since - last) < timedelta(minutes=1)
    assert missed.until - missed.since >= 2 * HOUR
    [event] = ground.history(connection, "missed window")
    assert event.data["incident"] == ground.incidents(connection)[0].id
    assert verbs.report_sync(ground.keeper, connection.id, succeeded=True).missed is None


def test_a_sync_that_does_not_come_in_time_raises_one_alarm(ground: Ground) -> None:
    connection = ground.connected()
    expecting(ground, connection, sync_every_min=60)
    told = verbs.report_sync(ground.keeper, connection.id, succeeded=True)
    assert told.next_by is not None
    ground.control.advance(timedelta(minutes=80))
    go_round(ground.keeper, "me")
    assert ground.history(connection, "sync overdue") == []
    ground.control.advance(timedelta(minutes=20))
    for _ in range(3):
        go_round(ground.keeper, "me")
        ground.control.advance(HOUR)
    assert len(ground.history(connection, "sync overdue")) == 1
    assert [each.kind for each in ground.notices()] == ["sync overdue"]
    verbs.report_sync(ground.keeper, connection.id, succeeded=True)
    ground.control.advance(2 * HOUR)
    go_round(ground.keeper, "me")
    assert len(ground.history(connection, "sync overdue")) == 2


def test_no_alarm_is_raised_for_a_connection_that_is_known_to_be_dead(ground: Ground) -> None:
    connection = ground.connected()
    expecting(ground, connection, sync_every_min=60)
    verbs.report_sync(ground.keeper, connection.id, succeeded=True)
    ground.control.act("revoke_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    ground.control.advance(2 * HOUR)
    go_round(ground.keeper, "me")
    assert ground.history(connection, "sync overdue") == []


def test_a_report_of_the_future_or_of_nothing_is_refused(ground: Ground) -> None:
    connection = ground.connected()
    future = ground.keeper.clock.now() + HOUR
    with pytest.raises(BadInput, match="future"):
        verbs.report_sync(ground.keeper, connection.id, succeeded=True, at=future)
    with pytest.raises(NotFound):
        verbs.report_sync(ground.keeper, "con_nobody", succeeded=True)


def test_failed_syncs_put_off_no_alarm(ground: Ground) -> None:
    connection = ground.connected()
    expecting(ground, connection, sync_every_min=60)
    by = verbs.report_sync(ground.keeper, connection.id, succeeded=True).next_by
    for _ in range(6):
        ground.control.advance(HOUR / 2)
        told = verbs.report_sync(ground.keeper, connection.id, succeeded=False, detail="no rows")
        assert told.next_by in (by, None)
        go_round(ground.keeper, "me")
    [event] = ground.history(connection, "sync overdue")
    assert event.text.startswith("no sync since")


def test_an_integration_that_never_syncs_raises_an_alarm_too(ground: Ground) -> None:
    integration = ground.integration()
    told = Expectations(sync_every_min=60)
    verbs.expect(ground.keeper, integration.id, told)
    connection = ground.connected()
    ground.control.advance(2 * HOUR)
    go_round(ground.keeper, "me")
    [event] = ground.history(connection, "sync overdue")
    assert event.text == "no sync was ever reported"


def test_what_is_expected_only_now_has_its_time_from_now_on(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.advance(5 * HOUR)
    verbs.expect(ground.keeper, connection.integration, Expectations(sync_every_min=60))
    go_round(ground.keeper, "me")
    assert ground.history(connection, "sync overdue") == []
    ground.control.advance(2 * HOUR)
    go_round(ground.keeper, "me")
    assert len(ground.history(connection, "sync overdue")) == 1


def test_what_is_expected_no_more_raises_no_alarm(ground: Ground) -> None:
    connection = ground.connected()
    verbs.expect(ground.keeper, connection.integration, Expectations(sync_every_min=60))
    verbs.expect(ground.keeper, connection.integration, Expectations())
    ground.control.advance(2 * HOUR)
    go_round(ground.keeper, "me")
    assert ground.history(connection, "sync overdue") == []


def test_a_connection_that_recovered_is_waited_for_anew(ground: Ground) -> None:
    connection = ground.connected()
    expecting(ground, connection, sync_every_min=60)
    verbs.report_sync(ground.keeper, connection.id, succeeded=True)
    ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    ground.control.advance(4 * HOUR)
    go_round(ground.keeper, "me")
    assert ground.history(connection, "sync overdue") == [], "that it is blocked was told"
    ground.control.act("unblock_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    go_round(ground.keeper, "me")
    assert ground.history(connection, "sync overdue") == [], "it has had no time yet"
    ground.control.advance(2 * HOUR)
    go_round(ground.keeper, "me")
    assert len(ground.history(connection, "sync overdue")) == 1


def test_a_report_that_comes_after_a_newer_one_brings_no_alarm_forward(ground: Ground) -> None:
    connection = ground.connected()
    expecting(ground, connection, sync_every_min=60)
    ground.control.advance(5 * HOUR)
    now = ground.keeper.clock.now()
    by = verbs.report_sync(ground.keeper, connection.id, succeeded=True).next_by
    late = verbs.report_sync(ground.keeper, connection.id, succeeded=True, at=now - 3 * HOUR)
    assert by is not None
    assert late.next_by == by
    go_round(ground.keeper, "me")
    assert ground.history(connection, "sync overdue") == []


def test_a_late_report_of_a_sync_before_the_break_says_nothing_about_what_came_after(
    ground: Ground,
) -> None:
    connection = ground.connected()
    expecting(ground, connection, proved_by_sync=True)
    before = ground.keeper.clock.now()
    ground.control.advance(HOUR)
    break_and_mend(ground, connection)
    verbs.report_sync(ground.keeper, connection.id, succeeded=False, detail="after the break")
    late = verbs.report_sync(ground.keeper, connection.id, succeeded=True, at=before)
    assert (late.incident, late.cleared, late.missed) == ("", 0, None)
    left = [each.detail for each in verbs.sync_errors(ground.keeper, connection.id)]
    assert left == ["after the break"]
    open_ = ground.incident(connection)
    assert open_ is not None
    told = verbs.report_sync(ground.keeper, connection.id, succeeded=True)
    assert (told.incident, told.cleared) == (open_.id, 1)
    assert told.missed is not None
    assert told.missed.since == before


def test_a_report_of_long_ago_is_a_wrong_clock(ground: Ground) -> None:
    connection = ground.connected()
    first = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    with pytest.raises(BadInput, match="more than a year old"):
        verbs.report_sync(ground.keeper, connection.id, succeeded=True, at=first)


# --- flapping ------------------------------------------------------------------------------------


def flap(ground: Ground, connection: Connection, times: int) -> None:
    for _ in range(times):
        ground.control.act("block_app", app=BROWSER_APP)
        verbs.check(ground.keeper, connection.id)
        ground.control.act("unblock_app", app=BROWSER_APP)
        verbs.check(ground.keeper, connection.id)


def test_who_flaps_is_told_of_once_and_once_more_when_it_has_settled(ground: Ground) -> None:
    connection = ground.connected()
    flap(ground, connection, 5)
    kinds = [each.kind for each in ground.notices()]
    assert kinds == ["broken", "recovered"] * (len(kinds) // 2) + ["flapping"]
    assert len(kinds) < FLAPS
    changes = len(ground.history(connection, "state changed"))
    assert changes == 11, "every change is an event, the first connection among them"
    ground.control.advance(WITHIN)
    go_round(ground.keeper, "me")
    told = ground.notices()[len(kinds) :]
    assert [(each.kind, each.data["was"]) for each in told] == [("recovered", "flapping")]


def test_a_connection_that_dies_while_it_flaps_is_told_of_when_it_keeps_still(
    ground: Ground,
) -> None:
    connection = ground.connected()
    flap(ground, connection, 4)
    ground.control.act("revoke_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    assert ground.notices()[-1].kind == "flapping"
    ground.control.advance(WITHIN)
    go_round(ground.keeper, "me")
    assert ground.notices()[-1].data == {
        "integration": connection.integration,
        "state": "needs reauthorization",
        "tenant": "default",
        "was": "flapping",
    }


def test_slow_changes_are_each_told(ground: Ground) -> None:
    connection = ground.connected()
    for _ in range(4):
        flap(ground, connection, 1)
        ground.control.advance(WITHIN)
    assert [each.kind for each in ground.notices()] == ["broken", "recovered"] * 4
