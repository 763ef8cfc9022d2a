"""Changing a policy by words from outside: every name and value is checked against its type."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import date
from ipaddress import ip_address
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

from evergrant.emulator.gates.material import read_policy
from evergrant.emulator.policies import AppPolicy, OrgPolicy, ProfilePolicy, Range
from evergrant.emulator.state import tupled

P = TypeVar("P", AppPolicy, ProfilePolicy, OrgPolicy)

_FIXED: Final = frozenset({"id", "name", "kind", "consumer_key"})
JWT_MINUTES: Final = (1, 5, 10, 15, 30, 60, 90, 120, 240, 480, 720)
ORG_MINUTES: Final = (15, 30, 60, 90, 120, 240, 480, 720, 1440)
_MOST_RANGES: Final = 128
_MOST_ADDRESSES: Final = 256


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
        _look_closer(policy, name, value)
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


def _look_closer(policy: AppPolicy | ProfilePolicy | OrgPolicy, name: str, value: Any) -> None:
    look = _LOOKS.get((type(policy), name))
    try:
        if look is not None:
            look(policy, value)
    except ValueError as error:
        raise BadChange(f"{name}: {error}") from error


def _ranges(_policy: object, value: tuple[Range, ...]) -> None:
    for first, last in value:
        if ip_address(first).version != ip_address(last).version:
            raise ValueError(f"{first} and {last} are of two kinds")


def _few_ranges(policy: object, value: tuple[Range, ...]) -> None:
    _ranges(policy, value)
    if len(value) > _MOST_RANGES:
        raise ValueError(f"at most {_MOST_RANGES} ranges")


def _small_ranges(policy: AppPolicy, value: tuple[Range, ...]) -> None:
    """The refresh token allowlist: of external client apps, and of few addresses (o-rtip)."""
    _few_ranges(policy, value)
    if value and policy.kind != "external_client_app":
        raise ValueError("only external client apps have one")
    for first, last in value:
        if int(ip_address(last)) - int(ip_address(first)) >= _MOST_ADDRESSES:
            raise ValueError(f"at most {_MOST_ADDRESSES} addresses in a range")


def _only_external(policy: AppPolicy, value: object) -> None:
    if value not in (True, "Local") and policy.kind != "external_client_app":
        raise ValueError("only external client apps have it")


def _refresh_policy(_policy: object, value: str) -> None:
    read_policy(value)


def _day(_policy: object, value: str) -> None:
    date.fromisoformat(value)


def _one_of(minutes: tuple[int, ...]) -> Callable[[Any, Any], None]:
    def look(_policy: object, value: int) -> None:
        if value not in minutes:
            raise ValueError(f"one of {', '.join(map(str, minutes))}")

    return look


def _within(first: int, last: int, *more: int | None) -> Callable[[Any, Any], None]:
    def look(_policy: object, value: int | None) -> None:
        if value not in more and not (value is not None and first <= value <= last):
            raise ValueError(f"from {first} to {last}")

    return look


_LOOKS: Final[dict[tuple[type, str], Callable[[Any, Any], None]]] = {
    (AppPolicy, "refresh_policy"): _refresh_policy,
    (AppPolicy, "trusted_ranges"): _few_ranges,
    (AppPolicy, "refresh_allowlist"): _small_ranges,
    (AppPolicy, "jwt_minutes"): _one_of(JWT_MINUTES),
    (AppPolicy, "id_token_minutes"): _within(1, 720),
    (AppPolicy, "session_minutes"): _within(1, 1440, None),
    **{(AppPolicy, name): _only_external for name in ("enabled", "oauth_enabled", "distribution")},
    (ProfilePolicy, "login_ranges"): _ranges,
    (ProfilePolicy, "session_minutes"): _within(15, 720, 0, None),
    (OrgPolicy, "session_minutes"): _one_of(ORG_MINUTES),
    (OrgPolicy, "trusted_ranges"): _ranges,
    (OrgPolicy, "high_risk_ranges"): _ranges,
    **{
        (OrgPolicy, name): _day
        for name in (
            "any_api_client_ends", "cli_device_flow_ends", "scope_check_begins",
            "partner_rules_begin", "containment_begins", "soap_login_ends",
        )
    },
}  # fmt: skip
"""What a knob's value must be beyond its type; an app's session timeout is bounded by inference."""
