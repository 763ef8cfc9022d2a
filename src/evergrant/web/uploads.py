"""What people paste or choose: decoded leniently, freed of terminal codes, bounded."""

from __future__ import annotations

import codecs
import re
from collections import deque
from dataclasses import dataclass, field

MOST_FILE = 50_000_000
"""Bytes of a file that are looked at."""
MOST_TEXT = 2_000_000
"""Characters that are judged."""
LONGEST_LINE = 4_000
HEAD, TAIL = 1_000, 3_900
"""Lines that are kept from the beginning, and telling ones from the end: together no more than
`evidence.text` reads."""
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
_TELLING = (
    "error", "invalid", "denied", "block", "refus", "expired", "inactive", "locked", "frozen",
    "unauthori", "not approved", "restricted", "oauth", "login", "session", "salesforce", "fail",
    "revok", "timeout", "timed out", "certificate", "forbidden",
)  # fmt: skip
"""Words of which a line worth judging has at least one."""
CUT = (
    "The file is larger than 50 MB: only its first 50 MB were read. If the error stands behind "
    "them, choose that part of the log."
)
SIFTED = (
    "The text is long: after its first thousand lines only those were read that speak of "
    "failures, sign-ins or Salesforce."
)


def readable(text: str) -> str:
    """The text without terminal codes, control characters and marks that turn writing around."""
    return _CONTROLS.sub("", _TERMINAL.sub("", text))


def cut(text: str) -> str:
    """A pasted text, readable and not longer than what is judged."""
    return readable(text)[:MOST_TEXT]


MOST_ZIP = 5_000_000
"""Bytes of a zip that is kept whole."""
_ZIP = b"PK\x03\x04"


@dataclass(slots=True)
class Upload:
    """A file as it comes in: nothing of it is kept but the lines that will be judged, or a zip."""

    size: int = 0
    _zip: bytearray = field(default_factory=bytearray, repr=False)
    _head: list[str] = field(default_factory=list)
    _tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL))
    _head_size: int = 0
    _is_sifted: bool = False
    _rest: str = ""
    _decoder: codecs.IncrementalDecoder | None = None

    def feed(self, chunk: bytes) -> None:
        """Take in the next bytes; behind the bound they are only counted."""
        room = max(0, MOST_FILE - self.size)
        if (self._zip or (not self.size and chunk.startswith(_ZIP))) and self.size <= MOST_ZIP:
            self._zip += chunk
        self.size += len(chunk)
        if self._decoder is None:
            self._decoder = _decoder_for(chunk)
        text = self._rest + self._decoder.decode(chunk[:room])
        whole, end, rest = text.rpartition("\n")
        self._rest = rest[-LONGEST_LINE:]
        if end:
            self._keep(whole)

    def text(self) -> str:
        """What is judged of the file."""
        last = self._decoder.decode(b"", final=True) if self._decoder else ""
        tail, left = [self._rest + last], MOST_TEXT - self._head_size - LONGEST_LINE
        for line in reversed(self._tail):
            if (left := left - len(line) - 1) < 0:
                break
            tail.append(line)
        return cut("\n".join([*self._head, *reversed(tail)]))

    def zipped(self) -> bytes | None:
        """The file, if it is a zip and not too large to be kept."""
        return bytes(self._zip) if self._zip and self.size <= MOST_ZIP else None

    @property
    def note(self) -> str:
        """What the person should know about the reading; empty when all of it was read."""
        if self.size > MOST_FILE:
            return CUT
        return SIFTED if self._is_sifted else ""

    def _keep(self, text: str) -> None:
        lines = deque(text.split("\n"))
        while lines and self._has_room():
            self._head.append(lines.popleft()[:LONGEST_LINE])
            self._head_size += len(self._head[-1]) + 1
        # From here on only lines that tell something are worth their room, the last most.
        self._is_sifted = self._is_sifted or bool(lines)
        if _tells(text):
            self._tail.extend(line[:LONGEST_LINE] for line in lines if _tells(line))

    def _has_room(self) -> bool:
        return len(self._head) < HEAD and self._head_size < MOST_TEXT // 4


def _tells(text: str) -> bool:
    low = text.lower()
    return any(word in low for word in _TELLING)


def sifted(pasted: str) -> tuple[str, str]:
    """A pasted text and what to say of its reading; one of many lines is read as a file is."""
    if pasted.count("\n") < HEAD:
        return pasted, ""
    upload = Upload()
    upload.feed(pasted.encode())
    return upload.text(), upload.note


def _decoder_for(beginning: bytes) -> codecs.IncrementalDecoder:
    name = next((codec for mark, codec in _BOMS if beginning.startswith(mark)), "utf-8")
    return codecs.getincrementaldecoder(name)("replace")
