"""WHERE and HAVING: comparisons joined by AND, OR, NOT and parentheses."""

from collections.abc import Callable
from typing import Final, Literal

from evergrant.emulator.soql.ast import (
    Aggregate,
    Combined,
    Comparator,
    Comparison,
    Condition,
    Joined,
    Listed,
    Literals,
    Not,
    Path,
    Query,
    Selected,
)
from evergrant.emulator.soql.errors import SoqlError
from evergrant.emulator.soql.reader import Reader

_COMPARATORS: Final[dict[str, Comparator]] = {
    "=": "=",
    "!=": "!=",
    "<>": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "LIKE": "LIKE",
}
_DEEPEST: Final = 40
_MOST_COMPARISONS: Final = 500
_MOST_VALUES: Final = 20_000
_MOST_JOINS: Final = 2
_NOT_BUILT: Final = frozenset({"INCLUDES", "EXCLUDES"})


class Conditions:
    """Reads one WHERE or HAVING clause and counts what the org limits."""

    def __init__(self, reader: Reader, operand: Callable[[Reader], Path | Aggregate]) -> None:
        self._reader = reader
        self._operand = operand
        """Reads what is compared: a field, or in HAVING a function of one."""
        self._depth = 0
        self._comparisons = 0
        self._values = 0
        self._joins = 0
        self._is_inside_join = False

    def read(self) -> Condition:
        """Conditions joined by AND or by OR; a mixture needs parentheses."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise SoqlError("too_complicated")
        first = self._one()
        words: tuple[Literal["AND", "OR"], ...] = ("AND", "OR")
        for word in words:
            if self._reader.token.word == word:
                first = self._combined(word, first)
                break
        self._depth -= 1
        return first

    def _combined(self, word: Literal["AND", "OR"], first: Condition) -> Combined:
        found = [first]
        while self._reader.accept(word):
            found.append(self._one())
        return Combined(word, tuple(found))

    def _one(self) -> Condition:
        if self._reader.accept("NOT"):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise SoqlError("too_complicated")
            negated = Not(self._one())
            self._depth -= 1
            return negated
        if self._reader.accept("("):
            inner = self.read()
            self._reader.expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        self._comparisons += 1
        if self._comparisons > _MOST_COMPARISONS:
            raise SoqlError("too_complicated")
        path = self._operand(self._reader)
        if self._reader.token.word == "(":
            self._reader.not_built(f"the function {path.text} in WHERE")
        if self._reader.accept("NOT", "IN"):
            return self._members(path, is_negated=True)
        if self._reader.accept("IN"):
            return self._members(path, is_negated=False)
        return self._compared(path)

    def _compared(self, path: Path | Aggregate) -> Comparison:
        word = self._reader.token.word
        if word in _NOT_BUILT:
            self._reader.not_built(word)
        if word not in _COMPARATORS:
            self._reader.refuse()
        self._reader.take()
        return Comparison(path, _COMPARATORS[word], self._literal())

    def _members(self, path: Path | Aggregate, *, is_negated: bool) -> Listed | Joined:
        self._reader.expect("(")
        if self._reader.token.word == "SELECT" and isinstance(path, Path):
            found: Listed | Joined = Joined(path, self._join(), is_negated)
        else:
            values = [self._literal()]
            while self._reader.accept(","):
                values.append(self._literal())
            found = Listed(path, tuple(values), is_negated)
        self._reader.expect(")")
        return found

    def _literal(self) -> Literals:
        self._values += 1
        if self._values > _MOST_VALUES:
            raise SoqlError("too_complicated")
        return self._reader.literal()

    def _join(self) -> Query:
        at = self._reader.token.at
        if self._is_inside_join:
            raise SoqlError("semi_join_nested", self._reader.text, at)
        self._joins += 1
        if self._joins > _MOST_JOINS:
            raise SoqlError("semi_joins", self._reader.text, at)
        self._is_inside_join = True
        query = self._inner()
        self._is_inside_join = False
        return query

    def _inner(self) -> Query:
        self._reader.expect("SELECT")
        selected = Selected(self._reader.path(), None)
        self._reader.expect("FROM")
        entity = self._reader.path()
        where = self.read() if self._reader.accept("WHERE") else None
        return Query(self._reader.text, (selected,), entity, None, where, (), None, (), None, 0)
