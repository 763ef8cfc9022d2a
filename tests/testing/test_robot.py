"""The person at the browser: reads forms as a browser would, and reports what it saw."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

import httpx2

from evergrant.testing.robot import Person, walk

CALLBACK = "http://vendor.example/oauth/callback"
WHO = Person("u@acme.example", "made up")
Answer = Callable[[httpx2.Request], httpx2.Response]


def browsing(answer: Answer) -> httpx2.Client:
    """A browser for whom one function is the whole web."""
    return httpx2.Client(transport=httpx2.MockTransport(answer), follow_redirects=False)


def page(body: str) -> httpx2.Response:
    return httpx2.Response(200, html=body)


def moved(to: str) -> httpx2.Response:
    return httpx2.Response(302, headers={"Location": to})


def test_it_signs_in_allows_and_stops_at_the_callback() -> None:
    seen: list[str] = []

    def web(request: httpx2.Request) -> httpx2.Response:
        form = parse_qs(request.content.decode())
        seen.append(f"{request.method} {request.url.path} {sorted(form)}")
        if request.url.path == "/login" and request.method == "POST":
            return moved("/consent")
        if request.url.path == "/login":
            return page("<form method=post><input name=username><input name=password></form>")
        if request.method == "POST":
            return moved(f"{CALLBACK}?code={form['answer'][0]}")
        return page("<form method=post><button name=answer value=yes>Allow</button></form>")

    with browsing(web) as profile:
        sight = walk("http://org.example/login", WHO, CALLBACK, browser=profile, follow=False)
    assert (sight.called_back, sight.url) == (True, f"{CALLBACK}?code=yes")
    assert seen == [
        "GET /login []",
        "POST /login ['password', 'username']",
        "GET /consent []",
        "POST /consent ['answer']",
    ]


def test_a_page_that_never_calls_back_is_pasted_with_its_address_and_words() -> None:
    def web(_request: httpx2.Request) -> httpx2.Response:
        return page("<style>p{}</style><script>x</script><p>OAuth  Error</p><p>Blocked</p>")

    with browsing(web) as profile:
        sight = walk("http://org.example/error?error=E", WHO, CALLBACK, browser=profile)
    assert not sight.called_back
    assert sight.pasted() == "http://org.example/error?error=E\nOAuth Error\nBlocked"


def test_it_gives_up_where_a_web_goes_round_in_circles() -> None:
    with browsing(lambda _request: moved("/again")) as profile:
        sight = walk("http://org.example/", WHO, CALLBACK, browser=profile)
    assert (sight.called_back, sight.status) == (False, 302)


def test_a_person_never_shows_the_password() -> None:
    assert "made up" not in repr(WHO)
