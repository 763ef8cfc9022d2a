"""One table of a catalog file, read with care: every complaint names the file and the line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn

from evergrant.catalog.lines import line_of
from evergrant.errors import BadInput


@dataclass(frozen=True, slots=True)
class Page:
    """A catalog file: its name and its text, for complaints."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of a page."""

    page: Page
    data: Mapping[str, Any]
    table: str = ""
    number: int = 0

    def refuse(self, what: str, key: str = "") -> NoReturn:
        """Raise `BadInput` naming file and line."""
        line = line_of(self.page.text, self.table, self.number, key)
        raise BadInput(
            f"{self.page.name}, line {line}: {what}",
            next_step="correct the entry; docs/topics/design.md shows the shape",
            whose="maintainer of the catalog",
        )

    def only(self, known: Collection[str]) -> None:
        """Refuse keys that nobody reads."""
        for key in self.data:
            if key not in known:
                self.refuse(f"nobody knows the key {key!r}", key)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; required unless there is a default."""
        value = self.data.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            self.refuse(f"{key!r} is missing" if value is None else f"{key!r} is no text", key)
        return value

    def flag(self, key: str) -> bool:
        """Whether something is so; not, where nothing is said of it."""
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            self.refuse(f"{key!r} is neither true nor false", key)
        return value

    def choice(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """A text out of a closed list."""
        value = self.text(key, default)
        if value not in allowed:
            self.refuse(f"{key} is {value!r}, expected one of {', '.join(allowed)}", key)
        return value

    def number_in(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number within bounds, both included."""
        value = self.data.get(key, default)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            self.refuse(f"{key!r} is missing or no number", key)
        if not low <= value <= high:
            self.refuse(f"{key} is {value}, expected {low} to {high}", key)
        return float(value)

    def day(self, key: str) -> date:
        """A date."""
        value = self.data.get(key)
        if not isinstance(value, date):
            self.refuse(f"{key!r} is missing or no date", key)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty when it is not there."""
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.refuse(f"{key!r} is no list of texts", key)
        return tuple(value)

    def entries(self, key: str) -> Iterator[Entry]:
        """The tables of an array of tables."""
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.refuse(f"{key!r} is no array of tables", key)
        for number, each in enumerate(value):
            yield Entry(self.page, each, key, number)
