"""The tutorial as the browser test plays it: each step's words on the page that it shows.

A step is a heading and a picture; what it says in bold stands on the page when the picture is
taken.  `pytest tests/browser --tutorial FOLDER` takes the pictures, and one that moves.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from moving_picture import moving

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

DOCS: Final = Path(__file__).parents[2] / "docs"
TUTORIAL: Final = DOCS / "tutorials" / "reauthorize.md"
PICTURES: Final = DOCS / "assets" / "reauthorize"
RECORDING: Final = "reauthorize.webp"
WIDTH, HEIGHT, CAPTION = 1200, 800, 64
"""Pixels of a picture, and of the line above it in the recording."""
FRAME_MS, QUALITY = 2600, 50
FRAMED: Final = """element => Object.assign(element.style, {
  outline: "3px solid #ba0517", outlineOffset: "3px", borderRadius: "2px"})"""
BARE: Final = """element => Object.assign(element.style, {
  outline: "", outlineOffset: "", borderRadius: ""})"""
SHEET: Final = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #16325c; color: #fff; font: 28px/{caption}px sans-serif; }}
p {{ margin: 0 24px; height: {caption}px; white-space: nowrap; }} img {{ display: block; }}
</style><p>{title}</p><img src="data:image/webp;base64,{picture}" width="{width}">"""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the tutorial."""

    title: str
    picture: str
    words: tuple[str, ...]
    """What the page says; the last is what is pressed, or looked at."""


def steps(text: str) -> Iterator[Step]:
    """The steps of a tutorial, in order."""
    for part in re.split(r"^## ", text, flags=re.M)[1:]:
        if found := re.search(r"!\[[^\]]*\]\([^)]*?([\w-]+)\.webp\)", part):
            words = tuple(re.findall(r"\*\*(.+?)\*\*", part))
            yield Step(part.partition("\n")[0], found[1], words)


@dataclass(slots=True)
class Story:
    """The tutorial while a test plays it."""

    folder: Path | None = None
    """Where pictures go; None: nothing is taken."""
    left: list[Step] = field(default_factory=lambda: list(steps(TUTORIAL.read_text("utf-8"))))
    taken: list[tuple[Step, bytes]] = field(default_factory=list)

    def told(self, page: Page, name: str, pressed: str = "") -> None:
        """The test is at the next step of the tutorial, which shows the picture of this name.

        `pressed`: how the control is called where the tutorial gives its name in short.
        """
        assert self.left, f"the tutorial has ended before {name!r}"
        step = self.left.pop(0)
        assert step.picture == name, f"the tutorial shows {step.picture!r} before {name!r}"
        said = page.locator("body").inner_text().casefold()
        missing = [word for word in step.words if word.casefold() not in said]
        assert not missing, f"{step.title}: the page does not say {missing}"
        control = _control(page, pressed or step.words[-1])
        if self.folder is not None:
            self.taken.append((step, _photographed(page, control)))

    def ended(self, page: Page) -> None:
        """The test has come to its end, and so must the tutorial have."""
        assert not self.left, f"not played: {[each.title for each in self.left]}"
        if self.folder is None:
            return
        own = self.folder / PICTURES.name
        own.mkdir(parents=True, exist_ok=True)
        for step, picture in self.taken:
            (own / f"{step.picture}.webp").write_bytes(picture)
        frames = [_captioned(page, step.title, picture) for step, picture in self.taken]
        film = moving(frames, WIDTH, HEIGHT + CAPTION, FRAME_MS)
        (self.folder / RECORDING).write_bytes(film)


def _photographed(page: Page, control: Locator) -> bytes:
    """The part of the page where a control stands, with the control framed."""
    before = page.viewport_size
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    control.evaluate("each => each.scrollIntoView({block: 'center'})")
    control.evaluate(FRAMED)
    taken = _webp(page)
    control.evaluate(BARE)
    if before:
        page.set_viewport_size(before)
    return taken


def _control(page: Page, word: str) -> Locator:
    """What bears a word: a button, a link, a field, else any text that is seen."""
    ways = (
        page.get_by_role("button", name=word),
        page.get_by_role("link", name=word),
        page.get_by_label(word),
        page.get_by_text(word),
    )
    found = next((each for each in ways if each.count()), None)
    assert found, f"nothing on the page is called {word!r}"
    return found.first


def _captioned(page: Page, title: str, picture: bytes) -> bytes:
    """One frame of the recording."""
    inside = base64.b64encode(picture).decode()
    sheet = page.context.browser.new_page(  # type: ignore[union-attr]  # it was started by a browser
        viewport={"width": WIDTH, "height": HEIGHT + CAPTION}
    )
    sheet.set_content(
        SHEET.format(title=escape(title), picture=inside, width=WIDTH, caption=CAPTION)
    )
    sheet.wait_for_function("document.querySelector('img').complete")
    taken = _webp(sheet)
    sheet.close()
    return taken


def _webp(page: Page) -> bytes:
    """What the page shows, as Chromium itself writes WebP."""
    wire = page.context.new_cdp_session(page)
    told = wire.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    wire.detach()
    return base64.b64decode(told["data"])
