"""The references of the agent skill, drawn from the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evergrant.catalog import Catalog, Cause, load
from evergrant.catalog.words import PLACES, Word, words
from evergrant.diagnosis.layout import decision
from evergrant.diagnosis.terms import explain_term
from generator.markdown import bullets, code, table
from generator.markdown import page as whole

FOLDER = Path("skills/salesforce-connection-troubleshooting/references")
MOST = 3


def pages() -> Iterator[tuple[Path, str]]:
    """Each file, from the root of the repository, and what it should read."""
    catalog = load()
    yield FOLDER / "causes.md", _causes(catalog)
    yield FOLDER / "errors.md", _errors(catalog)
    yield FOLDER / "never-sent.md", _never_sent(catalog)


def _causes(catalog: Catalog) -> str:
    return whole(
        "Causes",
        "The first word is the decision.\n"
        "`evergrant explain ID` has the Setup paths, permissions, side effects and sources.",
        *(_cause(cause) for cause in catalog.causes.values()),
    )


def _cause(cause: Cause) -> str:
    told = [
        f"{decision(cause.remedy)}: {cause.title}.",
        *(f"{fix.who}{_kind(fix.app)}: {fix.do}." for fix in cause.fixes),
        *(f"Do not: {each}." for each in cause.avoid),
        *(f"Afterwards: {each.do} → {each.expect}." for each in cause.verify),
    ]
    return f"## {cause.id}\n\n{bullets(told)}"


def _kind(app: str) -> str:
    return "" if app == "any" else f" ({app})"


def _errors(catalog: Catalog) -> str:
    rows = ([_same(word), word.place, _ids(word.word, catalog)] for word in words())
    return whole(
        "Errors, texts and statuses",
        "What shows the word, likeliest first; one word rarely settles it.",
        table(["word", "place", "causes"], rows),
        bullets(f"{place}: {told}." for place, told in PLACES.items()),
    )


def _same(word: Word) -> str:
    return ", ".join(code(each) for each in word.spellings)


def _ids(word: str, catalog: Catalog) -> str:
    found = explain_term(word, catalog)
    return ", ".join(found.causes[:MOST]) if found else ""


def _never_sent(catalog: Catalog) -> str:
    return whole(
        "Printed by guides, never sent",
        "Never repeat these to a person as if Salesforce said them.",
        bullets(f"{code(term.term)}: {term.says}" for term in catalog.terms.values()),
    )
