"""Rows of a CSV export as a stream: quotes, line ends and a cut end are somebody else's trouble.

A row with an open quote would swallow what follows; it is left out, counted, and reading goes on
in the line after its first.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

DELIMITERS = (",", ";", "\t")
"""A spreadsheet in a country with a decimal comma saves CSV with semicolons."""
PREAMBLE = 10
"""Lines before the header that are looked at."""


@dataclass(slots=True)
class Counted:
    """How many rows were read and how many could not be."""

    read: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    """The first line that names columns, and how it parts them."""

    columns: tuple[str, ...]
    delimiter: str
    line: int
    """1-based."""


@dataclass(slots=True)
class _Feed:
    """Lines for the parser, which can be given back."""

    lines: Iterator[str]
    number: int = 0
    ahead: deque[str] = field(default_factory=deque)
    taken: list[str] = field(default_factory=list)

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self.ahead.popleft() if self.ahead else next(self.lines)
        self.number += 1
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """All lines that were taken, but the first."""
        self.ahead.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1


def header_in(text: str, known: Iterable[str]) -> Header | None:
    """The line at the beginning of a text that names at least two known columns, or None.

    `known` are column names as `column_name` writes them.
    """
    names, best = frozenset(known), None
    for number, line in enumerate(text.lstrip("\ufeff").splitlines()[:PREAMBLE], 1):
        for delimiter in DELIMITERS:
            columns = tuple(_cells(line, delimiter))
            hits = len({column_name(each) for each in columns} & names)
            if hits >= 2 and (best is None or hits > best[0]):
                best = (hits, Header(columns, delimiter, number))
    return best[1] if best else None


def column_name(text: str) -> str:
    """A column's name, comparable: lower case, letters and digits alone."""
    return "".join(each for each in text.casefold() if each.isalnum())


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def rows(
    lines: Iterable[str], header: Header, counted: Counted
) -> Iterator[tuple[int, Sequence[str]]]:
    """(line, cells) of each whole row after the header, with as many cells as there are columns.

    A row that is cut or broken is counted in `counted.skipped`; rows of a second header (files that
    were put together) are left out.
    """
    feed = _Feed(iter(lines))
    for _ in range(header.line):
        next(feed, "")
    while True:
        for at, row in _until_broken(feed, header):
            if row == header.columns:
                continue
            counted.read += 1
            yield at, row
        if not feed.taken:
            return
        counted.skipped += 1
        feed.give_back()


def _until_broken(feed: _Feed, header: Header) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Rows until one cannot be read, whose lines are then in `feed.taken`."""
    feed.taken.clear()
    parser = csv.reader(feed, delimiter=header.delimiter)
    while True:
        try:
            row = next(parser, None)
        except csv.Error:
            return
        if row is None and not feed.taken:
            return
        fitted = () if _is_cut(feed.taken) else _fitted(row or [], len(header.columns))
        if row and not fitted:
            return
        at = feed.number - len(feed.taken) + 1
        feed.taken.clear()
        if row:
            yield at, fitted


def _is_cut(lines: Sequence[str]) -> bool:
    """Whether the file ends within a quote: the parser would take the rest for the whole."""
    if not lines or lines[-1].endswith(("\n", "\r")):
        return False
    return sum(line.count('"') for line in lines) % 2 == 1


def _fitted(row: list[str], width: int) -> tuple[str, ...]:
    """The row at the header's width; empty when cells are missing or left over."""
    if len(row) < width or any(cell.strip() for cell in row[width:]):
        return ()
    return tuple(row[:width])
