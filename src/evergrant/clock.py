"""The one clock: every room is given it, none asks the machine for the time itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What a room may ask of time."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait in a thread."""

    async def asleep(self, seconds: float) -> None:
        """Wait in an event loop."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))

    async def asleep(self, seconds: float) -> None:
        # Imported here: most commands never wait, and the loop's machinery takes long to load.
        import asyncio

        await asyncio.sleep(max(0.0, seconds))


class ManualClock:
    """A clock that stands still until told; waiting moves it and takes no time."""

    def __init__(self, start: datetime = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move forward (or back: clocks do)."""
        self._now += by

    def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=max(0.0, seconds)))

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)


class ShiftedClock(SystemClock):
    """The machine's clock plus an offset that somebody else holds: demo and drills follow the
    emulator's clock with it."""

    def __init__(self, offset: Callable[[], timedelta]) -> None:
        self._offset = offset

    def now(self) -> datetime:
        return super().now() + self._offset()
