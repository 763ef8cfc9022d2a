"""The texts that a vendor's customers read, in their language.

`words/<language>.toml` holds all of them; pages and parts name a text by its key and give it what
stands in its placeholders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import tomli

FOLDER: Final = Path(__file__).parent / "words"
FIRST: Final = "en"
"""The language of whoever asks for none that is there."""

Say = Callable[..., str]
"""`say(key, **values)`: a text in one language."""


@cache
def catalog(language: str) -> Mapping[str, str]:
    """Key (`room.name`) → text, of one language that is there."""
    rooms = tomli.loads((FOLDER / f"{language}.toml").read_text("utf-8"))
    return {f"{room}.{name}": text for room, texts in rooms.items() for name, text in texts.items()}


@cache
def languages() -> tuple[str, ...]:
    """The languages that are there, English first."""
    found = {path.stem for path in FOLDER.glob("*.toml")}
    return (FIRST, *sorted(found - {FIRST}))


def saying(language: str) -> Say:
    """The texts of one language."""
    texts = catalog(language)

    def say(key: str, **values: str) -> str:
        return texts[key].format_map(values)

    return say


def language_for(accepted: str) -> str:
    """The language that a browser likes most of those that are there (RFC 9110 §12.5.4)."""
    wanted = [_weighed(part) for part in accepted[:500].split(",")]
    # A stable sort: of two that are liked as much, the one that was named first.
    for weight, tag in sorted(wanted, key=lambda each: -each[0]):
        primary = tag.split("-")[0]
        if weight > 0 and primary in languages():
            return primary
    return FIRST


def _weighed(part: str) -> tuple[float, str]:
    tag, _, how = part.partition(";")
    name, _, number = how.strip().partition("=")
    try:
        weight = float(number) if name.strip() == "q" else 1.0
    except ValueError:
        weight = 0.0
    return weight, tag.strip().lower()
