"""How people write a term that they look up: with its code, as an answer, in other letters, cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_plus

from evergrant.catalog.condition import text_of

MOST = 4_000
"""Characters that are looked at; nobody looks up a page."""
LEAST = 8
"""Characters from which a known text counts inside another: shorter ones stand in any prose."""
FEW = 3
"""Words from which a text is taken for a part of a longer known one."""


def meant(term: str, known: Iterable[str]) -> str:
    """The known text that somebody means who wrote it another way; empty unless it is one alone.

    Taken are other letters (case, `_`, `-`), an encoded address, and a text around a known one (its
    code, `error=`, a whole answer): a sentence counts before the codes beside it. A part of a known
    text is taken as well.
    """
    written = plain(unquote_plus(term[:MOST]))
    by_letters: dict[str, str] = {}
    for each in sorted(known, key=lambda each: " " not in each):  # sentences before codes
        by_letters.setdefault(plain(each), each)
    if written in by_letters:
        return by_letters[written]
    around = (each for each in by_letters if _words(written) >= FEW and _stands_in(written, each))
    return _inside(written, by_letters) or _only(by_letters[each] for each in around)


def plain(text: str) -> str:
    """A text without what people write one way or the other."""
    return text_of(re.sub(r"[_\-]", " ", text.replace("’", "'"))).strip(" .,:;!?\"'")


def _inside(written: str, by_letters: Mapping[str, str]) -> str:
    """The known text that stands in what was written: a sentence before the codes beside it."""
    found = [each for each in by_letters if len(each) >= LEAST and _stands_in(each, written)]
    whole = [each for each in found if not any(_is_part(each, other) for other in found)]
    sentences = [by_letters[each] for each in whole if " " in by_letters[each]]
    return _only(sentences or (by_letters[each] for each in whole))


def _only(found: Iterable[str]) -> str:
    alone = list(found)
    return alone[0] if len(alone) == 1 else ""


def _is_part(text: str, other: str) -> bool:
    return text != other and text in other


def _words(text: str) -> int:
    return len(text.split())


def _stands_in(text: str, whole: str) -> bool:
    """Whether it is there, from the beginning of a word to the end of one."""
    if text not in whole:
        return False
    return re.search(rf"(?<![a-z0-9]){re.escape(text)}(?![a-z0-9])", whole) is not None
