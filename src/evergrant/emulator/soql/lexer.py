"""SOQL text to tokens: names, strings, numbers, dates and the few signs there are."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from evergrant.emulator.soql.errors import SoqlError

Kind = Literal["name", "string", "datetime", "date", "number", "period", "sign", "end"]

LONGEST_QUERY: Final = 100_000
"""Characters: SOQL and SOSL Reference, limits."""

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>'(?:[^'\\]|\\.)*')
    |(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d))
    |(?P<date>\d{4}-\d\d-\d\d)
    |(?P<number>[+-]?\d+(?:\.\d+)?)
    |(?P<period>[A-Za-z_]+:\d+)
    |(?P<name>[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*)
    |(?P<sign><=|>=|<>|!=|[=<>(),])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_KINDS: Final[dict[str, Kind]] = {
    "string": "string",
    "datetime": "datetime",
    "date": "date",
    "number": "number",
    "period": "period",
    "name": "name",
    "sign": "sign",
}
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = {
    "n": "\n", "N": "\n", "r": "\r", "R": "\r", "t": "\t", "T": "\t", "b": "\b", "B": "\b",
    "f": "\f", "F": "\f", '"': '"', "'": "'", "\\": "\\",
}  # fmt: skip
_LIKE_ESCAPES: Final = {"%": "%", "_": "_"}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the query; `at` is where it begins, counted from 0."""

    kind: Kind
    text: str
    at: int

    @property
    def word(self) -> str:
        """The text as a keyword is compared: in capitals, and empty for a string."""
        return self.text.upper() if self.kind in ("name", "sign") else ""


def tokens(query: str) -> list[Token]:
    """All tokens of the query, with an end token last; raises SoqlError."""
    if len(query) > LONGEST_QUERY:
        raise SoqlError("too_long")
    found: list[Token] = []
    at = 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None or match.lastgroup is None:
            raise SoqlError("bad_character", query, at, token=query[at])
        if match.lastgroup != "space":
            found.append(Token(_KINDS[match.lastgroup], match.group(), at))
        at = match.end()
    return [*found, Token("end", "<EOF>", len(query))]


def plain(token: Token, query: str) -> str:
    """The value of a string token compared as it stands; raises SoqlError for a bad escape."""
    return _ESCAPE.sub(lambda match: _unescape(match, token, query), token.text[1:-1])


def pattern(token: Token, query: str) -> str:
    r"""The value of a string token after LIKE, for SQL's LIKE with ESCAPE '\'."""

    def guarded(match: re.Match[str]) -> str:
        char = _unescape(match, token, query)
        return f"\\{char}" if char in "%_\\" else char

    return _ESCAPE.sub(guarded, token.text[1:-1])


def _unescape(match: re.Match[str], token: Token, query: str) -> str:
    char = match.group(1)
    known = _ESCAPES.get(char) or _LIKE_ESCAPES.get(char)
    if known is None:
        raise SoqlError("bad_escape", query, token.at, token=match.group())
    return known
