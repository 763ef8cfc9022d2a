"""What the console's templates and static files promise, as far as it shows without a browser."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gallery
from evergrant.health import State

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((gallery.WEB / "templates").rglob("*.html"))
STATIC = gallery.WEB / "static"
OWN = ("console.css", "components.css", "pages.css", "links.css")
ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"))

named = pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)


class Seen(HTMLParser):
    """The texts and the attribute values of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.values: list[str | None] = []
        self.tags: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += [value for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def sheet(name: str) -> str:
    """A style sheet's text."""
    return (STATIC / name).read_text()


@named
def test_a_template_holds_nothing_that_the_policy_refuses(path: Path) -> None:
    refused = r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=\"/)|hx-on|\bjs:|\|\s*safe\b"
    assert re.findall(refused, re.sub(r"{#.*?#}", "", path.read_text(), flags=re.S)) == []


@named
def test_every_class_of_the_design_system_is_in_the_vendored_sheet(path: Path) -> None:
    used = set(re.findall(r"\bslds-[a-z][\w-]*", path.read_text()))
    known = set(re.findall(r"\.(slds-[\w-]+)", sheet("slds.css")))
    assert used - known == set(), "run `make vendor`"


def test_every_class_of_our_own_is_in_a_sheet_of_our_own() -> None:
    used = {
        name for path in TEMPLATES for name in re.findall(r"\beg-[a-z][\w-]*", path.read_text())
    }
    known = {name for file in OWN for name in re.findall(r"\.(eg-[\w-]+)", sheet(file))}
    made = ("eg-tone-", "eg-steps__item_")
    assert used - known - set(made) == set()


def test_every_variable_that_a_sheet_reads_is_set_somewhere() -> None:
    everything = "".join(sheet(name) for name in ("slds.css", *OWN))
    read = {name for file in OWN for name in re.findall(r"var\((--[\w-]+)\)", sheet(file))}
    assert read - set(re.findall(r"(--[\w-]+)\s*:", everything)) == set()


@pytest.mark.parametrize("name", ["slds.css", *OWN])
def test_a_style_sheet_loads_nothing(name: str) -> None:
    assert re.findall(r"url\(|@import|@font-face", sheet(name)) == []


def test_the_notices_name_the_versions_that_are_vendored() -> None:
    packages = json.loads((ROOT / "assets" / "package.json").read_text())["devDependencies"]
    notices = (STATIC / "THIRD_PARTY_NOTICES.md").read_text()
    for name in ("htmx.org", "@salesforce-ux/design-system"):
        assert f"{name} {packages[name]}" in notices
    assert packages["@salesforce-ux/design-system"] in sheet("slds.css")


def test_the_lock_of_the_assets_holds_no_address_to_fetch_from() -> None:
    lock = json.loads((ROOT / "assets" / "package-lock.json").read_text())
    assert [name for name, each in lock["packages"].items() if "resolved" in each] == []


def test_every_state_has_its_word_and_a_shape_of_its_own() -> None:
    badge = gallery.macro("state", "state_badge")
    seen = {state: str(badge(state)) for state in State}
    for state, html in seen.items():
        assert state.value.capitalize() in Seen(html).texts
    shapes = {state: re.findall(r' d="([^"]+)"', html)[0] for state, html in seen.items()}
    assert len(set(shapes.values())) == len(State)


@given(ANY_TEXT)
def test_any_text_is_shown_as_it_is_and_is_never_markup(text: str) -> None:
    shown = Seen(gallery.macro("copy", "copyable")(text, "it"))
    assert text in "".join(shown.texts)
    banner = Seen(gallery.macro("messages", "banner")("error", text, text))
    assert banner.tags == [
        "section",
        "span",
        "svg",
        "path",
        "div",
        "h2",
        "span",
        *["p"] * bool(text),
    ]


@given(ANY_TEXT)
def test_what_was_typed_comes_back_into_the_field(text: str) -> None:
    field = gallery.macro("forms", "field")("name", "Name", text)
    assert text in Seen(field).values
