"""Salesforce's own words, found in a line: codes, descriptions, messages, statuses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from evergrant.catalog import Catalog, FactKind
from evergrant.catalog.entries import OTHER

TOKEN, PAGE, API, SOAP = "token_reply", "page", "api_reply", "soap_reply"
STATUS, IDP = "login_history.status", "idp.error_code"

_CODE = re.compile(r"[A-Za-z][A-Za-z_]{3,}")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DESCRIBED = re.compile(r"""error_description["']?\s*(?:=>|[:=])\s*["']?([^"&{}\[\]<>]{3,200})""")
_LOGIN_TABLE = re.compile(r"login.?history|login_status|loginstatus|remote access 2\.0|\bstatus\b")
_CELLS = re.compile(r"[,;|\t\"]")
_PROSE_STATUS = frozenset({"none", "success"})


@dataclass(frozen=True, slots=True)
class Seen:
    """One word of Salesforce in one line."""

    fact: str
    value: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All words of the vocabulary that Salesforce itself uses."""

    codes: Mapping[str, tuple[str, ...]]
    """Code in lower case → rooms of facts that have it."""
    phrases: tuple[tuple[str, str, str], ...]
    """(phrase, room, value), longest first."""
    statuses: tuple[tuple[str, str], ...]
    idp: frozenset[str]


@lru_cache(maxsize=4)
def _lexicon(
    kinds: tuple[tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]], ...],
) -> Lexicon:
    table = {name: (values, dict(same)) for name, values, same in kinds}
    codes: dict[str, tuple[str, ...]] = {}
    for room in (TOKEN, PAGE, SOAP, API):
        for value in table[f"{room}.error"][0]:
            codes[value] = (*codes.get(value, ()), room)
    phrases = [
        (spelling, room, value)
        for room, short in (
            (TOKEN, "description"),
            (API, "message"),
            (SOAP, "message"),
            (PAGE, "text"),
        )
        for spelling, value in _spellings(*table[f"{room}.{short}"])
    ]
    phrases.sort(key=lambda row: -len(row[0]))
    statuses = sorted(_spellings(*table[STATUS]), key=lambda row: -len(row[0]))
    return Lexicon(codes, tuple(phrases), tuple(statuses), frozenset(table[IDP][0]) - _PROSE_STATUS)


def _spellings(values: tuple[str, ...], same: Mapping[str, str]) -> list[tuple[str, str]]:
    return [*((value, value) for value in values), *same.items()]


@lru_cache(maxsize=4)
def lexicon(catalog: Catalog) -> Lexicon:
    """The words of a catalog; built once."""
    return _lexicon(tuple(_row(kind) for kind in catalog.facts.values()))


def _row(kind: FactKind) -> tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]:
    values = tuple(value for value in kind.background if value != OTHER)
    return kind.name, values, tuple(kind.same.items())


def seen_in(line: str, known: Lexicon, *, channel: str, is_soap: bool) -> Iterator[Seen]:
    """Every word of Salesforce in a plain line.

    `channel` (token or page) decides for words that both endpoints use.
    """
    lower = line.lower()
    yield from _codes(line, known, channel, is_soap)
    yield from _phrases(lower, known, channel, is_soap)
    yield from _statuses(lower, known)


def _codes(line: str, known: Lexicon, channel: str, is_soap: bool) -> Iterator[Seen]:
    for found in _CODE.finditer(line):
        word = found[0]
        code = word.lower() if "_" in word else _CAMEL.sub("_", word).lower()
        rooms = known.codes.get(code, ()) if "_" in code else ()
        if rooms:
            yield Seen(f"{_room(rooms, channel, is_soap)}.error", word if "_" in word else code)
        elif word.lower() in known.idp and word != word.lower():
            yield Seen(IDP, word)


def _room(rooms: tuple[str, ...], channel: str, is_soap: bool) -> str:
    if SOAP in rooms and API in rooms:
        return SOAP if is_soap else API
    return channel if channel in rooms else rooms[0]


def _phrases(lower: str, known: Lexicon, channel: str, is_soap: bool) -> Iterator[Seen]:
    is_described = False
    for phrase, room, value in known.phrases:
        if not _stands_alone(phrase, lower):
            continue
        if room == TOKEN:
            if not is_described:
                yield Seen(f"{channel}.description", value)
            is_described = True
        elif room == PAGE:
            yield Seen("page.text", value)
        elif (room == SOAP) is is_soap or not _in_both(known, value):
            yield Seen(f"{room}.message", value)
    if not is_described and (found := _DESCRIBED.search(lower)):
        yield Seen(f"{channel}.description", found[1].strip())


def _stands_alone(phrase: str, lower: str) -> bool:
    """Whether a line has the phrase as Salesforce writes it, not as part of other words.

    NOTE: *authentication failures* and *Authentication failure!* are what people and clients say.
    """
    at = lower.find(phrase)
    while at >= 0:
        after = lower[at + len(phrase) : at + len(phrase) + 1]
        if not (after.isalpha() or after == "!"):
            return True
        at = lower.find(phrase, at + 1)
    return False


def _in_both(known: Lexicon, value: str) -> bool:
    return len({room for _, room, each in known.phrases if each == value}) > 1


def _statuses(lower: str, known: Lexicon) -> Iterator[Seen]:
    is_table = _LOGIN_TABLE.search(lower) is not None
    cells = {cell.strip() for cell in _CELLS.split(lower)}
    for spelling, value in known.statuses:
        if value == "none" or (spelling == "success" and not is_table):
            continue
        is_own_word = spelling.startswith(("failed:", "login_", "username-password"))
        if spelling in cells or (spelling in lower and (is_table or is_own_word)):
            yield Seen(STATUS, value)
            return
