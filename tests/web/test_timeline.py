"""The picture of a connection's past: every moment has its place, whatever the span."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from evergrant.health import State
from evergrant.keeper import Past, Span
from evergrant.model import Incident
from evergrant.web.timeline import WIDTH, timeline

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
agos = st.integers(min_value=1, max_value=400 * 86_400).map(lambda s: NOW - timedelta(seconds=s))


def test_a_connection_of_this_minute_has_a_picture_too() -> None:
    drawn = timeline(Past((Span(State.CONNECTED, NOW, NOW),), (NOW,), (), ()), NOW)
    assert drawn.ends - drawn.begins == timedelta(minutes=1)
    assert [each.kind for each in drawn.marks] == ["authorized"]


def test_the_picture_is_told_in_one_sentence() -> None:
    broken = (
        Incident("inc_1", "con_1", NOW - timedelta(days=9), closed_at=NOW - timedelta(days=8)),
        Incident("inc_2", "con_1", NOW - timedelta(days=1)),
    )
    spans = (Span(State.CONNECTED, NOW - timedelta(days=20), NOW),)
    assert timeline(Past(spans, (), (), broken), NOW).told == (
        "2 incidents since 02 Nov 2026, 1 open now"
    )


@given(st.lists(agos, min_size=1, max_size=12).map(sorted), st.lists(agos, max_size=5))
def test_bars_and_marks_lie_within_the_picture_and_bars_in_order(
    moments: list[datetime], marks: list[datetime]
) -> None:
    states = list(State)
    spans = tuple(
        Span(states[at % len(states)], begins, ends)
        for at, (begins, ends) in enumerate(zip(moments, [*moments[1:], NOW], strict=True))
        if ends > begins
    )
    drawn = timeline(Past(spans, tuple(marks), (), ()), NOW)
    assert all(0 <= each.x <= WIDTH and each.width >= 1 for each in drawn.bars)
    assert [each.x for each in drawn.bars] == sorted(each.x for each in drawn.bars)
    assert all(0 <= each.x <= WIDTH and each.at >= drawn.begins for each in drawn.marks)


def test_a_long_past_can_be_looked_at_closely_and_a_short_one_is_close_already() -> None:
    def past(age: timedelta) -> Past:
        return Past((Span(State.CONNECTED, NOW - age, NOW),), (NOW,), (), ())

    whole = timeline(past(timedelta(days=20)), NOW)
    assert [zoom for zoom, _ in whole.closer] == ["", "week", "day", "hour"]
    close = timeline(past(timedelta(days=20)), NOW, "day")
    assert close.ends - close.begins == timedelta(days=1)
    assert close.bars[0].width == WIDTH
    assert [zoom for zoom, _ in timeline(past(timedelta(hours=5)), NOW).closer] == ["", "hour"]
    assert timeline(past(timedelta(minutes=5)), NOW).closer == ()
