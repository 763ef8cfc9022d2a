"""A real browser for the console's pages: Chromium from the system, driven by Playwright.

What every page must keep is checked by the fixtures and needs no line in a test: no error on the
console (a broken Content-Security-Policy shows there), no uncaught exception, and no request that
leaves loopback.  Without Chromium the tests are skipped, loudly; under `CI=true` they fail.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

import chromium
from page_states import require_place
from sight import Look, Watch
from story import Story

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = Path(__file__).parents[2] / ".cache" / "screenshots"
TUTORIAL = "tutorial"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--tutorial FOLDER`: keep the tutorial's pictures there, and the one that moves."""
    parser.addoption("--tutorial", dest=TUTORIAL, default=None)


def _missing(what: str) -> NoReturn:
    told = f"{what} is missing: `make test` installs it (apt-get: chromium-headless-shell)"
    if os.environ.get("CI") == "true":
        pytest.fail(told)
    pytest.skip(told)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started once a module.

    NOTE: not once a run: while Playwright is up, its event loop counts as running in this thread,
    and tests of other rooms could not start their own.
    """
    if chromium.path() is None:
        _missing("Chromium")
    if find_spec("playwright") is None:
        _missing("Playwright")
    with chromium.started() as started:
        yield started


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
        color_scheme=look.schemes[0],
        java_script_enabled=look.script,
        reduced_motion="reduce",
        locale="en-US",
        timezone_id="UTC",
    )
    context.set_default_timeout(60_000)
    context.on("console", watch.console)
    context.on("weberror", lambda trouble: watch.exception(trouble.error))
    context.on("request", watch.request)
    yield context.new_page()
    context.close()
    assert not watch.left(), "\n".join(watch.left())


@pytest.fixture
def axe(look: Look) -> Callable[[Page], None]:
    """Asserts that axe-core finds nothing wrong with a page (WCAG 2.2 AA and best practice)."""
    from axe import violations

    def check(page: Page) -> None:
        for scheme in reversed(look.schemes):  # the one in which it was opened is left standing
            if len(look.schemes) > 1:
                page.emulate_media(color_scheme=scheme)
            found = violations(page)
            assert not found, "\n".join([f"seen in {scheme}:", *found])

    return check


@pytest.fixture
def screenshot(look: Look) -> Callable[[Page, str], None]:
    """Keeps a picture of the whole page in `.cache/screenshots`, named after page and look.

    Only where EVERGRANT_PICTURES is set: they are for people to look at, and no test reads them.
    Else it waits until the page stands.
    """

    def take(page: Page, name: str) -> None:
        page.wait_for_load_state()
        require_place(name, page.url)
        if os.environ.get("EVERGRANT_PICTURES"):
            page.screenshot(path=PICTURES / f"{name}-{look}.png", full_page=True)

    return take


@pytest.fixture
def story(request: pytest.FixtureRequest, look: Look) -> Story:
    """The tutorial, while a test plays it; its pictures are taken as they are seen at a desk."""
    folder = request.config.getoption(TUTORIAL, None)
    return Story(Path(folder) if folder and look == Look() else None)
