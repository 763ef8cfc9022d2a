"""Rows of one kind of export, from CSV files and query answers alike, in any order of columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from evergrant.evidence.exports.columns import Binding, Sheet, bound
from evergrant.evidence.exports.csv_rows import Counted, Header, column_name, header_in, rows
from evergrant.evidence.exports.times import Locale, has_zone, locale_of, read_time
from evergrant.evidence.gathered import Reading
from evergrant.evidence.given.document import Document
from evergrant.evidence.given.json_parts import documents_in, flat, members_of

SAMPLE = 500
"""Rows that are looked at to tell how a column of times is meant."""
Cell = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its fields by the sheet's names, its time, its line."""

    cell: Cell
    at: datetime
    line: int | None


@dataclass(slots=True)
class Sheeted:
    """The rows of some documents; `readings` and `is_inferred` are whole when all were read."""

    sheet: Sheet
    documents: Sequence[Document]
    readings: list[Reading] = field(default_factory=list)
    is_inferred: bool = False

    def __iter__(self) -> Iterator[Row]:
        for document in self.documents:
            header = header_in(document.begin, self.sheet.names())
            yield from self._csv(document, header) if header else self._json(document)

    def _csv(self, document: Document, header: Header) -> Iterator[Row]:
        binding, counted, untimed = bound(self.sheet, header.columns), Counted(), 0
        if binding is None:
            self._read(document, 0, 0, ("its columns are not those of the other rows",))
            return
        self.is_inferred = self.is_inferred or binding.is_inferred
        times = list(islice(_times(document, header, binding), SAMPLE))
        locale = locale_of(times)
        for line, cells in rows(document.lines(), header, counted):
            at = read_time(binding.cell(cells, *TIMES), locale)
            if at is None:
                untimed += 1
            else:
                yield Row(_of_csv(binding, cells), at, line)
        self._read(document, counted.read - untimed, counted.skipped + untimed,
                   _time_notes(times, locale))  # fmt: skip

    def _json(self, document: Document) -> Iterator[Row]:
        text, is_cut = document.text()
        records, broken = records_in(text)
        read = 0
        for record in records:
            cell = _of_record(self.sheet, flat(record))
            at = read_time(cell(*TIMES))
            if at is not None:
                read += 1
                yield Row(cell, at, None)
        skipped = broken + len(records) - read
        self._read(document, read, skipped, ("its end was left out for length",) if is_cut else ())

    def _read(self, document: Document, read: int, skipped: int, notes: tuple[str, ...]) -> None:
        self.readings.append(Reading(self.sheet.kind, document.name, read, "rows", skipped, notes))


TIMES = ("at", "digits")


def _times(document: Document, header: Header, binding: Binding) -> Iterator[str]:
    lines = document.begin.splitlines(keepends=True)
    for _, cells in rows(lines, header, Counted()):
        yield binding.cell(cells, *TIMES)


def _time_notes(times: Sequence[str], locale: Locale) -> tuple[str, ...]:
    notes = []
    if times and not any(has_zone(each) for each in times):
        notes.append("its times name no zone and were taken as UTC")
    if locale.is_guess:
        notes.append("no date tells day from month; month first was taken")
    return tuple(notes)


def _of_csv(binding: Binding, cells: Sequence[str]) -> Cell:
    return lambda *fields: binding.cell(cells, *fields)


def _of_record(sheet: Sheet, record: Mapping[str, str]) -> Cell:
    names = sheet.names()
    told: dict[str, str] = {}
    for name, value in record.items():
        field_, _ = names.get(column_name(name), ("", False))
        if field_ and value.strip():
            told.setdefault(field_, value.strip())
    return lambda *fields: next((told[each] for each in fields if each in told), "")


def records_in(text: str) -> tuple[list[Mapping[str, object]], int]:
    """The records of a query's answer as REST or Salesforce CLI gives it, or of a bare list, and
    how many could not be read; a cut answer gives the whole ones."""
    found, broken = documents_in(text)
    if broken:
        found, broken = members_of(text, "records")
    records: list[Mapping[str, object]] = []
    for value in found:
        records += _records(value)
    return records, broken


def _records(value: object) -> list[Mapping[str, object]]:
    if isinstance(value, list):
        return [each for each in value if isinstance(each, Mapping)]
    if not isinstance(value, Mapping):
        return []
    inner = value.get("result", value)
    listed = inner.get("records") if isinstance(inner, Mapping) else inner
    if isinstance(listed, list):
        return _records(listed)
    return [value]
