"""docs/reference/errors.md: every word of Salesforce's that can be looked up, by place."""

from __future__ import annotations

from collections.abc import Iterator

from evergrant.catalog import Catalog, load
from evergrant.catalog.words import PLACES, Word, words
from evergrant.diagnosis.terms import explain_term
from generator.markdown import code, table
from generator.markdown import page as whole

TITLES = ["word", "what it means", "likely causes"]
MOST = 4


def page() -> str:
    """The whole page."""
    catalog = load()
    known = words()
    inferred = sum(word.mark == "inferred" for word in known)
    return whole(
        "Errors, texts and statuses",
        f"{len(known)} words of Salesforce's, by where they are met; of {inferred} the meaning is "
        "inferred, not documented.\n"
        "`evergrant explain WORD` says the same, with what to do; "
        "[a page of its own](../paste-an-error.html) reads a whole text.",
        *(_place(place, catalog) for place in PLACES),
        "## Printed by guides, never sent",
        "No server of Salesforce's sends these, no metadata file holds them.",
        table(TITLES, _never(catalog)),
    )


def _place(place: str, catalog: Catalog) -> str:
    rows = [_row(word, catalog) for word in words() if word.place == place]
    heading = f"## {place[:1].upper()}{place[1:]}"
    return "\n\n".join([heading, f"Met {PLACES[place]}.", table(TITLES, rows)])


def _row(word: Word, catalog: Catalog) -> tuple[str, str, str]:
    same = f" (also {', '.join(code(each) for each in word.same)})" if word.same else ""
    mark = " *Inferred.*" if word.mark == "inferred" else ""
    return f"{code(word.word)}{same}", f"{word.says}{mark}", _causes(word.word, catalog)


def _never(catalog: Catalog) -> Iterator[tuple[str, str, str]]:
    for term in catalog.terms.values():
        yield code(term.term), term.says, _links(term.causes)


def _causes(word: str, catalog: Catalog) -> str:
    found = explain_term(word, catalog)
    return _links(found.causes[:MOST]) if found else ""


def _links(ids: tuple[str, ...]) -> str:
    return ", ".join(f"[{id_}](causes.md#{id_})" for id_ in ids)
