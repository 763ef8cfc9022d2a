"""The honest line: how many of the emulator's behaviors are documented, recorded and inferred."""

from __future__ import annotations

import re

from generator import emulator

MARK = "<!-- marks -->"
_LINE = re.compile(rf"({re.escape(MARK)}\n).*")


def filled(text: str) -> str:
    """The page with the line after the mark as it is today."""
    return _LINE.sub(lambda found: found[1] + _told(), text)


def _told() -> str:
    counts = emulator.by_mark()
    return (
        f"- Of the emulator's behaviors {counts['official']} are documented by Salesforce,"
        f" {counts['recorded']} were recorded on real orgs in public,"
        f" and {counts['inferred']} are inferred;"
        " [each is marked](docs/reference/emulator.md#how-well-it-is-known)."
    )
