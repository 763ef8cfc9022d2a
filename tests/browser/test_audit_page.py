"""The audit's page in a real browser: on phone and desk, by keyboard, nothing fetched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from audit_kit import TODAY, sample
from evergrant.audit.forecast import forecast
from evergrant.audit.forecast_model import Situation
from evergrant.audit.model import Subject, Trait
from evergrant.audit.output.page import html
from evergrant.audit.output.picture import svg
from evergrant.audit.review import reviewed
from evergrant.audit.suppress import Suppression
from evergrant.catalog.rules import Point, Profile
from sight import SIZES

if TYPE_CHECKING:
    from playwright.sync_api import Page


def shown() -> str:
    """A page with a bit of everything."""
    profile = Profile("p", "Checklist", "What is asked.", (Point("One", ("full-scope",)),), ())
    held = [Suppression("SRC-07", "me@acme.example", "planned", TODAY, app="*")]
    review = reviewed(sample(), today=TODAY, suppressions=held, profile=profile)
    ends = Trait("app.certificate_ends", "2027-01-31")
    app = Subject("app", "Orbit", "apps", traits={ends.name: ends}, app="Orbit Sync")
    picture = svg(forecast(Situation(TODAY, (app,), review.report.findings)))
    return html(review, picture)


@pytest.mark.parametrize("look", SIZES, ids=str, indirect=True)
def test_the_page_can_be_read_by_everybody_closed_and_open(
    page: Page, axe: Callable[[Page], None], screenshot: Callable[[Page, str], Path]
) -> None:
    page.set_content(shown())
    axe(page)
    screenshot(page, "audit")
    for each in page.locator("summary").all():
        each.focus()
        page.keyboard.press("Enter")
    assert page.locator("details[open]").count() == page.locator("details").count() == 3
    axe(page)
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, "the page scrolls sideways"
    screenshot(page, "audit-open")
