"""Answers that the store would not take, sealed, in files of their own.

A file is whole or not there: written aside, synced, renamed, and the folder synced.  A reserve is
laid by at the start, and given up when the disk is full: there is room for an answer even then.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

RESERVE = 256 * 1024


class Spill:
    """The folder of the files; made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._is_prepared = False
        self._kept: set[int] = set()

    def prepare(self) -> None:
        """Make the folder and its reserve; a disk that is full already is no reason to stop."""
        if self._is_prepared:
            return
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._reserve.exists():
                self._write(self._reserve, os.urandom(RESERVE))
        self._is_prepared = True

    def keep(self, seq: int, sealed: bytes) -> None:
        """Keep one sealed answer.

        Raises OSError when not even the reserve helps.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._kept.add(seq)
        try:
            self._write(self._file(seq), sealed)
        except OSError:
            self._reserve.unlink(missing_ok=True)
            self._write(self._file(seq), sealed)

    def find(self, seq: int) -> bytes | None:
        """The sealed answer of a request, if it lies here."""
        try:
            found = self._file(seq).read_bytes()
        except OSError:
            return None
        self._kept.add(seq)
        return found

    def drop(self, seq: int) -> None:
        """Forget an answer that is in the store now."""
        if seq in self._kept:
            self._kept.discard(seq)
            self._file(seq).unlink(missing_ok=True)

    @property
    def _reserve(self) -> Path:
        return self.folder / "reserve"

    def _file(self, seq: int) -> Path:
        return self.folder / f"{seq}.answer"

    def _write(self, path: Path, content: bytes) -> None:
        draft = path.with_suffix(f".{os.getpid()}.new")
        try:
            number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        _sync(path.parent)


def _sync(folder: Path) -> None:
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
