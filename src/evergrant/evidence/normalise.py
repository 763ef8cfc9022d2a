"""Pasted text made comparable: decoded, unescaped, lower case, one blank between words."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote

MAX_TEXT = 2_000_000
"""Characters that are looked at; what lies behind is a log, and the first failure counts."""
MAX_LINE = 4_000
"""Characters of a line that are looked at together; a longer one is looked at in pieces."""
OVERLAP = 400
"""Characters that a piece shares with the one before, so that no phrase is cut in two."""

_TAG = re.compile(r"(?<!//)</?[A-Za-z!?][^<>]{0,2000}>")
"""Where an address begins, a word in brackets stands for a name that was left out."""
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_FORM = re.compile(r"(?:^|[?&#\s])(?:error|error_description)=\S")
_PLUSSED = re.compile(r"[a-z]\+[a-z]+\+[a-z]")
_CLI_SUFFIX = re.compile(r"\s*\[audience=[^\]]*\]")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "`": "'", "“": '"', "”": '"', "\u00a0": " "})
_NO_WORD = re.compile(r"[^a-z0-9_]+")


def decoded(given: str | bytes) -> str:
    """The text of whatever was pasted; never raises."""
    if isinstance(given, bytes):
        is_wide = given[:2] in (b"\xff\xfe", b"\xfe\xff")
        given = given.decode("utf-16" if is_wide else "utf-8-sig", "replace")
    return given[:MAX_TEXT].replace("\x00", "")


def pieces(line: str) -> list[str]:
    """A line in pieces that can be looked at; a usual one is its only piece."""
    if len(line) <= MAX_LINE:
        return [line]
    return [line[at : at + MAX_LINE] for at in range(0, len(line), MAX_LINE - OVERLAP)]


def plain(line: str) -> str:
    """One line as Salesforce's words can be looked up in it.

    Entities, JSON and URL escapes are undone, markup goes, and so does what the Salesforce CLI
    appends (oauth-protocol 3.1).
    """
    text = unescape(unescape(line[:MAX_LINE])).translate(_APOSTROPHES)
    if _FORM.search(text) or _PLUSSED.search(text):
        text = text.replace("+", " ")
    if "%" in text:
        text = unquote(text)
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    text = text.replace("\\'", "'").replace('\\"', '"').replace("\\/", "/")
    text = _CLI_SUFFIX.sub("", _TAG.sub(" ", text).translate(_APOSTROPHES))
    return " ".join(text.split())


def words(text: str) -> str:
    """The words alone, with a blank at both ends, so that phrases can be found whole."""
    return f" {_NO_WORD.sub(' ', text.lower()).strip()} "


def sought(phrase: str) -> str:
    """A phrase as it stands in `words`; a trailing `*` leaves the end of its last word open."""
    return f" {phrase[:-1]}" if phrase.endswith("*") else f" {phrase} "


_ADDRESS = re.compile(r"\S*://\S+|\S*[?&#]?\b\w+=\S*")


def prose(line: str) -> str:
    """A line without addresses and parameters: their names say nothing about the failure."""
    return _ADDRESS.sub(" ", line)
