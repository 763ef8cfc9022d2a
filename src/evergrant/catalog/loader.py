"""Loading the catalog: every file read, checked, cross-checked; once a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import tomli

from evergrant.catalog import taught
from evergrant.catalog.causes import Known, read_cause, read_source
from evergrant.catalog.changes import read_changes
from evergrant.catalog.entries import Catalog, Cause, Gate, Term
from evergrant.catalog.entry import Entry, Page
from evergrant.catalog.facts import read_facts
from evergrant.catalog.lines import line_in_message
from evergrant.errors import BadInput

FOLDER = Path(__file__).parent


@cache
def load(folder: Path = FOLDER) -> Catalog:
    """The catalog in a folder; a folder is read once a process.

    Over our own catalog lies the operator's folder, where the setting `catalog` names one.
    Raises `BadInput` naming file and line for the first entry that is not what it should be.
    """
    over = _overlay() if folder == FOLDER else None
    return read(folder, *([over] if over else []))


def _overlay() -> Path | None:
    from evergrant.settings import load as settings

    return settings().catalog


def read(folder: Path, *overlays: Path) -> Catalog:
    """The catalog in a folder, with others laid over it: their entries are added or replace ours.

    An overlay may hold `causes/*.toml`, `facts.toml`, `changes.toml` and `terms.toml`.
    Raises `BadInput` naming file and line.
    """
    facts = read_facts(*read_toml(folder / "facts.toml"))
    gates = _gates(*read_toml(folder / "gates.toml"))
    changes = read_changes(*read_toml(folder / "changes.toml"))
    for each in overlays:
        _check_overlay(each)
        facts = read_facts(*_read_if(each / "facts.toml"), facts)
        changes |= read_changes(*_read_if(each / "changes.toml"))
    known, causes = Known(facts, gates, changes), _Causes({}, {})
    terms: dict[str, Term] = {}
    for each in (folder, *overlays):
        causes.add(each, known)
    causes.check_broader()
    for each in (folder, *overlays):
        terms |= _terms(*_read_if(each / "terms.toml"), causes.found)
    return Catalog(facts, causes.found, gates, terms, changes, _lessons(folder / taught.NAME))


@dataclass(frozen=True, slots=True)
class _Causes:
    """The causes of all folders, each with the entry it was read from."""

    found: dict[str, Cause]
    entries: dict[str, Entry]

    def add(self, folder: Path, known: Known) -> None:
        """Those of a folder; a cause of the same name is replaced."""
        for path in sorted((folder / "causes").glob("*.toml")):
            entry = Entry(*read_toml(path))
            self.found[path.stem] = read_cause(path.stem, entry, known)
            self.entries[path.stem] = entry

    def check_broader(self) -> None:
        """A broader cause exists and is broad itself."""
        for id_, cause in self.found.items():
            broad = self.found.get(cause.broader)
            if cause.broader and (broad is None or broad.broader):
                self.entries[id_].refuse(f"{cause.broader!r} is no broad cause", "broader")


_OF_AN_OVERLAY = frozenset({"causes", "facts.toml", "changes.toml", "terms.toml"})


def _check_overlay(folder: Path) -> None:
    if not folder.is_dir():
        raise BadInput(
            f"{folder} is no folder",
            why="EVERGRANT_CATALOG names a folder whose entries are laid over the catalog.",
            next_step="correct the variable, or unset it",
            whose="operator",
        )
    strangers = sorted(each.name for each in folder.iterdir() if each.name not in _OF_AN_OVERLAY)
    if strangers:
        raise BadInput(
            f"{folder / strangers[0]} is nothing that an overlay holds",
            next_step=f"keep {', '.join(sorted(_OF_AN_OVERLAY))} there, and nothing else",
            whose="operator",
        )


def _lessons(path: Path) -> taught.Lessons:
    return taught.read_lessons(path.read_text("ascii") if path.exists() else "")


def _read_if(path: Path) -> tuple[Page, dict[str, Any]]:
    """A file that need not be there."""
    return read_toml(path) if path.exists() else (Page(path.name, ""), {})


def read_toml(path: Path) -> tuple[Page, dict[str, Any]]:
    """A file of the catalog, as its text and as what stands in it.

    Raises `BadInput` naming file and line.
    """
    is_ours = path.is_relative_to(FOLDER)
    name = f"{path.parent.name}/{path.name}" if is_ours else str(path)
    try:
        text = path.read_text("utf-8")
        return Page(name, text), tomli.loads(text)
    except OSError as error:
        raise BadInput(f"{name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{name}, line 1: not UTF-8") from error
    except tomli.TOMLDecodeError as error:
        # NOTE: the parser also refuses a key that is there twice, so ids cannot be double.
        line = line_in_message(str(error))
        raise BadInput(f"{name}, line {line}: not TOML: {error}") from error


def _gates(page: Page, data: Mapping[str, Any]) -> dict[str, Gate]:
    gates: dict[str, Gate] = {}
    for order, entry in enumerate(Entry(page, data).entries("gate")):
        id_ = entry.text("id")
        if id_ in gates:
            entry.refuse(f"the gate {id_!r} is there twice", "id")
        gates[id_] = Gate(id_, entry.text("title"), order)
    return gates


def _terms(page: Page, data: Mapping[str, Any], causes: Mapping[str, Cause]) -> dict[str, Term]:
    terms: dict[str, Term] = {}
    for entry in Entry(page, data).entries("term"):
        term = entry.text("term")
        if term.lower() in terms:
            entry.refuse(f"the term {term!r} is there twice", "term")
        source = read_source(Entry(page, entry.data.get("source", {}), "term", entry.number))
        for cause in entry.texts("causes"):
            if cause not in causes:
                entry.refuse(f"nobody knows the cause {cause!r}", "causes")
        terms[term.lower()] = Term(term, entry.text("says"), entry.texts("causes"), source)
    return terms
