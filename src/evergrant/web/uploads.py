"""What people paste or choose: decoded leniently, freed of terminal codes, bounded."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

MOST_FILE = 50_000_000
"""Bytes of a file that are looked at."""
MOST_TEXT = 2_000_000
"""Characters that are judged."""
LONGEST_LINE = 4_000
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is the beginning of this one
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-_])")
_CONTROLS = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_TELLING = re.compile(
    r"error|invalid|denied|block|refus|expired|inactive|locked|frozen|unauthori[sz]ed|not approved|"
    r"restricted|oauth|login|session|salesforce|fail|revok|timed? ?out|certificate|forbidden",
    re.IGNORECASE,
)
CUT = (
    "The file is larger than 50 MB: only its first 50 MB were read. If the error stands behind "
    "them, choose that part of the log."
)
SIFTED = "The file is large: only lines that speak of failures, sign-ins or Salesforce were read."


def readable(text: str) -> str:
    """The text without terminal codes, control characters and marks that turn writing around."""
    return _CONTROLS.sub("", _TERMINAL.sub("", text))


def cut(text: str) -> str:
    """A pasted text, readable and not longer than what is judged."""
    return readable(text)[:MOST_TEXT]


@dataclass(slots=True)
class Upload:
    """A file as it comes in: nothing of it is kept but the text that will be judged."""

    size: int = 0
    _kept: list[str] = field(default_factory=list)
    _kept_size: int = 0
    _rest: str = ""
    _decoder: codecs.IncrementalDecoder | None = None
    _is_sifted: bool = False

    def feed(self, chunk: bytes) -> None:
        """Take in the next bytes; behind the bound they are only counted."""
        room = max(0, MOST_FILE - self.size)
        self.size += len(chunk)
        if self._decoder is None:
            self._decoder = _decoder_for(chunk)
        lines = (self._rest + self._decoder.decode(chunk[:room])).split("\n")
        self._rest = lines.pop()[-LONGEST_LINE:]
        self._keep(lines)

    def text(self) -> str:
        """What is judged of the file."""
        last = self._decoder.decode(b"", final=True) if self._decoder else ""
        return cut("\n".join([*self._kept, self._rest + last]))

    @property
    def note(self) -> str:
        """What the person should know about the reading; empty when all of it was read."""
        if self.size > MOST_FILE:
            return CUT
        return SIFTED if self._is_sifted else ""

    def _keep(self, lines: list[str]) -> None:
        for line in lines:
            if self._kept_size > MOST_TEXT // 4:
                # A long log: from here on only lines that tell something are worth their room.
                self._is_sifted = True
                if self._kept_size > MOST_TEXT or not _TELLING.search(line[:LONGEST_LINE]):
                    continue
            self._kept.append(line[:LONGEST_LINE])
            self._kept_size += min(len(line), LONGEST_LINE) + 1


def _decoder_for(beginning: bytes) -> codecs.IncrementalDecoder:
    name = next((codec for mark, codec in _BOMS if beginning.startswith(mark)), "utf-8")
    return codecs.getincrementaldecoder(name)("replace")
