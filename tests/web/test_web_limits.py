"""How often one address may try."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
from hypothesis import given
from hypothesis import strategies as st

from evergrant.web.limits import LIMITS, Limit, Limited
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from web_kit import Web, web_fixture, words_of  # noqa: F401 (a fixture)

BY_NAME = {each.name: each for each in LIMITS}


def first_refused(guesser: httpx2.Client, web: Web, name: str, path: str) -> httpx2.Response:
    """Guess until one guess is refused: a slow machine is given attempts back while it guesses."""
    most = BY_NAME[name].per_minute
    for number in range(3 * most):
        answer = guesser.get(f"{web.url}{path}guess{number}")
        if answer.status_code == 429:
            assert number, "the first guess was refused"
            return answer
    raise AssertionError(f"{3 * most} guesses were answered")


def test_guessing_links_is_slow_and_nobody_else_waits_for_it(web: Web) -> None:
    with httpx2.Client() as guesser:
        refused = first_refused(guesser, web, "link", "/r/")
        assert int(refused.headers["retry-after"]) >= 1
        assert "Too many attempts" in words_of(refused)
        assert refused.headers["content-security-policy"].startswith("default-src 'none'")
        # Other pages are counted apart.
        assert guesser.get(f"{web.url}/sign-in").status_code == 401


def test_an_address_that_waited_may_try_again_and_every_address_is_counted_apart() -> None:
    answered: list[str] = []
    now = [0.0]

    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        answered.append("answered")

    async def refusal(scope: Any, _receive: Any, _send: Any) -> None:
        answered.append(f"wait {scope['evergrant.wait_s']:.0f}")

    limited = Limited(app, refusal, ticks=lambda: now[0])

    def tried(caller: str) -> str:
        scope = {"type": "http", "method": "GET", "path": "/sign-in/x", "client": (caller, 1)}
        asyncio.run(limited(scope, None, None))  # type: ignore[arg-type]
        return answered[-1]

    most = BY_NAME["sign-in"].per_minute
    assert {tried("10.0.0.1") for _ in range(most)} == {"answered"}
    assert tried("10.0.0.1") == "wait 3"
    assert tried("10.0.0.2") == "answered"
    now[0] = 3.0
    assert tried("10.0.0.1") == "answered"
    assert tried("10.0.0.1") == "wait 3"


def test_guessing_sign_in_links_is_slow(web: Web) -> None:
    with httpx2.Client() as guesser:
        first_refused(guesser, web, "sign-in", "/sign-in/")


def test_looking_at_pages_and_at_what_they_are_made_of_is_not_counted() -> None:
    for path in ("/", "/static/console.css", "/flows/flow_0/now", "/reconnect/link_0"):
        assert not any(each.fits("GET", path) for each in LIMITS), path


@given(st.sampled_from(["POST", "PUT", "DELETE", "PATCH"]), st.text(max_size=20))
def test_whatever_changes_something_is_counted(method: str, path: str) -> None:
    assert any(each.fits(method, f"/{path}") for each in LIMITS)


def test_a_limit_counts_its_own_paths_only() -> None:
    limit = Limit("x", frozenset({"GET"}), "/r/", 1)
    assert limit.fits("GET", "/r/word")
    assert not limit.fits("GET", "/reconnect/x")
    assert not limit.fits("POST", "/r/word")
