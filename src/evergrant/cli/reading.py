"""Reading what people give: files, folders and standard input, whatever their encoding."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from errno import EISDIR
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.evidence.given.document import Document

MOST_FILES = 5_000
"""Of a folder; a retrieved project has thousands of files."""


def read_text(name: str, *, give: str = "give the error text that you got") -> str:
    """The text of a file, or of standard input for `-`; `give` says what should be in it.

    Raises `BadInput` for what cannot be read, is empty, or is no text.
    """
    from evergrant.evidence.given.encoding import encoding_of

    raw = _read_bytes(name)
    shown = "standard input" if name == "-" else name
    if not raw.strip():
        raise BadInput(f"{shown} is empty", next_step=give, whose="you")
    encoding = encoding_of(raw)
    if encoding is None:
        raise BadInput(f"{shown} is binary, not text", next_step=give, whose="you")
    return raw.decode(encoding, errors="replace")


def documents(names: Iterable[str]) -> list[Document]:
    """The documents of these names, opened as streams; of a folder, the metadata that is in it.

    Raises `BadInput` for what cannot be read or is empty.
    """
    return [document for name in names for document in _documents(name)]


def _documents(name: str) -> Iterator[Document]:
    from evergrant.evidence.given.document import Document

    path = Path(name)
    try:
        if name == "-":
            _invite()
            yield _filled(Document.of_stream("standard input", sys.stdin.buffer))
        elif path.is_dir():
            yield from _metadata(path)
        else:
            yield _filled(Document.of(name, partial(_opened, path)))
    except OSError as error:
        raise _unreadable(name, error) from error


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


def _filled(document: Document) -> Document:
    if not document.head.strip():
        raise BadInput(
            f"{document.name} is empty", next_step="give the error text that you got", whose="you"
        )
    return document


def _metadata(folder: Path) -> Iterator[Document]:
    from evergrant.evidence.given.document import Document
    from evergrant.evidence.retrieved.components import is_wanted

    there = sorted(each for each in folder.rglob("*") if is_wanted(each.name) and each.is_file())
    if not there:
        raise IsADirectoryError(EISDIR, "Is a directory, without metadata of apps or settings")
    for each in there[:MOST_FILES]:
        yield Document.of(str(each.relative_to(folder)), partial(_opened, each))


def _read_bytes(name: str) -> bytes:
    if name == "-":
        _invite()
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise _unreadable(name, error) from error


def _invite() -> None:
    if sys.stdin.isatty():
        sys.stderr.write("Paste the error, then press Ctrl-D.\n")


def _unreadable(name: str, error: OSError) -> BadInput:
    return BadInput(
        f"cannot read {name}",
        why=error.strerror or type(error).__name__,
        next_step="check the path, or use - for standard input",
        whose="you",
    )
