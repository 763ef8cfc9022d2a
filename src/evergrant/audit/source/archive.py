"""Zips of metadata: read where they are, never unpacked to disk."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from evergrant.audit.model import Place, Problem

MAX_MEMBERS = 100_000
_BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)


def is_zip(path: Path, *, is_named: bool) -> bool:
    """Whether a file is a zip; in folders only those that say so by their name."""
    if not is_named and path.suffix.lower() != ".zip":
        return False
    with path.open("rb") as stream:
        return stream.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def members(
    path: Path, problems: list[Problem]
) -> Iterator[tuple[str, int, Callable[[int], bytes]]]:
    """Name, size and loader of every file of a zip; what leads out of it is reported."""
    label = path.as_posix()
    try:
        archive = zipfile.ZipFile(path)  # stays open as long as a loader needs it
        infos = archive.infolist()
    except _BROKEN as error:
        problems.append(Problem(Place(label), f"no readable zip: {error}", is_fatal=True))
        return
    if len(infos) > MAX_MEMBERS:
        problems.append(Problem(Place(label), f"holds {len(infos)} files; the first {MAX_MEMBERS}"
                                " are read", hides="everything after them"))  # fmt: skip
    for info in infos[:MAX_MEMBERS]:
        if info.is_dir():
            continue
        if _leads_out(info.filename):
            what = "a name that leads out of the zip: not read"
            problems.append(Problem(Place(f"{label}!{info.filename}"), what))
        else:
            yield info.filename, info.file_size, _loader(archive, info)


def _leads_out(name: str) -> bool:
    pure = PurePosixPath(name.replace("\\", "/"))
    return pure.is_absolute() or ".." in pure.parts or ":" in pure.parts[0]


def _loader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def load(most: int) -> bytes:
        # NOTE: sizes in a zip's directory may lie; `read` stops at what was asked for.
        try:
            with archive.open(info) as stream:
                return stream.read(most)
        except _BROKEN as error:
            raise OSError(0, f"cannot be unpacked: {error}") from error

    return load
