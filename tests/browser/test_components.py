"""The console's look in a real browser: every component, in every state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import gallery
from axe import violations
from sight import SIZES, Look, Watch

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

NO_CLIPBOARD = "navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'))"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the style guide is served."""
    with gallery.serving() as url:
        yield url


@pytest.mark.parametrize("look", SIZES, ids=str, indirect=True)
def test_every_component_is_accessible_and_fits_the_screen(
    page: Page,
    look: Look,
    address: str,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], Path],
) -> None:
    page.goto(address)
    screenshot(page, "components")
    axe(page)
    page.locator("summary").click()
    screenshot(page, "menu")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= look.width


@pytest.mark.parametrize("look", [Look(script=False)], ids=str, indirect=True)
def test_the_menu_and_its_forms_work_without_script(page: Page, address: str) -> None:
    page.goto(address)
    assert page.get_by_role("button", name="Copy").count() == 0
    page.locator("summary").click()
    page.get_by_role("button", name="Pause").click()
    assert page.locator("p").inner_text() == "POST csrf"


def test_escape_closes_the_menu_and_gives_the_focus_back(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("summary").click()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Configure"
    page.keyboard.press("Escape")
    assert not page.locator("details").evaluate("menu => menu.open")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_click_elsewhere_closes_the_menu(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("summary").click()
    page.locator("h1").click()
    assert not page.locator("details").evaluate("menu => menu.open")


def test_the_first_key_offers_to_skip_to_the_content(page: Page, address: str) -> None:
    page.goto(address)
    page.keyboard.press("Tab")
    assert page.locator(".eg-skip").evaluate("link => link.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_what_is_focused_by_keyboard_shows_a_ring(page: Page, address: str) -> None:
    page.goto(address)
    ringless = "getComputedStyle(document.activeElement).boxShadow === 'none'"
    for _ in range(30):
        page.keyboard.press("Tab")
        assert not page.evaluate(ringless), page.evaluate("document.activeElement.outerHTML")


def test_copying_takes_the_whole_text_and_says_so(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address)
    page.get_by_role("button", name="Copy").click()
    page.locator(".eg-copy [role=status]", has_text=re.compile("^Copied$")).wait_for()
    shown = page.locator(".eg-copy code").inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == shown


def test_where_copying_is_not_allowed_the_text_is_selected(page: Page, address: str) -> None:
    page.add_init_script(NO_CLIPBOARD)
    page.goto(address)
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("Selected: press Ctrl+C").wait_for()
    assert page.evaluate("getSelection().toString()") == page.locator(".eg-copy code").inner_text()


def test_htmx_swaps_a_fragment_in_under_the_policy(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Load with htmx").click()
    page.locator("#live").get_by_role("button", name="Copy word").click()
    page.locator("#live [role=status]", has_text="ed").wait_for()


def test_htmx_adds_no_style_of_its_own(page: Page, address: str) -> None:
    page.goto(address)
    assert page.evaluate("document.adoptedStyleSheets.length + document.styleSheets.length") == 3


def test_the_harness_notices_inline_script_and_addresses_elsewhere(
    page: Page, watch: Watch, address: str
) -> None:
    page.goto(f"{address}/faulty")
    assert page.title() == "Faulty"
    told = " ".join(watch.left())
    assert "inline script" in told
    assert "http://elsewhere.example/p.png" in told
    watch.allow("")


def test_axe_finds_a_field_without_a_label(page: Page, watch: Watch, address: str) -> None:
    watch.allow("")
    page.goto(f"{address}/faulty")
    assert any(line.startswith("label (critical)") for line in violations(page))
