"""The handful of operators by which entries speak of a fact's value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, assert_never

from evergrant.errors import BadInput
from evergrant.model import Unknown, Value

Operator = Literal["is", "in", "matches", "below", "above", "present"]
OPERATORS: tuple[Operator, ...] = ("is", "in", "matches", "below", "above", "present")

Operand = str | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """An operator and what it compares with."""

    operator: Operator
    operand: Operand

    def holds(self, value: Value) -> bool | None:
        """Whether the value meets the condition; None when the value is not known."""
        if self.operator == "present":
            return isinstance(value, Unknown) is not bool(self.operand)
        if isinstance(value, Unknown):
            return None
        return self._compare(value)

    def _compare(self, value: Value) -> bool:
        match self.operator:
            case "is":
                return text_of(value) == text_of(self.operand)
            case "in":
                return isinstance(self.operand, tuple) and text_of(value) in self.operand
            case "matches":
                return re.search(str(self.operand), text_of(value)) is not None
            case "below":
                return is_number(value) and float(str(value)) < float(str(self.operand))
            case "above":
                return is_number(value) and float(str(value)) >= float(str(self.operand))
            case "present":
                return bool(self.operand)
            case _:
                assert_never(self.operator)

    def __str__(self) -> str:
        if isinstance(self.operand, tuple):
            return "is " + " or ".join(self.operand)
        if self.operator in ("is", "present"):
            return f"{self.operator} {text_of(self.operand)}"
        return f"{self.operator} {self.operand}"


def read(entry: Mapping[str, object]) -> Condition:
    """The condition in an entry of a catalog file.

    Raises `BadInput` unless there is exactly one operator with an operand of its type.
    """
    found = [operator for operator in OPERATORS if operator in entry]
    if len(found) != 1:
        raise BadInput(f"expected one of {', '.join(OPERATORS)}, got {', '.join(found) or 'none'}")
    return Condition(found[0], _operand(found[0], entry[found[0]]))


def _operand(operator: Operator, given: object) -> Operand:
    if operator == "in" and isinstance(given, list) and given:
        return tuple(text_of(each) for each in given)
    if operator == "is" and isinstance(given, (str, bool, int, float)):
        return text_of(given)
    if operator in ("below", "above") and is_number(given):
        return float(str(given))
    if operator == "present" and isinstance(given, bool):
        return given
    if operator == "matches" and isinstance(given, str):
        return _pattern(given)
    raise BadInput(f"{given!r} is nothing that {operator!r} can compare with")


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise BadInput(f"{text!r} is no regular expression: {error}") from error
    return text


@lru_cache(4096)  # many causes ask the same of the same fact
def keys_for(condition: Condition, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Those keys of a fact's background for which the condition holds.

    A band ("below 5", "from 1 to 5", "from 5") meets `below` and `above` when all of it does.
    """
    if condition.operator in ("below", "above"):
        return tuple(key for key in keys if _band_meets(condition, key))
    if condition.operator == "is":
        return (str(condition.operand),) if condition.operand in keys else ()
    return tuple(key for key in keys if condition.holds(key))


_BAND = re.compile(r"(?:below (?P<below>[\d.]+)|from (?P<start>[\d.]+)(?: to (?P<end>[\d.]+))?)$")


def bounds(band: str) -> tuple[float, float] | None:
    """Lower (included) and upper (excluded) bound of a band; None when it is none."""
    found = _BAND.match(band)
    if found is None:
        return None
    if found["below"]:
        return float("-inf"), float(found["below"])
    return float(found["start"]), float(found["end"] or "inf")


def _band_meets(condition: Condition, band: str) -> bool:
    found, limit = bounds(band), float(str(condition.operand))
    if found is None:
        return False
    low, high = found
    return high <= limit if condition.operator == "below" else low >= limit


def band_of(value: object, bands: Iterable[str]) -> str | None:
    """The band that a number lies in."""
    if not is_number(value):
        return None
    for band in bands:
        found = bounds(band)
        if found and found[0] <= float(str(value)) < found[1]:
            return band
    return None


def is_number(value: object) -> bool:
    """Whether the value can be compared by size (a bool cannot)."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def text_of(value: object) -> str:
    """A value as the vocabulary writes it: lower case, one blank between words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _plain(str(value))


@lru_cache(4096)  # the same few words are compared over and over
def _plain(text: str) -> str:
    return " ".join(text.lower().split())
