"""The console's look: every component, in every state, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import gallery
import pytest
from conftest import LOOKS, Look, Watch

from evergrant.health import State

if TYPE_CHECKING:
    from playwright.sync_api import Page

WEB = gallery.WEB
SHEETS = ("slds.css", "console.css", "components.css")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the style guide is served."""
    with gallery.serving() as url:
        yield url


@pytest.mark.parametrize("look", LOOKS, ids=str, indirect=True)
def test_every_component_is_accessible_and_fits_the_screen(
    page: Page,
    look: Look,
    address: str,
    axe: Callable[[Page], None],
    screenshot: Callable[[Page, str], Path],
) -> None:
    page.goto(address)
    screenshot(page, "components")
    assert page.evaluate("document.documentElement.scrollWidth") <= look.width
    axe(page)
    page.locator("summary").click()
    screenshot(page, "menu")
    axe(page)
