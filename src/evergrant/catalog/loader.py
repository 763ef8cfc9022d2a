"""Loading the catalog: every file read, checked, cross-checked; once a process."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from evergrant.catalog.causes import Known, read_cause, read_source
from evergrant.catalog.entries import Catalog, Cause, Gate, Term
from evergrant.catalog.entry import Entry, Page
from evergrant.catalog.facts import read_facts
from evergrant.catalog.lines import line_in_message
from evergrant.errors import BadInput

FOLDER = Path(__file__).parent


@cache
def load(folder: Path = FOLDER) -> Catalog:
    """The catalog in a folder; a folder is read once a process.

    Raises `BadInput` naming file and line for the first entry that is not what it should be.
    """
    facts = read_facts(*_read(folder / "facts.toml"))
    gates = _gates(*_read(folder / "gates.toml"))
    causes: dict[str, Cause] = {}
    for path in sorted((folder / "causes").glob("*.toml")):
        page, data = _read(path)
        causes[path.stem] = read_cause(path.stem, Entry(page, data), Known(facts, gates))
    _check_broader(folder, causes)
    return Catalog(facts, causes, gates, _terms(folder / "terms.toml", causes))


def _read(path: Path) -> tuple[Page, dict[str, Any]]:
    name = f"{path.parent.name}/{path.name}"
    try:
        text = path.read_text("utf-8")
        return Page(name, text), tomllib.loads(text)
    except OSError as error:
        raise BadInput(f"{name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{name}, line 1: not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
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


def _terms(path: Path, causes: Mapping[str, Cause]) -> dict[str, Term]:
    page, data = _read(path)
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


def _check_broader(folder: Path, causes: Mapping[str, Cause]) -> None:
    """A broader cause exists and is broad itself."""
    for cause in causes.values():
        if cause.broader and (cause.broader not in causes or causes[cause.broader].broader):
            page, data = _read(folder / "causes" / f"{cause.id}.toml")
            Entry(page, data).refuse(f"{cause.broader!r} is no broad cause", "broader")
