"""Zips and XML from strangers: bombs, links, lies and noise are refused before they can do harm."""

import stat
import struct
from contextlib import suppress
from io import BytesIO
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.emulator.metadata.archive import pack, unpack
from evergrant.emulator.metadata.document import checked, root_of, written
from evergrant.emulator.metadata.markup import Malformed, read
from evergrant.emulator.metadata.problems import Refused
from evergrant.emulator.metadata.types import TYPES

WORDS = st.characters(min_codepoint=32, codec="utf-8", exclude_characters="\ufffe\uffff")
NAMES = st.text("abcXYZ._- ", min_size=1, max_size=12).filter(lambda name: name.strip(".") != "")
FILES = st.dictionaries(
    st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.binary(max_size=200), max_size=6
)


def _zip(*entries: tuple[str | ZipInfo, bytes], how: int = ZIP_DEFLATED) -> bytes:
    target = BytesIO()
    with ZipFile(target, "w", how) as zipped:
        for name, content in entries:
            zipped.writestr(name, content)
    return target.getvalue()


def _link() -> ZipInfo:
    entry = ZipInfo("connectedApps/x.connectedApp")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def _encrypted() -> bytes:
    raw = bytearray(_zip(("a.xml", b"secret")))
    for signature, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = raw.index(signature) + place
        raw[at] |= 1
    return bytes(raw)


def _lying() -> bytes:
    """A zip whose directory says one byte where there are a thousand."""
    raw = bytearray(_zip(("a.xml", b"a" * 1000), how=ZIP_STORED))
    struct.pack_into("<I", raw, raw.index(b"PK\1\2") + 24, 1)
    return bytes(raw)


HOSTILE = {
    "it is no zip file, or a broken one": b"not a zip",
    "an entry leaves the package": _zip(("../package.xml", b"x")),
    "an entry leaves the package ": _zip(("/etc/passwd", b"x")),
    "an entry leaves the package  ": _zip(("a\\..\\b", b"x")),
    "an entry leaves the package   ": _zip(("C:/x", b"x")),
    "an entry stands in it twice": _zip(("a", b"x"), ("b", b"y")).replace(b"b", b"a"),
    "an entry is a symbolic link": _zip((_link(), b"/etc/passwd")),
    "an entry is encrypted": _encrypted(),
    "an entry is packed in an unknown way": _zip(("a", b"x" * 99), how=ZIP_BZIP2),
    "an entry unpacks to more than 200 times its size": _zip(("a", bytes(3_000_000))),
    "an entry is larger than 10 MB": _zip(("a", bytes(11_000_000))),
    "it is no zip file, or a broken one ": _lying(),
    "it has more than 10000 files": _zip(*((f"{n}", b"") for n in range(10_001)), how=ZIP_STORED),
    "it unpacks to more than 400 MB": _zip(*((f"{n}", bytes(9_900_000)) for n in range(43))),
}


@pytest.mark.parametrize("why", HOSTILE)
def test_a_hostile_zip_is_refused_by_name(why: str) -> None:
    with pytest.raises(Refused) as refused:
        unpack(HOSTILE[why])
    assert refused.value.message == f"The package cannot be read: {why.strip()}"


@given(FILES)
def test_what_was_packed_is_unpacked(files: dict[str, bytes]) -> None:
    assert unpack(pack(files)) == files
    assert pack(files) == pack(files)


@given(st.binary(max_size=400))
def test_noise_is_refused_and_never_a_crash(raw: bytes) -> None:
    with suppress(Refused):
        assert all(unpack(raw))


@given(FILES, st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_zip_is_read_or_refused(
    files: dict[str, bytes], damage: list[tuple[int, int]]
) -> None:
    raw = bytearray(pack(files))
    for place, byte in damage:
        raw[place % len(raw)] = byte
    try:
        found = unpack(bytes(raw))
    except Refused:
        return
    assert all(".." not in name.split("/") for name in found)


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
        "<!DOCTYPE a><a/>",
        "<a>&undeclared;</a>",
        "<a>" * 40 + "</a>" * 40,
        '<?xml version="1.0" encoding="no-such"?><a/>',
        "<a><b></a></b>",
        "",
    ],
)
def test_hostile_xml_is_refused(document: str) -> None:
    with pytest.raises(Malformed):
        read(document.encode())


@pytest.mark.slow
def test_too_many_elements_are_refused() -> None:
    with pytest.raises(Malformed):
        read(b"<a>" + b"<b/>" * 200_001 + b"</a>")


@given(st.binary(max_size=200))
def test_xml_noise_is_refused_and_never_a_crash(raw: bytes) -> None:
    with suppress(Malformed):
        assert read(raw).name


@given(st.text(WORDS, max_size=60).map(str.strip).filter(bool))
def test_any_words_survive_writing_and_reading(words: str) -> None:
    root = root_of(TYPES["CorsWhitelistOrigin"])
    raw = written(root, {"urlPattern": words}, 67)
    assert checked(root, read(raw), 67) == {"urlPattern": words}


def test_what_xml_cannot_say_is_left_out() -> None:
    root = root_of(TYPES["CorsWhitelistOrigin"])
    raw = written(root, {"urlPattern": "a\x00b\ufffe<"}, 67)
    assert checked(root, read(raw), 67) == {"urlPattern": "ab<"}
