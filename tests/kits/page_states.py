"""Which states of which pages the browser tests hand to axe-core (states.toml)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

FILE: Final = Path(__file__).with_name("states.toml")
ELSEWHERE: Final = "elsewhere"
"""Names of pages that the console does not serve."""


@cache
def states() -> dict[str, list[str]]:
    """A page's route → the names of its states."""
    return tomllib.loads(FILE.read_text("utf-8"))


def require_place(name: str, address: str) -> None:
    """Raise `AssertionError` where a page of this name stands at another route than was said."""
    route = next((each for each, names in states().items() if name in names), ELSEWHERE)
    if route != ELSEWHERE:
        path = urlsplit(address).path
        wanted = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(route))
        assert re.fullmatch(wanted, path), f"{name} is said to stand at {route}, not at {path}"
