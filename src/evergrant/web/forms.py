"""Forms, read as a stream and bounded: a person may paste or choose whatever they have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from evergrant.errors import BadInput
from evergrant.web.uploads import Upload, cut

if TYPE_CHECKING:
    from starlette.requests import Request

MOST_FIELD = 2_000_000
"""Bytes of one field; what a person pastes beyond is cut."""
MOST_FIELDS = 120
MOST_BODY = 3 * MOST_FIELD + 1_000_000
"""Bytes of a form without a file: each byte may be written as three."""
MOST_STREAM = 256_000_000
"""Bytes of a form with a file; what lies behind the file's own bound is read and dropped."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a form said; a name that came twice has its last value."""

    fields: dict[str, str]
    upload: Upload | None = None

    def get(self, name: str) -> str:
        """A field; empty when it was not sent."""
        return self.fields.get(name, "")


async def read_form(request: Request) -> Form:
    """Read a form, whatever its size; raises `BadInput` for what is no form or too large."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind == b"multipart/form-data" and b"boundary" in options:
        return await _multipart(request.stream(), options[b"boundary"])
    if kind == b"application/x-www-form-urlencoded":
        return Form(_pairs(await _body(request.stream())))
    raise _unreadable("it is no form")


async def _body(stream: AsyncIterator[bytes]) -> bytes:
    found = bytearray()
    async for chunk in stream:
        found += chunk
        if len(found) > MOST_BODY:
            raise _unreadable("it is larger than any form of ours")
    return bytes(found)


def _pairs(body: bytes) -> dict[str, str]:
    try:
        text = body.decode("ascii", "replace")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise _unreadable("it has too many fields") from error
    return {name: cut(value) for name, value in pairs}


async def _multipart(stream: AsyncIterator[bytes], boundary: bytes) -> Form:
    parts = _Parts()
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": parts.begin,
            "on_header_field": parts.header_name,
            "on_header_value": parts.header_value,
            "on_header_end": parts.header_end,
            "on_headers_finished": parts.headers_finished,
            "on_part_data": parts.data,
            "on_part_end": parts.end,
        },
    )
    size = 0
    try:
        async for chunk in stream:
            size += len(chunk)
            if size > MOST_STREAM or parts.count > MOST_FIELDS:
                raise _unreadable("it is larger than any form of ours")
            # In a thread: looking through a large log takes a second, and others wait meanwhile.
            await run_in_threadpool(parser.write, chunk)
        parser.finalize()
    except MultipartParseError as error:
        raise _unreadable("it broke off") from error
    return Form(parts.fields, parts.upload)


@dataclass(slots=True)
class _Parts:
    """What the parser calls; only one file is kept, and of it only what `Upload` keeps."""

    fields: dict[str, str] = field(default_factory=dict)
    upload: Upload | None = None
    count: int = 0
    _headers: dict[str, str] = field(default_factory=dict)
    _header: list[bytes] = field(default_factory=lambda: [b"", b""])
    _name: str = ""
    _value: bytearray = field(default_factory=bytearray)
    _file: Upload | None = None

    def begin(self) -> None:
        self.count += 1
        self._headers, self._value, self._file, self._name = {}, bytearray(), None, ""

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def header_end(self) -> None:
        name, value = (each.decode("utf-8", "replace") for each in self._header)
        self._headers[name.lower()] = value
        self._header = [b"", b""]

    def headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", ""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            self._file = Upload()

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.feed(data[start:end])
        elif len(self._value) <= MOST_FIELD:
            self._value += data[start:end]

    def end(self) -> None:
        if self._file is None:
            self.fields[self._name] = cut(
                bytes(self._value[:MOST_FIELD]).decode("utf-8", "replace")
            )
        elif self._file.size:
            self.upload = self._file


def _unreadable(why: str) -> BadInput:
    return BadInput(
        "the form could not be read",
        why=f"{why}, so nothing was done",
        next_step="go back and send it again; of a very large log, choose the part with the error",
        whose="you",
    )
