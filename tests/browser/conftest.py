"""A real browser for the console's pages: Chromium from the system, driven by Playwright.

What every page must keep is checked by the fixtures and needs no line in a test: no error on the
console (a broken Content-Security-Policy shows there), no uncaught exception, and no request that
leaves loopback.  Without Chromium the tests are skipped, loudly; under `CI=true` they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from sight import Look, Watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = Path(__file__).parents[2] / ".cache" / "screenshots"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    # No name resolves but our own: a page that asks for another host fails to load it.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def _missing(what: str) -> NoReturn:
    told = f"{what} is missing: `make test` installs it, and so does `apt-get install chromium`"
    if os.environ.get("CI") == "true":
        pytest.fail(told)
    pytest.skip(told)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started once a module.

    NOTE: not once a run: while Playwright is up, its event loop counts as running in this thread,
    and tests of other rooms could not start their own.
    """
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        _missing("Chromium")
    if find_spec("playwright") is None:
        _missing("Playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(ARGS))
        yield started
        started.close()


@pytest.fixture
def look(request: pytest.FixtureRequest) -> Look:
    """How the page is seen; a desk in daylight unless a test is parametrised with LOOKS."""
    return request.param if hasattr(request, "param") else Look()


@pytest.fixture
def watch() -> Watch:
    """What goes wrong in the page; a test that expects an error says so with `watch.allow`."""
    return Watch()


@pytest.fixture
def page(browser: Browser, look: Look, watch: Watch) -> Iterator[Page]:
    """A page in a fresh profile; at the end nothing may have gone wrong in it."""
    context = browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme=look.scheme,
        java_script_enabled=look.script,
        reduced_motion="reduce",
        locale="en-US",
        timezone_id="UTC",
    )
    context.set_default_timeout(10_000)
    context.on("console", watch.console)
    context.on("weberror", lambda trouble: watch.exception(trouble.error))
    context.on("request", watch.request)
    yield context.new_page()
    context.close()
    assert not watch.left(), "\n".join(watch.left())


@pytest.fixture
def axe() -> Callable[[Page], None]:
    """Asserts that axe-core finds nothing wrong with a page (WCAG 2.2 AA and best practice)."""
    from axe import violations

    def check(page: Page) -> None:
        found = violations(page)
        assert not found, "\n".join(found)

    return check


@pytest.fixture
def screenshot(look: Look) -> Callable[[Page, str], Path]:
    """Keeps a picture of the whole page in `.cache/screenshots`, named after page and look."""

    def take(page: Page, name: str) -> Path:
        path = PICTURES / f"{name}-{look}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path, full_page=True)
        return path

    return take
