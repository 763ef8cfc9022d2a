"""Salesforce record ids: fifteen case-sensitive characters and their case-safe suffix.

The fifteen are three for the object (the key prefix), two for the instance, one reserved
and nine for the number, in base 62; the suffix of three says which of them are capitals.
"""

import hashlib
import random
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Final

_BASE62: Final = digits + ascii_uppercase + ascii_lowercase
_SUFFIX: Final = ascii_uppercase + "012345"
_CAPITAL: Final = {each: int(each in ascii_uppercase) for each in _BASE62}
_PAIRS: Final = [first + second for first in _BASE62 for second in _BASE62]
_CAPITALS: Final = {pair: _CAPITAL[pair[0]] + 2 * _CAPITAL[pair[1]] for pair in _PAIRS}
_SHORT: Final = 15
_LONG: Final = 18
_NUMBER_WIDTH: Final = 9
_FIRST_NUMBERS: Final = 62**4

NO_ID: Final = "000000000000000AAA"
"""What Salesforce writes where a record has no id of its own."""


def suffix(short: str) -> str:
    """The three characters that make a 15-character id safe to compare without case."""
    return _known_letter(short[:5]) + _known_letter(short[5:10]) + _letter(short[10:])


def _letter(five: str) -> str:
    """The character that says which of five are capitals, the first in the lowest bit."""
    return _SUFFIX[_CAPITAL[five[0]] + 2 * _CAPITALS[five[1:3]] + 8 * _CAPITALS[five[3:]]]


_known_letter: Final = lru_cache(maxsize=1024)(_letter)
"""The first ten characters of an org's ids hardly change."""


def is_id(text: str) -> bool:
    """Whether the text has the form of an id; an 18-character one must bear the right suffix."""
    if len(text) not in (_SHORT, _LONG) or not _is_base62(text):
        return False
    return len(text) == _SHORT or text[_SHORT:].upper() == suffix(text[:_SHORT])


def _is_base62(text: str) -> bool:
    return text.isascii() and text.isalnum()


@lru_cache(maxsize=1024)
def to15(text: str) -> str:
    """The 15-character form; raises ValueError for anything that is not an id."""
    _require_id(text)
    return text[:_SHORT]


def to18(text: str) -> str:
    """The 18-character form; raises ValueError for anything that is not an id."""
    _require_id(text)
    return text[:_SHORT] + suffix(text[:_SHORT])


def _require_id(text: str) -> None:
    if not is_id(text):
        raise ValueError(f"expected a Salesforce id of 15 or 18 characters, got {text!r}")


def twin(prefix: str, record: str, place: int = 0) -> str:
    """The id of a row that is derived from another: the same record and place, the same id."""
    short = f"{prefix}{record[3:6]}{_base62(place)[-3:]}{record[9:_SHORT]}"
    return short + suffix(short)


def named(prefix: str, name: str) -> str:
    """The id of a row that has no record behind it, drawn from its name."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:6])
    return to18(f"{prefix}000{_base62(number)}")


def _base62(number: int) -> str:
    high, low = divmod(number, len(_PAIRS) ** 2)
    return _high(high) + _PAIRS[low // len(_PAIRS)] + _PAIRS[low % len(_PAIRS)]


@lru_cache(maxsize=1024)
def _high(number: int) -> str:
    """All but the last four digits, which hardly change from one id to the next."""
    text = ""
    while number:
        number, pair = divmod(number, len(_PAIRS))
        text = _PAIRS[pair] + text
    return text.removeprefix("0").rjust(_NUMBER_WIDTH - 4, "0")


class Ids:
    """The ids of one org: the same seed gives the same ids in the same order."""

    def __init__(self, seed: int | str, counts: dict[str, int] | None = None) -> None:
        self._seed = seed
        self._instance = "".join(random.Random(f"{seed}").choices(_BASE62, k=2))  # noqa: S311  # ids are not secrets
        self.counts: dict[str, int] = dict(counts or {})
        """How many ids each prefix has given out; saved with a snapshot and handed back."""
        self._begun: dict[str, tuple[str, int]] = {}
        """How the ids of a prefix begin, and their first number."""

    def new(self, prefix: str) -> str:
        """The next 18-character id for a key prefix, such as '005'."""
        head, first = self._begun.get(prefix) or self._begin(prefix)
        count = self.counts.get(prefix, 0)
        self.counts[prefix] = count + 1
        short = head + _base62(first + count)
        return short + suffix(short)

    def _begin(self, prefix: str) -> tuple[str, int]:
        if len(prefix) != 3 or not _is_base62(prefix):
            raise ValueError(f"expected a key prefix of three characters, got {prefix!r}")
        drawn = random.Random(f"{self._seed}:{prefix}")  # noqa: S311  # as above
        begun = f"{prefix}{self._instance}0", drawn.randrange(1, _FIRST_NUMBERS)
        self._begun[prefix] = begun
        return begun
