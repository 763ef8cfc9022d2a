"""What a page and all that it loads weigh on the wire, and what is compressed."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx2
import pytest

from every_page import ELSE, NOWHERE, laid_out, routes
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from web_kit import Web, web_fixture  # noqa: F401 (a fixture)

MOST = 100_000
"""Bytes of a page's first visit: the document and everything that it names."""
ENOUGH = 600
"""Connections: more than any page shows at once, so that more would not weigh more."""
GZIP = {"Accept-Encoding": "gzip"}


class Named(HTMLParser):
    """What a page loads: styles, scripts and pictures."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.paths: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        where = {"link": "href", "script": "src", "img": "src"}.get(tag)
        path = dict(attrs).get(where or "")
        if path and path.startswith("/"):
            self.paths.add(path)


class Scales:
    """Weighs pages; what several of them load is fetched once."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.loaded: dict[str, int] = {}

    def weigh(self, browser: httpx2.Client, path: str) -> tuple[int, str]:
        """Bytes of a page's first visit, and what its document came encoded as."""
        answer = browser.get(self.web.url + path, headers=GZIP, follow_redirects=True)
        assert answer.headers["content-type"].startswith("text/html"), path
        own = sum(self._file(browser, each) for each in Named(answer.text).paths)
        return answer.num_bytes_downloaded + own, answer.headers.get("content-encoding", "")

    def _file(self, browser: httpx2.Client, path: str) -> int:
        if path not in self.loaded:
            answer = browser.get(self.web.url + path, headers=GZIP)
            assert answer.status_code == 200, path
            self.loaded[path] = answer.num_bytes_downloaded
        return self.loaded[path]


def test_every_page_weighs_less_than_a_hundred_kilobytes_and_its_document_is_not_compressed(
    web: Web,
) -> None:
    laid = laid_out(web, ENOUGH)
    assert set(laid.every) - {NOWHERE} == routes() - set(ELSE)
    scales = Scales(web)
    with httpx2.Client(timeout=60) as stranger:
        found = {
            route: scales.weigh(web.browser if route in laid.paths else stranger, path)
            for route, path in laid.every.items()
        }
    assert {route: size for route, (size, _) in found.items() if size > MOST} == {}
    assert {encoding for _, encoding in found.values()} == {""}


@pytest.mark.parametrize("path", ["/static/slds.css", "/static/htmx.min.js", "/embed/evergrant.js"])
def test_a_file_of_ours_is_sent_compressed_to_those_who_take_that(web: Web, path: str) -> None:
    small, whole = (
        httpx2.get(web.url + path, headers={"Accept-Encoding": taken})
        for taken in ("gzip", "identity")
    )
    assert small.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in whole.headers
    assert small.content == whole.content
    assert small.num_bytes_downloaded < whole.num_bytes_downloaded / 2
    assert "accept-encoding" in small.headers["vary"].lower()


def test_a_file_that_the_browser_has_already_is_not_sent_again(web: Web) -> None:
    first = httpx2.get(f"{web.url}/static/slds.css", headers=GZIP)
    again = httpx2.get(
        f"{web.url}/static/slds.css", headers={**GZIP, "If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
