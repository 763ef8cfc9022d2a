"""Who may see and do what in the console: links, cookies, forms, and what every answer carries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant import keeper as verbs
from evergrant.web.access import page_of
from evergrant.web.security import HEADERS, form_token, is_own_form
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from web_kit import Web, web_fixture, words_of  # noqa: F401 (a fixture)

PAGES = ("/", "/connections/new", "/demo", "/readings/read_0000000000000000")
OPEN = ("/health", "/oauth/callback", "/callback/refused", "/sign-in", "/static/console.css")


@pytest.fixture
def stranger() -> Iterator[httpx2.Client]:
    """Another browser, in which nobody is signed in."""
    with httpx2.Client(follow_redirects=False, timeout=60) as opened:
        yield opened


def test_a_stranger_is_led_to_the_way_to_sign_in_from_every_page(
    web: Web, stranger: httpx2.Client
) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    own = (f"/connections/{connection.id}", f"/connections/{connection.id}/remove")
    for path in (*PAGES, *own, f"/flows/{flow}", f"/flows/{flow}/now"):
        answer = stranger.get(web.url + path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path
        assert connection.name not in answer.text


def test_a_stranger_can_post_nothing(web: Web, stranger: httpx2.Client) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    for path in (
        "/readings", "/connections", "/sign-out", "/demo/block",
        *(f"/connections/{connection.id}/{verb}"
          for verb in ("reauthorize", "check", "pause", "resume", "configure", "remove")),
        *(f"/flows/{flow}/{verb}" for verb in ("attempts", "seen", "check", "settle", "prove")),
    ):  # fmt: skip
        given = {"Origin": web.url}
        answer = stranger.post(web.url + path, data={"csrf": "x"}, headers=given)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path
    assert web.ground.now(connection.id).state == "connected"


def test_only_health_the_callback_and_the_way_in_are_open_to_a_stranger(
    web: Web, stranger: httpx2.Client
) -> None:
    for path in OPEN:
        assert stranger.get(web.url + path).headers.get("location", "") != "/sign-in", path
    for path in ("/openapi.json", "/docs", "/v1/openapi.json"):
        assert stranger.get(web.url + path).status_code in (401, 404), path


def test_a_sign_in_link_works_once(web: Web, stranger: httpx2.Client) -> None:
    link = verbs.invite(web.ground.keeper).reveal()
    assert stranger.get(link).headers["location"] == "/"
    assert stranger.get(web.url).status_code == 200
    with httpx2.Client(follow_redirects=False) as another:
        again = another.get(link)
        assert again.status_code == 400
        assert "used before" in words_of(again)
        assert another.get(web.url).status_code == 303


def test_a_link_that_this_browser_used_before_leads_on(web: Web, stranger: httpx2.Client) -> None:
    link = verbs.invite(web.ground.keeper).reveal()
    stranger.get(link)
    assert stranger.get(link).headers["location"] == "/"


def test_a_sign_in_link_ends_after_ten_minutes(web: Web, stranger: httpx2.Client) -> None:
    link = verbs.invite(web.ground.keeper).reveal()
    web.ground.control.advance(timedelta(minutes=11))
    assert stranger.get(link).status_code == 400


def test_the_session_cookie_is_out_of_reach_of_scripts_and_of_other_sites(
    web: Web, stranger: httpx2.Client
) -> None:
    answer = stranger.get(verbs.invite(web.ground.keeper).reveal())
    flags = answer.headers["set-cookie"].lower()
    assert "httponly" in flags
    assert "samesite=lax" in flags


def test_the_store_keeps_neither_the_link_nor_the_cookie(web: Web) -> None:
    word = web.browser.cookies["evergrant_session"]
    link = verbs.invite(web.ground.keeper).reveal()
    folder = web.ground.keeper.settings.data_dir
    for path in folder.iterdir():
        raw = path.read_bytes()
        assert word.encode() not in raw
        assert link.rsplit("/", 1)[1].encode() not in raw


def test_signing_in_again_ends_the_session_before(web: Web) -> None:
    before = web.browser.cookies["evergrant_session"]
    web.sign_in()
    assert web.browser.cookies["evergrant_session"] != before
    assert not verbs.is_operator(web.ground.keeper, before)


def test_signing_out_ends_the_session_on_the_server(web: Web) -> None:
    word = web.browser.cookies["evergrant_session"]
    assert web.post("/sign-out").headers["location"] == "/sign-in"
    assert not verbs.is_operator(web.ground.keeper, word)


def test_after_an_expired_session_a_new_link_leads_back_to_the_same_flow(web: Web) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    web.ground.control.advance(timedelta(hours=13))
    away = web.get(f"/flows/{flow}")
    assert away.headers["location"] == "/sign-in"
    assert "come back" in words_of(web.get("/sign-in"))
    answer = web.get(verbs.invite(web.ground.keeper).reveal().removeprefix(web.url))
    assert answer.headers["location"] == f"/flows/{flow}"
    assert web.get(f"/flows/{flow}").status_code == 200


def test_the_way_back_after_signing_in_never_leads_elsewhere(
    web: Web, stranger: httpx2.Client
) -> None:
    for evil in ("https://evil.example", "//evil.example", "/\\evil.example", "/demo@evil.example"):
        link = verbs.invite(web.ground.keeper).reveal()
        answer = stranger.get(link, headers={"Cookie": f'evergrant_next="{evil}"'})
        assert answer.headers["location"] == "/", evil


@given(st.text(max_size=60))
def test_a_page_to_come_back_to_is_one_of_ours_whatever_was_asked(path: str) -> None:
    ours = r"/|/connections/(new|con_[0-9a-f]{16})|/flows/flow_[0-9a-f]{16}|/demo|/readings/read_.+"
    assert re.fullmatch(ours, page_of(path))
    assert re.fullmatch(ours, page_of("/demo" + path))


def test_a_part_of_a_page_asks_the_whole_page_to_go_and_sign_in(
    web: Web, stranger: httpx2.Client
) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    answer = stranger.get(f"{web.url}/flows/{flow}/now", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in")


@pytest.mark.parametrize("token", ["", "x", "0" * 64])
def test_a_form_without_the_word_of_this_browser_does_nothing(web: Web, token: str) -> None:
    connection = web.ground.connected()
    answer = web.post(f"/connections/{connection.id}/pause", csrf=token)
    assert answer.status_code == 403
    assert "Nothing was done" in words_of(answer)
    assert web.ground.now(connection.id).state == "connected"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
def test_a_form_that_comes_from_another_site_does_nothing(web: Web, origin: str | None) -> None:
    connection = web.ground.connected()
    given = {} if origin is None else {"Origin": origin}
    answer = web.browser.post(
        f"{web.url}/connections/{connection.id}/pause", data={"csrf": web.token()}, headers=given
    )
    assert answer.status_code == 403
    assert web.ground.now(connection.id).state == "connected"


@given(st.text(max_size=40), st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_a_form_is_only_its_own_browsers(token: str, mine: str, theirs: str) -> None:
    assert is_own_form(form_token(mine), (mine,))
    assert is_own_form(form_token(theirs), (mine,)) == (mine == theirs)
    assert not is_own_form(token, (mine,))
    assert not is_own_form(form_token(""), ("",))


def test_every_page_carries_the_security_headers(web: Web) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    for path in (*PAGES, *OPEN[1:4], f"/connections/{connection.id}", f"/flows/{flow}", "/nope"):
        answer = web.get(path)
        told = {name: answer.headers.get(name) for name in HEADERS}
        # The page of a flow opens a window, and must be able to see that it was closed.
        opener = "same-origin-allow-popups" if "/flows/" in path else "same-origin"
        assert told == HEADERS | {"Cross-Origin-Opener-Policy": opener}, path
        assert "server" not in answer.headers
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_the_pages_on_the_way_to_salesforce_tell_no_address_of_ours(web: Web) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    link = web.attempt(flow)
    answer = web.browser.get(link)
    assert answer.status_code == 303
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_what_is_not_there_is_said_plainly(web: Web) -> None:
    for path in ("/nope", "/connections/con_0000000000000000", "/flows/flow_0000000000000000"):
        answer = web.get(path)
        assert answer.status_code == 404
        assert "Traceback" not in answer.text
        assert "Back" in words_of(answer)
