"""The page with the box in a real browser, alone: pasted, explained, nothing sent."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs"))

paste: Any = import_module("generator.paste")
"""A page's generator is no package of ours."""

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m invalid_grant: expired access/refresh token"


@pytest.fixture(scope="module", name="served")
def served_fixture() -> Iterator[tuple[str, list[str]]]:
    """The page on a port of loopback, and the paths that were asked for."""
    asked: list[str] = []
    body = paste.page().encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that the server calls
            asked.append(self.path)
            self.send_response(200 if self.path == "/" else 204)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            if self.path == "/":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is told."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", asked
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_a_pasted_error_is_explained_in_the_browser_alone(
    page: Page, served: tuple[str, list[str]], axe: Callable[[Page], None]
) -> None:
    url, asked = served
    page.goto(url)
    page.fill("#text", "OAUTH_APP_BLOCKED this app is blocked by admin")
    page.click("#explain")
    assert page.inner_text("#answer h2") == "Admin change"
    assert "app-blocked-by-admin" in page.inner_text("#answer")
    assert "Press Unblock" in page.inner_text("#answer")
    axe(page)
    assert set(asked) <= {"/", "/favicon.ico"}


@pytest.mark.slow
def test_hostile_text_stays_text(page: Page, served: tuple[str, list[str]]) -> None:
    page.goto(served[0])
    page.fill("#text", HOSTILE)
    page.click("#explain")
    assert "onerror" in page.inner_text("#answer")
    assert page.locator("#answer img").count() == 0
    assert "\x1b" not in page.inner_text("#answer")


@pytest.mark.slow
def test_a_secret_is_masked_before_it_is_shown(page: Page, served: tuple[str, list[str]]) -> None:
    page.goto(served[0])
    page.fill("#text", "refresh_token=5Aep861abcdefghijklmnopqrstuvwx invalid_grant: inactive user")
    page.click("#explain")
    assert "invalid_grant" in page.inner_text("#answer")
    assert "5Aep861" not in page.inner_text("#answer")
