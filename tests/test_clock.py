"""Clocks: aware and in UTC; the manual one takes no time; the shifted one follows its offset."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.clock import Clock, ManualClock, ShiftedClock, SystemClock

CLOCKS: list[Clock] = [SystemClock(), ManualClock(), ShiftedClock(lambda: timedelta(days=30))]


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: type(clock).__name__)
def test_every_clock_tells_aware_time_in_utc(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC


@given(st.lists(st.floats(-5, 1e6)))
def test_a_manual_clock_moves_by_what_was_waited_and_never_back(waits: list[float]) -> None:
    clock = ManualClock()
    start, before = clock.now(), monotonic()
    for seconds in waits:
        clock.sleep(seconds)
    expected = sum((timedelta(seconds=max(0.0, each)) for each in waits), timedelta())
    assert clock.now() - start == expected
    assert monotonic() - before < 60


def test_a_manual_clock_waits_in_a_loop_as_it_does_in_a_thread() -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    asyncio.run(clock.asleep(90))
    assert clock.now() == datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC)


def test_a_manual_clock_goes_back_when_it_is_told_to() -> None:
    clock = ManualClock()
    start = clock.now()
    clock.advance(timedelta(hours=-1))
    assert clock.now() == start - timedelta(hours=1)


def test_a_shifted_clock_follows_its_offset_at_once() -> None:
    offset = timedelta()
    clock = ShiftedClock(lambda: offset)
    near = timedelta(seconds=5)
    assert abs(clock.now() - SystemClock().now()) < near
    offset = timedelta(days=30)
    assert abs(clock.now() - SystemClock().now() - offset) < near


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 0.001])
def test_the_system_clock_takes_any_wait(seconds: float) -> None:
    SystemClock().sleep(seconds)
    asyncio.run(SystemClock().asleep(seconds))
