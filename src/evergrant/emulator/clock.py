"""The emulator's clock: the machine's time plus an offset that moves only when told."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPAN: Final = re.compile(r"(\d+)([smhd])")


class Clock:
    """What every handler asks for the time."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self._still: datetime | None = None

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        return (self._still or datetime.now(UTC)) + self.offset

    def advance(self, *, seconds: float) -> None:
        """Move by so many seconds; a negative number goes back."""
        self.offset += timedelta(seconds=seconds)

    def set(self, moment: datetime) -> None:
        """Make it this moment (aware); time runs on from there unless frozen."""
        self.offset += moment - self.now()

    def freeze(self) -> None:
        """Stand still until told to move; for use inside a process."""
        self._still = self._still or datetime.now(UTC)


def span(text: str) -> timedelta:
    """A duration such as '90s', '15m', '2h', '31d' or '1d12h'; raises ValueError otherwise."""
    parts = _SPAN.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"expected a duration such as 90s, 2h or 31d, got {text!r}")
    return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))
