"""Salesforce's own words: every code, text and status that somebody may look up, and its meaning.

They are read when a word is explained, and not before: diagnosing a text needs none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import tomli

from evergrant.catalog.causes import read_source
from evergrant.catalog.condition import text_of
from evergrant.catalog.entries import Mark, Source
from evergrant.catalog.entry import Entry, Page

FOLDER = Path(__file__).parent / "words"
PLACES = {
    "token endpoint": "in the answer of /services/oauth2/token",
    "authorize endpoint": "in the redirect back to the client's callback",
    "Salesforce's page": "on Salesforce's own error page, which calls nobody back",
    "device flow": "in the answer of /services/oauth2/token while a device is waited for",
    "identity, revocation or registration": "in the answer of userinfo, the identity URL, "
    "/services/oauth2/revoke or /services/oauth2/register",
    "API call": "in the answer of an API call",
    "SOAP login()": "in the fault of SOAP login()",
    "Login History": "in Setup > Login History, or as LOGIN_STATUS in the event log",
    "identity provider event log": "in Setup > Identity Provider Event Log",
}
"""Where a word is met → how a sentence says it."""
_MARKS = ("documented", "inferred")


@dataclass(frozen=True, slots=True)
class Word:
    """One of Salesforce's words in one place; the same word may stand in several."""

    word: str
    """Verbatim; letter case as it was seen."""
    place: str
    says: str
    sources: tuple[Source, ...]
    same: tuple[str, ...] = ()
    """Other spellings."""
    causes: tuple[str, ...] = ()
    """Ids of causes, where the vocabulary of facts does not know the word."""
    mark: Mark = "documented"
    """`inferred`: the word is Salesforce's, its meaning here is our deduction."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every way to look it up."""
        return (self.word, *self.same)


@cache
def words(folder: Path = FOLDER) -> tuple[Word, ...]:
    """Every word, in the order of places; a folder is read once a process.

    Raises `BadInput` naming file and line.
    """
    known = {
        name: read_source(Entry(page, body, name))
        for page, data in [_read(folder / "sources.toml")]
        for name, body in data.items()
    }
    pages = [_read(path) for path in folder.glob("*.toml") if path.stem != "sources"]
    found = [word for page, data in pages for word in _of_page(page, data, known)]
    return tuple(sorted(found, key=lambda word: list(PLACES).index(word.place)))


def looked_up(text: str) -> tuple[Word, ...]:
    """The words that are spelled so, whatever the letter case; one for each place."""
    wanted = text_of(text)
    return tuple(word for word in words() if wanted in {text_of(each) for each in word.spellings})


def _read(path: Path) -> tuple[Page, dict[str, Any]]:
    text = path.read_text("utf-8")
    return Page(f"{path.parent.name}/{path.name}", text), tomli.loads(text)


def _of_page(page: Page, data: Mapping[str, Any], known: Mapping[str, Source]) -> Iterator[Word]:
    whole = Entry(page, data)
    place = whole.choice("place", PLACES)
    for entry in whole.entries("word"):
        entry.only(("word", "says", "same", "causes", "from", "mark"))
        for name in entry.texts("from"):
            if name not in known:
                entry.refuse(f"nobody knows the source {name!r}", "from")
        if not entry.texts("from"):
            entry.refuse("a word without a source is hearsay", "from")
        yield Word(
            word=entry.text("word"),
            place=place,
            says=entry.text("says"),
            sources=tuple(known[name] for name in entry.texts("from")),
            same=entry.texts("same"),
            causes=entry.texts("causes"),
            mark=cast(Mark, entry.choice("mark", _MARKS, "documented")),
        )
