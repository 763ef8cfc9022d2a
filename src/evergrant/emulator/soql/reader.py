"""A cursor over a query's tokens, and the literals and fields that every clause reads."""

from datetime import UTC, date, datetime
from typing import Final, Never

from evergrant.emulator.soql import dates as soql_dates
from evergrant.emulator.soql.ast import Literals, Path, Period, String
from evergrant.emulator.soql.errors import SoqlError
from evergrant.emulator.soql.lexer import Token, pattern, plain, tokens

_WORDS: Final[dict[str, bool | None]] = {"TRUE": True, "FALSE": False, "NULL": None}
_LONGEST_INT: Final = 18
"""Digits that surely fit the database's whole numbers; longer ones are compared as floats."""

NO_FIELDS: Final = frozenset(
    {"SELECT", "FROM", "WHERE", "GROUP", "ORDER", "LIMIT", "OFFSET", "HAVING", "AND", "OR",
     "NOT", "IN", "LIKE", "BY", "ASC", "DESC", "NULLS", "WITH", "USING", "FOR", "ALL"}
)  # fmt: skip
"""Words that begin or join clauses, so that no field or alias is read from them."""


class Reader:
    """Where a parser stands in its query."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = tokens(text)
        self._place = 0

    @property
    def token(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._place]

    @property
    def following(self) -> Token:
        """The token after the next one."""
        return self._tokens[min(self._place + 1, len(self._tokens) - 1)]

    def take(self) -> Token:
        """The next token, and step over it."""
        token = self.token
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def accept(self, *words: str) -> bool:
        """Step over these words or signs if they come next, all of them in this order."""
        ahead = self._tokens[self._place : self._place + len(words)]
        if tuple(token.word for token in ahead) != words:
            return False
        self._place += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Step over these words or signs; raises SoqlError where something else stands."""
        for word in words:
            if not self.accept(word):
                self.refuse()

    def refuse(self) -> Never:
        """Raise SoqlError for the token that comes next."""
        raise SoqlError("unexpected_token", self.text, self.token.at, token=self.token.text)

    def not_built(self, what: str) -> Never:
        """Raise SoqlError for something that Salesforce has and this org has not."""
        raise SoqlError("not_built", self.text, self.token.at, token=what)

    def name(self) -> Token:
        """A name that is no keyword."""
        if self.token.kind != "name" or self.token.word in NO_FIELDS:
            self.refuse()
        return self.take()

    def path(self) -> Path:
        """A field, perhaps of a parent."""
        token = self.name()
        return Path(tuple(token.text.split(".")), token.at)

    def whole_number(self) -> int:
        """The number after LIMIT or OFFSET."""
        if self.token.kind != "number" or not self.token.text.isdigit():
            self.refuse()
        return int(self.take().text[:_LONGEST_INT])

    def literal(self) -> Literals:
        """A value to compare with."""
        token = self.token
        if token.kind == "string":
            self.take()
            return String(plain(token, self.text), pattern(token, self.text))
        if token.word in _WORDS:
            self.take()
            return _WORDS[token.word]
        if token.kind == "number":
            self.take()
            return _number(token.text)
        if token.kind in ("date", "datetime"):
            self.take()
            return self._calendar(token)
        return self._period()

    def _calendar(self, token: Token) -> datetime | date:
        try:
            if token.kind == "date":
                return date.fromisoformat(token.text)
            return datetime.fromisoformat(token.text).astimezone(UTC)
        except (ValueError, OverflowError):
            raise SoqlError("bad_literal", self.text, token.at, token=token.text) from None

    def _period(self) -> Period:
        name, _, digits = self.token.text.upper().partition(":")
        if "FISCAL" in name and self.token.kind in ("name", "period"):
            self.not_built(f"the date literal {name}")
        known = soql_dates.WITH_NUMBER if digits else soql_dates.WITHOUT_NUMBER
        if self.token.kind not in ("name", "period") or name not in known:
            self.refuse()
        self.take()
        return Period(name, int(digits[:_LONGEST_INT]) if digits else None)


def _number(text: str) -> int | float:
    is_whole = "." not in text and len(text) <= _LONGEST_INT
    return int(text) if is_whole else float(text)
