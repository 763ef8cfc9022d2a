"""Changing a policy by words from outside: every name and value is checked against its type."""

from collections.abc import Mapping
from dataclasses import fields, replace
from ipaddress import ip_address
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

from evergrant.emulator.gates.material import read_policy
from evergrant.emulator.policies import AppPolicy, OrgPolicy, ProfilePolicy
from evergrant.emulator.state import tupled

P = TypeVar("P", AppPolicy, ProfilePolicy, OrgPolicy)

_FIXED: Final = frozenset({"id", "name", "kind", "consumer_key"})
_RANGES: Final = frozenset({"trusted_ranges", "refresh_allowlist", "login_ranges"})


class BadChange(ValueError):
    """The change names no knob, or gives it a value it cannot take."""


def changed(policy: P, words: Mapping[str, object]) -> P:
    """The policy with these knobs turned; raises BadChange."""
    hints = get_type_hints(type(policy))
    names = {each.name for each in fields(policy)} - _FIXED
    values: dict[str, Any] = {name: tupled(value) for name, value in words.items()}
    for name, value in values.items():
        if name not in names:
            raise BadChange(f"no knob is named {name}; there are {', '.join(sorted(names))}")
        if not fits(hints[name], value):
            raise BadChange(f"{name} cannot be {value!r}")
        _look_closer(name, value)
    return replace(policy, **values)


def fits(hint: object, value: object) -> bool:
    """Whether a value is of a type made of str, int, bool, None, literals, unions and tuples."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in inner
    if origin is UnionType:
        return any(fits(each, value) for each in inner)
    if origin is tuple:
        return isinstance(value, tuple) and _fits_tuple(inner, value)
    return value is None if hint is NoneType else type(value) is hint


def _fits_tuple(inner: tuple[object, ...], value: tuple[object, ...]) -> bool:
    if inner[-1] is Ellipsis:
        return all(fits(inner[0], each) for each in value)
    return len(inner) == len(value) and all(map(fits, inner, value))


def _look_closer(name: str, value: object) -> None:
    try:
        if name == "refresh_policy":
            read_policy(str(value))
        if name in _RANGES and isinstance(value, tuple):
            for first, last in value:
                ip_address(first), ip_address(last)
    except ValueError as error:
        raise BadChange(str(error)) from error
