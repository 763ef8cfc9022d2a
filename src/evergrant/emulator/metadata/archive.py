"""Zips from strangers: names, sizes, links and ciphers are looked at before a byte is unpacked.

Salesforce's documented bounds are 10,000 files, about 39 MB zipped and 400 MB (or 600) unpacked;
the bound on the ratio is the emulator's own, and so are all the words.
"""

from __future__ import annotations

import stat
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from evergrant.emulator.metadata.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_FILES: Final = 10_000
LARGEST_ZIP: Final = 39 * 1024 * 1024
LARGEST_TOTAL: Final = 400 * 1024 * 1024
LARGEST_FILE: Final = 10 * 1024 * 1024
HIGHEST_RATIO: Final = 200
_RATIO_COUNTS_FROM: Final = 1024 * 1024
_BROKEN: Final = (
    BadZipFile, zlib.error, EOFError, OSError, ValueError, IndexError, RuntimeError, OverflowError,
)  # fmt: skip
"""What zipfile raises on bytes that are no zip, or a broken one."""
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def unpack(raw: bytes) -> dict[str, bytes]:
    """The files of a zip by name, folders left out; raises Refused."""
    if len(raw) > LARGEST_ZIP:
        raise Refused("zip", why="it is larger than 39 MB")
    try:
        with ZipFile(BytesIO(raw)) as zipped:
            entries = zipped.infolist()
            _look_over(entries)
            return {each.filename: _read(zipped, each) for each in entries if not each.is_dir()}
    except _BROKEN as error:
        raise Refused("zip", why="it is no zip file, or a broken one") from error


def _look_over(entries: list[ZipInfo]) -> None:
    names = [each.filename for each in entries]
    if len(entries) > MOST_FILES:
        raise Refused("zip", why=f"it has more than {MOST_FILES} files")
    if len(set(names)) < len(names):
        raise Refused("zip", why="an entry stands in it twice")
    if sum(each.file_size for each in entries) > LARGEST_TOTAL:
        raise Refused("zip", why="it unpacks to more than 400 MB")
    for each in entries:
        if why := _wrong(each):
            raise Refused("zip", why=why)


def _wrong(entry: ZipInfo) -> str:
    """What is wrong with an entry; empty where nothing is."""
    parts = entry.filename.rstrip("/").split("/")
    ratio = entry.file_size / max(entry.compress_size, 1)
    is_bomb = entry.file_size > _RATIO_COUNTS_FROM and ratio > HIGHEST_RATIO
    wrongs = {
        "an entry leaves the package": "\\" in entry.filename or ":" in parts[0]
        or any(part in ("", ".", "..") for part in parts),
        "an entry is a symbolic link": stat.S_ISLNK(entry.external_attr >> 16),
        "an entry is encrypted": bool(entry.flag_bits & 0x1),
        "an entry is packed in an unknown way": entry.compress_type
        not in (ZIP_STORED, ZIP_DEFLATED),
        "an entry is larger than 10 MB": entry.file_size > LARGEST_FILE,
        "an entry unpacks to more than 200 times its size": is_bomb,
    }  # fmt: skip
    return next((why for why, holds in wrongs.items() if holds), "")


def _read(zipped: ZipFile, entry: ZipInfo) -> bytes:
    with zipped.open(entry) as opened:
        content = opened.read(LARGEST_FILE + 1)
    if len(content) != entry.file_size:
        raise Refused("zip", why="an entry is not of the size that it says")
    return content


def pack(files: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> bytes:
    """A zip of these files, the same bytes for the same files."""
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as zipped:
        for name, content in dict(files).items():
            entry = ZipInfo(name, _EPOCH)
            entry.compress_type = ZIP_DEFLATED
            zipped.writestr(entry, content)
    return target.getvalue()
