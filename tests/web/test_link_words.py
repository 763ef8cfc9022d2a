"""The texts of customers' pages: every language complete, and the one that the browser asks for."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.diagnosis.layout import REMEDIES
from evergrant.web.desk import FOLDER
from evergrant.web.pictures import PICTURES
from evergrant.web.words import catalog, language_for, languages, saying

OTHERS = [each for each in languages() if each != "en"]
ASKED = re.compile(r'say\(\s*f?"([a-z_]+\.[a-z_-]+)"(?! ~)')


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_english_comes_first_and_japanese_is_there() -> None:
    assert languages()[0] == "en"
    assert "ja" in languages()


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_keys(language: str) -> None:
    assert catalog(language).keys() == catalog("en").keys()


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_the_same_placeholders_in_every_language(language: str) -> None:
    for key, text in catalog("en").items():
        assert placeholders(catalog(language)[key]) == placeholders(text), key


@pytest.mark.parametrize("language", languages())
def test_no_text_is_empty_or_has_an_end_that_nobody_sees(language: str) -> None:
    for key, text in catalog(language).items():
        assert text, key
        assert not text.startswith(" "), key


def test_every_text_that_a_page_asks_for_is_there() -> None:
    templates = (FOLDER / "templates" / "link").glob("*.html")
    code = (FOLDER / name for name in ("links.py", "link_view.py", "embed_view.py"))
    asked = {key for path in (*templates, *code) for key in ASKED.findall(path.read_text("utf-8"))}
    assert asked
    assert asked <= catalog("en").keys()


def test_every_remedy_has_a_sentence_for_the_customer() -> None:
    for remedy in REMEDIES:
        assert f"why.{remedy}" in catalog("en")
        assert f"banner.admin_{remedy}" in catalog("en")
        assert f"banner.end_{remedy}" in catalog("en")


def test_every_picture_that_is_named_in_our_words_has_them_in_the_catalog() -> None:
    for picture in PICTURES:
        name = picture.id.replace("-", "_")
        assert "_" in picture.label or f"picture.{name}" in catalog("en"), name
        assert not picture.hint or f"picture.hint_{name}" in catalog("en"), name


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7", "ja"),
        ("en-US,en;q=0.9,ja;q=0.8", "en"),
        ("fr-FR,fr;q=0.9,ja;q=0.5", "ja"),
        ("fr, de", "en"),
        ("ja;q=0, en;q=0.1", "en"),
        ("en;q=0.5, ja;q=0.5", "en"),
        ("ja;q=much, en;q=0.1", "en"),
        ("*", "en"),
    ],
)
def test_the_language_is_the_one_that_the_browser_likes_most(accepted: str, language: str) -> None:
    assert language_for(accepted) == language


@given(st.text(max_size=200))
def test_whatever_a_browser_asks_for_it_gets_a_language_that_is_there(accepted: str) -> None:
    assert language_for(accepted) in languages()


def test_a_text_takes_hostile_names_as_they_are() -> None:
    hostile = "{vendor.__class__} <script>"
    assert hostile in saying("en")("page.lead", vendor=hostile, app="x")
