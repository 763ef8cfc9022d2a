"""The emulator's clock: the machine's time plus an offset that moves only when told."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN: Final = re.compile(r"(\d+)([smhd])")


class Clock:
    """What every handler asks for the time."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._still: datetime | None = None
        self._held: datetime | None = None
        self.keeper: Callable[[], None] | None = None
        """Called after each move: what writes the time down, where anything does."""

    @property
    def offset(self) -> timedelta:
        """How far it is from the machine's time."""
        return self._offset

    @offset.setter
    def offset(self, offset: timedelta) -> None:
        self._offset, self._held = offset, None
        if self.keeper is not None:
            self.keeper()

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return self._held or (self._still or datetime.now(UTC)) + self._offset

    def hold(self) -> None:
        """Tell this moment until released or moved: what is done at once is done at one time."""
        self._held = self.now()

    def release(self) -> None:
        """Run on."""
        self._held = None

    def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> None:
        """Move by so much; negative numbers go back."""
        self.offset += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)

    def set(self, moment: datetime) -> None:
        """Make it this moment (aware); time runs on from there unless frozen."""
        self.offset += moment - self.now()

    def reset(self) -> None:
        """Back to the machine's time."""
        self.offset = timedelta()

    def freeze(self) -> None:
        """Stand still until told to move; for use inside a process."""
        self._still = self._still or datetime.now(UTC)

    def copy(self) -> Clock:
        """Another clock that tells the same time and is moved by itself."""
        other = Clock()
        other._offset, other._still = self._offset, self._still
        return other


def span(text: str) -> timedelta:
    """A duration such as '90s', '15m', '2h', '31d' or '1d12h'; raises ValueError otherwise."""
    parts = _SPAN.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"expected a duration such as 90s, 2h or 31d, got {text!r}")
    return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))
