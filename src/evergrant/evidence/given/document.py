"""A file, or what came through a pipe, as evidence reads it: known by its beginning, streamed."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, BinaryIO

from evergrant.evidence.given.encoding import encoding_of

HEAD = 1 << 16
"""Bytes that are looked at to tell what a document is."""
MAX_LINE = 1 << 16
"""Characters after which a line is cut into several."""
MAX_WHOLE = 64 << 20
"""Bytes of a document that must be read whole (JSON, XML, zip)."""
GZIP = b"\x1f\x8b\x08"
"""Setup offers its downloads packed as well."""
Opened = Callable[[], BinaryIO]


@dataclass(frozen=True)
class Document:
    """Something to read, once or (from a file) again; `name` is for messages and full names.

    Only the beginning is kept in memory: a log of a gigabyte is read as a stream.
    """

    name: str
    open: Opened = field(repr=False)
    head: bytes = field(repr=False, default=b"")

    @staticmethod
    def of(name: str, opened: Opened) -> Document:
        """A document that can be opened again: `opened` gives a stream from the first byte on.

        Raises OSError as opening does.
        """
        with opened() as stream:
            head = _first(stream)
        if not head.startswith(GZIP):
            return Document(name, opened, head)
        return Document.of(name, lambda: io.BufferedReader(_Unpacked(opened())))

    @staticmethod
    def of_stream(name: str, stream: BinaryIO) -> Document:
        """A document that comes once, through a pipe; its `lines` or `whole` can be had once."""
        head = _first(stream)
        rest = io.BufferedReader(_Joined(head, stream))
        if head.startswith(GZIP):
            return Document.of_stream(name, io.BufferedReader(_Unpacked(rest)))
        return Document(name, lambda: rest, head)

    @staticmethod
    def of_bytes(name: str, data: bytes) -> Document:
        """A document that is in memory already."""
        return Document.of(name, lambda: io.BytesIO(data))

    @staticmethod
    def of_text(text: str, name: str = "text") -> Document:
        """A text that was pasted."""
        return Document.of_bytes(name, text.encode("utf-8", "surrogatepass"))

    @cached_property
    def encoding(self) -> str | None:
        """The codec of its text; None where it is no text."""
        return encoding_of(self.head)

    @cached_property
    def begin(self) -> str:
        """Its beginning as text; empty where it is no text."""
        return self.head.decode(self.encoding, "replace") if self.encoding else ""

    @property
    def is_whole(self) -> bool:
        """Whether `head` is all of it."""
        return len(self.head) < HEAD

    def lines(self) -> Iterator[str]:
        """Its lines with their ends, as a stream; a line without end is cut at `MAX_LINE`."""
        with self.open() as stream:
            text = io.TextIOWrapper(stream, self.encoding or "utf-8", "replace", newline="")
            yield from iter(lambda: text.readline(MAX_LINE), "")

    def blocks(self) -> Iterator[str]:
        """Its text in blocks of whole lines; a line without end is cut at `MAX_LINE`."""
        with self.open() as stream:
            text = io.TextIOWrapper(stream, self.encoding or "utf-8", "replace", newline="")
            rest = ""
            for part in iter(lambda: text.read(HEAD), ""):
                whole, end, rest = (rest + part).rpartition("\n")
                if end or len(rest) > MAX_LINE:
                    yield whole + end if end else rest
                    rest = rest if end else ""
            if rest:
                yield rest

    def whole(self) -> tuple[bytes, bool]:
        """All its bytes, and whether some were left out for being more than `MAX_WHOLE`."""
        with self.open() as stream:
            data = stream.read(MAX_WHOLE + 1)
        return data[:MAX_WHOLE], len(data) > MAX_WHOLE

    def text(self) -> tuple[str, bool]:
        """All its text, and whether it was cut."""
        data, is_cut = self.whole()
        return data.decode(self.encoding or "utf-8", "replace"), is_cut


def _first(stream: IO[bytes]) -> bytes:
    parts, missing = [], HEAD
    while missing and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


class _Joined(io.RawIOBase):
    """What was read of a pipe, and then the rest of it."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = memoryview(head), rest

    def readable(self) -> bool:
        return True

    def readinto(self, room: object) -> int:
        into = memoryview(room)  # type: ignore[arg-type]  # typeshed: any writable buffer
        part = self._head[: len(into)] if self._head else memoryview(self._rest.read(len(into)))
        self._head = self._head[len(part) :]
        into[: len(part)] = part
        return len(part)


class _Unpacked(io.RawIOBase):
    """What a gzip file holds; one that is cut or damaged ends there."""

    def __init__(self, packed: BinaryIO) -> None:
        self._inner, self._packed = gzip.GzipFile(fileobj=packed), packed

    def readable(self) -> bool:
        return True

    def readinto(self, room: object) -> int:
        into = memoryview(room)  # type: ignore[arg-type]  # typeshed: any writable buffer
        try:
            part = self._inner.read1(len(into))
        except (OSError, EOFError, zlib.error):
            return 0
        into[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._inner.close()
        self._packed.close()
        super().close()
