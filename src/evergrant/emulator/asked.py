"""The words of a request at the token endpoint, and what they are read into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite3 import Row

    from evergrant.emulator.gates.attempt import Attempt
    from evergrant.emulator.web import ClientWords, Place


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of a request at the token endpoint."""

    place: Place
    form: Mapping[str, str]
    client: ClientWords
    twice: str = ""
    """A parameter that was sent more than once."""

    def sent(self, name: str) -> str:
        """A field of the form; empty where it is missing."""
        return self.form.get(name, "")


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """An attempt and the row, if any, of the code or token it would use up."""

    attempt: Attempt
    row: Row | None
