"""What testers may ask of the org: attempts with every gate's answer, and requests seen.

Entries are kept in memory as they happened, and written out only when somebody asks: a token
request has better things to do.
"""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

Entry = Callable[[], dict[str, object]]
"""Writes out what happened, as JSON."""
_KEPT: Final = 2000


class Diary:
    """The newest entries of one kind, each with its number."""

    def __init__(self) -> None:
        self._entries: deque[tuple[int, Entry]] = deque(maxlen=_KEPT)
        self._written = 0

    def keep(self, entry: Entry) -> None:
        """Add an entry; beyond two thousand the oldest is forgotten."""
        self._written += 1
        self._entries.append((self._written, entry))

    def newest(self, limit: int) -> list[dict[str, object]]:
        """The newest entries, newest last."""
        found = list(islice(reversed(self._entries), max(0, limit)))
        return [{"id": number, **entry()} for number, entry in reversed(found)]

    def pages(self) -> tuple[tuple[int, Entry], ...]:
        """All entries, to come back to."""
        return tuple(self._entries)

    def turn_back(self, pages: tuple[tuple[int, Entry], ...]) -> None:
        """Be as it was when these were all."""
        self._entries.clear()
        self._entries.extend(pages)
        self._written = pages[-1][0] if pages else 0

    def __iter__(self) -> Iterator[dict[str, object]]:
        return (entry() for _, entry in self._entries)
