"""Column types that mean the same on every database: moments, words, JSON and free text."""

from __future__ import annotations

# ruff: noqa: ARG002 (SQLAlchemy gives every type a dialect; ours mean the same on all of them)
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, String, Text
from sqlalchemy.types import TypeDecorator

from evergrant.log import HIDDEN, mask
from evergrant.model import as_json

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Moment(TypeDecorator[datetime]):
    """An aware time as text in UTC with microseconds: it sorts as time does, on any database."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else _stamp(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """Any value that `as_json` knows, as JSON text without secrets."""

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return _ENCODE(redacted(value))

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Words(TypeDecorator[tuple[str, ...]]):
    """A few words, such as scopes, as a JSON array without secrets; many rows have the same."""

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str | None:
        return None if value is None else _written(tuple(value))

    def process_result_value(self, value: Any | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else _words(value)


class Masked(TypeDecorator[str]):
    """Free text that passed `mask` on its way in."""

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        # NOTE: PostgreSQL keeps no NUL, and what an org answers may hold one.
        value = value.replace("\0", "\ufffd")
        return value if is_plain(value) else mask(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        return value


@lru_cache(maxsize=64)
def _stamp(at: datetime) -> str:
    """The text of a moment; what is done together bears the same one."""
    if at.tzinfo is None:
        raise ValueError(f"a time without a zone cannot be stored: {at!r}")
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def redacted(value: object) -> Any:
    """The value as JSON knows it, with every text masked by its shape and by its name."""
    if type(value) is str:
        return value if is_plain(value) else mask(value)
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, Mapping):
        members = zip(_names(tuple(map(str, value))), value.values(), strict=True)
        return {shown: _member(is_secret, item) for (shown, is_secret), item in members}
    if isinstance(value, (list, tuple)):
        return [redacted(item) for item in value]
    return redacted(as_json(value))


def _member(is_secret: bool, value: object) -> Any:
    told = redacted(value)
    return HIDDEN if is_secret and told and isinstance(told, str) else told


_TELLING = ("=", ":", "!", "<", "%", "--", "-u", "eyJ", "5Aep", "aPrx", "evgk_")
_SHORTEST = 24
"""Characters of the shortest token that has nothing but letters and digits."""


def is_plain(text: str) -> bool:
    """Whether no rule of `mask` can fit: most texts are, and this is seen at once."""
    if len(text) < _SHORTEST and text.isalnum():
        return True
    # NOTE: looked for one by one they are found in a third of the time that a pattern takes.
    for sign in _TELLING:
        if sign in text:
            return False
    folded = text.casefold()
    return not ("bearer" in folded or "basic" in folded or "oauth" in folded)


@lru_cache(maxsize=256)
def _written(words: tuple[str, ...]) -> str:
    return _ENCODE(redacted(words))


@lru_cache(maxsize=256)
def _words(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


@lru_cache(maxsize=1024)
def _names(names: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    return tuple(map(_name, names))


@lru_cache(maxsize=1024)
def _name(name: str) -> tuple[str, bool]:
    """A name as it is shown, and whether it names a secret."""
    # `mask` owns the list of names; asking it keeps the list in one place.
    probe = f"{name}=x"
    return mask(name), mask(probe) != probe
