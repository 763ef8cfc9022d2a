"""Which encoding a file is written in, judged from its beginning."""

from __future__ import annotations

import codecs
import re

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
JAPANESE = ("cp932", "euc_jp")
LAST_RESORT = "cp1252"
_KANA = re.compile("[\u3041-\u30ff]")


def encoding_of(raw: bytes) -> str | None:
    """The codec to read a text with, or None where the beginning is no text.

    What is no UTF-8 is Japanese where it then holds kana (spreadsheets save Setup's exports so),
    else Windows' Western code page, which can read any byte.
    """
    for mark, codec in BOMS.items():
        if raw.startswith(mark):
            return codec
    begin = raw[:LOOK]
    if b"\0" not in begin:
        return _without_mark(raw)
    even, odd = (half.count(0) / max(1, len(half)) for half in (begin[::2], begin[1::2]))
    if odd > MOST and even < FEW:
        return "utf-16-le"
    return "utf-16-be" if even > MOST and odd < FEW else None


def _without_mark(raw: bytes) -> str:
    if _decodes(raw, "utf-8") is not None:
        return "utf-8"
    for codec in JAPANESE:
        if _KANA.search(_decodes(raw, codec) or ""):
            return codec
    # NOTE: a log in UTF-8 with a few broken bytes stays UTF-8; only a file that has none of its
    # sequences is read as Western.
    return "utf-8" if _sequences(raw) else LAST_RESORT


def _decodes(raw: bytes, codec: str) -> str | None:
    """The text, where all of it but a character cut at the end can be read."""
    try:
        return codecs.getincrementaldecoder(codec)().decode(raw)
    except UnicodeDecodeError:
        return None


_SEQUENCE = re.compile(rb"[\xc3-\xf4][\x80-\xbf]")


def _sequences(raw: bytes) -> bool:
    high = sum(byte >= 0x80 for byte in raw)
    inside = sum(len(found) for found in _SEQUENCE.findall(raw))
    return high == 0 or inside >= high / 2
