"""What ends or becomes compulsory on a day, and whom it concerns (`retirements.toml`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import cast

from evergrant.catalog.causes import read_source
from evergrant.catalog.condition import OPERATORS, read
from evergrant.catalog.entries import Mark, Source
from evergrant.catalog.entry import Entry
from evergrant.catalog.loader import read_toml
from evergrant.catalog.releases import day_of
from evergrant.catalog.rules import Clause
from evergrant.errors import BadInput

FILE = Path(__file__).parent / "retirements.toml"
_KEYS = ("id", "title", "trait", *OPERATORS, "and", "release", "day", "what", "avert", "rule",
         "mark", "source")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Retirement:
    """Something that ends, or is asked of everybody, from a day on."""

    id: str
    title: str
    when: tuple[Clause, ...]
    """Whom it concerns: all must hold of one subject."""
    day: date
    release: str
    """The release with which it comes; empty where a day was announced."""
    what: str
    """What then happens."""
    avert: str
    rule: str
    """Code of the rule of the audit that says the same of today."""
    mark: Mark
    source: Source

    @property
    def basis(self) -> str:
        """What the day rests on."""
        return f"{self.release}, about" if self.release else "announced for"


@cache
def load() -> tuple[Retirement, ...]:
    """Every retirement, by day.

    Raises `BadInput` naming file and line.
    """
    found = tuple(_all(Entry(*read_toml(FILE))))
    return tuple(sorted(found, key=lambda each: (each.day, each.id)))


def _all(whole: Entry) -> Iterator[Retirement]:
    whole.only(("retirement",))
    for entry in whole.entries("retirement"):
        entry.only(_KEYS)
        yield _retirement(entry)


def _retirement(entry: Entry) -> Retirement:
    release = entry.text("release", "")
    try:
        day = day_of(release) if release else entry.day("day")
    except ValueError:
        entry.refuse(f"{release!r} is no release", "release")
    source = Entry(entry.page, entry.data.get("source", {}), entry.table, entry.number)
    return Retirement(
        id=entry.text("id"),
        title=entry.text("title"),
        when=tuple(_clauses(entry)),
        day=day,
        release=release,
        what=entry.text("what"),
        avert=entry.text("avert"),
        rule=entry.text("rule"),
        mark=cast(Mark, entry.choice("mark", ("documented", "inferred"))),
        source=read_source(source),
    )


def _clauses(entry: Entry) -> Iterator[Clause]:
    more = entry.data.get("and", [])
    for data in (entry.data, *more):
        yield _clause(Entry(entry.page, data, entry.table, entry.number))


def _clause(entry: Entry) -> Clause:
    try:
        return Clause(entry.text("trait"), read(entry.data))
    except BadInput as error:
        entry.refuse(error.what, "trait")
