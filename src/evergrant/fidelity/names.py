"""What differs from org to org, replaced by names that stay: nothing of a person or an org is kept.

Known words (host, org id, user name, consumer key …) go first, the longest before the shorter;
then whatever has the shape of an id, a time, an address or a token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from evergrant.log import mask

SHORTEST = 4
"""Letters; a shorter word could stand in any text by chance and is left to the patterns."""

_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?|\b\d{13}\b"
_HOST = r"https?://[A-Za-z0-9.-]+(?::\d+)?|\b[A-Za-z0-9.-]+\.my\.(?:salesforce|site)\.com\b"
_EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
# An id of 15 or 18 characters holds digits; a word of that length seldom holds four.
_ID = r"\b(?=(?:[A-Za-z]*\d){4})[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\b"
_SHAPES = tuple(
    (re.compile(shape), name)
    for shape, name in ((_TIME, "<time>"), (_HOST, "<host>"), (_EMAIL, "<email>"), (_ID, "<id>"))
)


@dataclass(frozen=True, slots=True)
class Names:
    """The words of one side and what stands for each; the words themselves are never shown."""

    known: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def of(words: Mapping[str, str]) -> Names:
        """Names for words, given as name → word; words in addresses are found too."""
        pairs = {
            form: f"<{name}>"
            for name, word in words.items()
            if len(word) >= SHORTEST
            for form in (word, quote(word, safe=""), quote_plus(word))
        }
        return Names(tuple(sorted(pairs.items(), key=lambda pair: -len(pair[0]))))

    def __repr__(self) -> str:
        return f"Names({len(self.known)} words)"

    def with_(self, words: Mapping[str, str]) -> Names:
        """These and more."""
        both = dict(self.known) | dict(Names.of(words).known)
        return Names(tuple(sorted(both.items(), key=lambda pair: -len(pair[0]))))

    def clean(self, text: str) -> str:
        """The text with every name in the place of its word, and no token left."""
        for word, name in self.known:
            text = text.replace(word, name)
        for pattern, name in _SHAPES:
            text = pattern.sub(name, text)
        return mask(text)

    def found_in(self, text: str) -> list[str]:
        """Names whose words stand in a text: it must not be kept."""
        return sorted({name for word, name in self.known if word in text})
