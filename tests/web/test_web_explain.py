"""Explanations in the console: index, words, causes, near misses; hostile terms stay text."""

from __future__ import annotations

from urllib.parse import quote

import httpx2
import pytest

from evergrant.catalog import load
from evergrant.catalog.words import words
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from web_kit import Web, web_fixture, words_of  # noqa: F401 (a fixture)

EVIL = "<script>alert(1)</script>\u202e\x1b[31m"


def test_the_index_has_every_word_and_every_cause(web: Web) -> None:
    told = words_of(web.get("/explain"))
    for cause in load().causes.values():
        assert cause.title in told
    for word in words():
        assert word.word in told
    assert "IP_RESTRICTED" in told


@pytest.mark.parametrize(
    ("term", "says"),
    [
        ("invalid_grant", "Look first"),
        ("Failed: Not approved for access", "The user is not on the app's list"),
        ("expired access/refresh token", "The refresh token was revoked"),
        ("IP_RESTRICTED", "No Salesforce server sends this code"),
        ("app-blocked-by-admin", "Press Unblock"),
    ],
)
def test_a_term_has_a_page_with_the_decision_first(web: Web, term: str, says: str) -> None:
    page = web.get(f"/explain/term?q={quote(term)}")
    assert page.status_code == 200
    assert says in words_of(page)


def test_what_is_typed_leads_to_its_page(web: Web) -> None:
    answer = web.get("/explain?term=expired+access%2Frefresh+token")
    assert answer.status_code == 303
    assert web.get(answer.headers["location"]).status_code == 200
    assert "What to do" in words_of(web.get("/explain/app-blocked-by-admin"))


def test_a_term_that_nobody_knows_is_answered_with_what_comes_near(web: Web) -> None:
    page = web.get("/explain/term?q=invalid_grnat")
    assert page.status_code == 404
    assert "invalid_grant" in words_of(page)


def test_a_hostile_term_stays_text(web: Web) -> None:
    page = web.get(f"/explain/term?q={quote(EVIL)}")
    assert page.status_code == 404
    assert "<script>alert" not in page.text
    assert "\x1b" not in page.text
    assert web.get(f"/explain/term?q={'a' * 7000}").status_code == 404


def test_a_stranger_is_led_to_the_sign_in(web: Web) -> None:
    with httpx2.Client(follow_redirects=False) as stranger:
        assert stranger.get(f"{web.url}/explain").headers["location"] == "/sign-in"
