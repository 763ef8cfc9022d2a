"""The register of apps: which are sanctioned, unreviewed or banned, and who answers for them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from evergrant.catalog.entry import Entry, Page
from evergrant.catalog.lines import line_in_message
from evergrant.errors import BadInput

STANDINGS = ("sanctioned", "unreviewed", "banned")
_KEYS = ("name", "standing", "owner", "reason")


def read_register(name: str, text: str) -> tuple[Mapping[str, Any], ...]:
    """The rows of a register: `[[app]]` with name (the label in Setup), standing and owner.

    Raises `BadInput` naming file and line.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = line_in_message(str(error))
        raise BadInput(f"{name}, line {line}: not TOML: {error}") from error
    whole = Entry(Page(name, text), data)
    whole.only(("app",))
    return tuple(_row(each) for each in whole.entries("app"))


def _row(entry: Entry) -> Mapping[str, Any]:
    entry.only(_KEYS)
    return {
        "app": entry.text("name"),
        "standing": entry.choice("standing", STANDINGS),
        "owner": entry.text("owner"),
        "reason": entry.text("reason", ""),
    }
