"""Still WebP pictures as one that moves (WebP Container Specification, RFC 9649, section 2.7)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

ANIMATED, FOREVER = 0x02, 0
IMAGE = (b"ALPH", b"VP8 ", b"VP8L")
"""The chunks of a still picture that a frame is made of."""


def chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each chunk of a file.  Raises `ValueError` for what is no WebP."""
    if picture[:4] != b"RIFF" or picture[8:12] != b"WEBP":
        raise ValueError("not a WebP file")
    at = 12
    while at + 8 <= len(picture):
        (size,) = struct.unpack_from("<I", picture, at + 4)
        yield picture[at : at + 4], picture[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def moving(frames: Sequence[bytes], width: int, height: int, frame_ms: int) -> bytes:
    """One file that shows the frames, all of one size, one after another, again and again."""
    head = struct.pack("<I", ANIMATED) + _number(width - 1) + _number(height - 1)
    background = struct.pack("<IH", 0xFFFFFFFF, FOREVER)
    place = _number(0) * 2 + _number(width - 1) + _number(height - 1) + _number(frame_ms)
    shown = [place + b"\0" + _image(frame) for frame in frames]
    parts = [(b"VP8X", head), (b"ANIM", background), *((b"ANMF", each) for each in shown)]
    body = b"WEBP" + b"".join(_chunk(name, content) for name, content in parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _image(picture: bytes) -> bytes:
    return b"".join(_chunk(name, content) for name, content in chunks(picture) if name in IMAGE)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _number(value: int) -> bytes:
    """Three bytes, the least first, as the container has its sizes and times."""
    return struct.pack("<I", value)[:3]
