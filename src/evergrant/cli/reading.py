"""Reading what people give: a file or standard input, as text, whatever its encoding."""

from __future__ import annotations

import codecs
import sys
from pathlib import Path

from evergrant.errors import BadInput

LOOK = 4096
"""How many bytes are looked at to tell text from something else."""
BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark is the beginning of this one
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}
MOST, FEW = 0.7, 0.1
"""Shares of zero bytes in the two halves of Latin text that is UTF-16 without a mark."""


def read_text(name: str, *, give: str = "give the error text that you got") -> str:
    """The text of a file, or of standard input for `-`; `give` says what should be in it.

    Raises `BadInput` for what cannot be read, is empty, or is no text.
    """
    raw = _read_bytes(name)
    shown = "standard input" if name == "-" else name
    if not raw.strip():
        raise BadInput(f"{shown} is empty", next_step=give, whose="you")
    encoding = _encoding(raw)
    if encoding is None:
        raise BadInput(f"{shown} is binary, not text", next_step=give, whose="you")
    return raw.decode(encoding, errors="replace")


def _encoding(raw: bytes) -> str | None:
    for mark, codec in BOMS.items():
        if raw.startswith(mark):
            return codec
    begin = raw[:LOOK]
    if b"\0" not in begin:
        return "utf-8"
    even, odd = (half.count(0) / max(1, len(half)) for half in (begin[::2], begin[1::2]))
    if odd > MOST and even < FEW:
        return "utf-16-le"
    return "utf-16-be" if even > MOST and odd < FEW else None


def _read_bytes(name: str) -> bytes:
    if name == "-":
        if sys.stdin.isatty():
            sys.stderr.write("Paste the error, then press Ctrl-D.\n")
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise BadInput(
            f"cannot read {name}",
            why=error.strerror or type(error).__name__,
            next_step="check the path, or use - for standard input",
            whose="you",
        ) from error
