"""Column types that mean the same on every database: moments, JSON and free text, redacted."""

from __future__ import annotations

# ruff: noqa: ARG002 (SQLAlchemy gives every type a dialect; ours mean the same on all of them)
import json
import re
from collections.abc import Mapping
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
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        if value.tzinfo is not UTC:
            value = value.astimezone(UTC)
        return value.isoformat(timespec="microseconds")[:-6] + "Z"

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


def redacted(value: object) -> Any:
    """The value as JSON knows it, with every text masked by its shape and by its name."""
    if type(value) is str:
        return value if is_plain(value) else mask(value)
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, Mapping):
        return dict(_member(str(name), item) for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return [redacted(item) for item in value]
    return redacted(as_json(value))


def _member(name: str, value: object) -> tuple[str, Any]:
    shown, is_secret = _name(name)
    told = redacted(value)
    return shown, HIDDEN if is_secret and told and isinstance(told, str) else told


_MAY_TELL = re.compile(r"[=:!<%]|--|-u|eyJ|5Aep|aPrx|evgk_|(?i:bearer|basic|oauth)")


def is_plain(text: str) -> bool:
    """Whether no rule of `mask` can fit: most texts are, and this is seen at once."""
    return _MAY_TELL.search(text) is None


@lru_cache(maxsize=1024)
def _name(name: str) -> tuple[str, bool]:
    """A name as it is shown, and whether it names a secret."""
    # `mask` owns the list of names; asking it keeps the list in one place.
    probe = f"{name}=x"
    return mask(name), mask(probe) != probe
