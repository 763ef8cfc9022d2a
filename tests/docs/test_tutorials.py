"""The tutorial's pictures: there, small, none too many, and moving in step with its text."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moving_picture import chunks, moving
from story import DOCS, FRAME_MS, PICTURES, RECORDING, TUTORIAL, Step, steps

ROOT = Path(__file__).parents[2]
STEPS = list(steps(TUTORIAL.read_text("utf-8")))
FILM = DOCS / "assets" / RECORDING
SMALL, SHORT = 60_000, 1_500_000
"""Bytes of a picture and of the one that moves."""
PAGES = sorted((DOCS / "tutorials").glob("*.md"))


def still(content: bytes, name: bytes = b"VP8 ") -> bytes:
    """A WebP file of one chunk."""
    body = b"WEBP" + name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_every_step_has_its_picture_and_every_picture_its_step() -> None:
    assert sorted(f"{each.picture}.webp" for each in STEPS) == sorted(
        path.name for path in PICTURES.iterdir()
    )


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.picture)
def test_a_step_names_what_stands_on_its_page_and_its_picture_is_small(step: Step) -> None:
    assert step.words, f"{step.title}: nothing in bold, nothing that the test could look for"
    picture = (PICTURES / f"{step.picture}.webp").read_bytes()
    assert len(picture) <= SMALL
    assert [name for name, _ in chunks(picture)][-1] in (b"VP8 ", b"VP8L")


def test_the_steps_are_numbered_in_their_order() -> None:
    assert [int(each.title.partition(".")[0]) for each in STEPS] == [*range(1, len(STEPS) + 1)]


def test_the_recording_shows_every_step_once_and_is_quickly_loaded() -> None:
    film = FILM.read_bytes()
    frames = [content for name, content in chunks(film) if name == b"ANMF"]
    assert len(frames) == len(STEPS)
    assert len(film) <= SHORT
    lasting = {int.from_bytes(frame[12:15], "little") for frame in frames}
    assert lasting == {FRAME_MS}


def test_readme_and_tutorial_show_the_recording() -> None:
    for page in (ROOT / "README.md", TUTORIAL):
        assert re.search(rf"!\[[^\]]+\]\([^)]*{RECORDING}\)", page.read_text("utf-8")), page


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_make_target_that_a_tutorial_names_is_one(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert set(re.findall(r"\bmake ([a-z-]+)\b(?=`|\n)", page.read_text("utf-8"))) <= targets


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=5))
def test_the_frames_of_a_moving_picture_are_the_stills_that_it_was_made_of(
    contents: list[bytes],
) -> None:
    film = moving([still(each) for each in contents], 1200, 864, 2600)
    found = list(chunks(film))
    assert [name for name, _ in found] == [b"VP8X", b"ANIM", *[b"ANMF"] * len(contents)]
    assert struct.unpack_from("<I", film, 4)[0] == len(film) - 8
    for (_, frame), content in zip(found[2:], contents, strict=True):
        assert [*chunks(still(content))] == [*chunks(b"RIFF\0\0\0\0WEBP" + frame[16:])]


def test_what_is_no_webp_is_refused() -> None:
    with pytest.raises(ValueError, match="not a WebP file"):
        list(chunks(b"\x89PNG\r\n\x1a\n0000"))
