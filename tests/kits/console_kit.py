"""A person at the console in a real browser, and a Salesforce admin in another.

A test module imports `desk_fixture` and `admin_fixture` to have the fixtures `desk` and `admin`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from evergrant import keeper as verbs
from sight import Look
from web_kit import Web

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AxeCheck = Callable[["Page"], None]
Picture = Callable[["Page", str], None]
USAGE = "/lightning/setup/ConnectedAppsUsage/home"


@dataclass(frozen=True, slots=True)
class Desk:
    """A person at the console, with what checks and photographs each page on the way."""

    web: Web
    page: Page
    look: Look
    axe: AxeCheck
    screenshot: Picture

    def sign_in(self) -> None:
        """Open the link from the terminal."""
        self.page.goto(verbs.invite(self.web.ground.keeper).reveal())

    def seen(self, name: str, page: Page | None = None) -> None:
        """Photograph a page; it must be accessible and fit the screen."""
        at = page or self.page
        self.screenshot(at, name)
        assert at.evaluate("document.documentElement.scrollWidth") <= self.look.width, name
        self.axe(at)

    def open(self, name: str = "Acme") -> None:
        """Open a connection's page."""
        self.page.goto(self.web.url)
        self.page.get_by_role("link", name=name).first.click()

    def reauthorize(self) -> None:
        """Press the visible button."""
        self.page.get_by_role("button", name="Reauthorize").first.click()
        self.page.wait_for_url(re.compile("/flows/flow_"))

    def go(
        self,
        label: str = "Continue to Salesforce",
        person: str = "integration",
        *,
        sign_in: bool = True,
    ) -> Page:
        """Leave for Salesforce in a new tab and sign in there; the tab, where it ended."""
        if self.page.locator("#my_domain").input_value() == "":
            self.page.get_by_role("radio", name="My Domain").check()
            self.page.locator("#my_domain").fill(self.web.ground.org.url)
        with self.page.context.expect_page() as opened:
            self.page.get_by_role("button", name=label).click()
        tab = opened.value
        tab.wait_for_url(re.compile("/services/oauth2/authorize|RemoteAccessErrorPage"))
        if sign_in and "authorize" in tab.url:
            self.sign_in_at_salesforce(tab, person)
        return tab

    def sign_in_at_salesforce(self, tab: Page, person: str) -> None:
        """Sign in there as a user of the org, and allow the app where that is asked."""
        who = self.web.ground.stage.person(person)
        tab.get_by_label("Username").fill(who.username)
        tab.get_by_label("Password").fill(who.password)
        tab.get_by_role("button", name="Log In").click()
        tab.wait_for_load_state()
        allow = tab.get_by_role("button", name="Allow")
        if allow.count():
            allow.click()
            tab.wait_for_load_state()

    def finish(self, label: str) -> None:
        """One more attempt, which succeeds; the page that was left open shows the proof."""
        tab = self.go(label)
        tab.get_by_text("Reauthorized and proven").wait_for()
        tab.close()
        self.wait("Reauthorized and proven")

    def word(self) -> str:
        """What the session cookie holds."""
        cookies = self.page.context.cookies()
        return next(each["value"] for each in cookies if each["name"] == "evergrant_session")

    def reloaded(self, text: str) -> None:
        """Open the page anew until it says something, as a person without script does."""
        for _ in range(40):
            if self.page.get_by_text(text).count():
                return
            self.page.reload()
        raise AssertionError(f"the page never said {text!r}")

    def paste(self, tab: Page) -> None:
        """Copy the address of Salesforce's page, close it, and paste the address."""
        address = tab.url
        tab.close()
        self.page.get_by_label("The address or the text that Salesforce shows").fill(address)
        self.page.get_by_role("button", name="Tell me what it means").click()

    def wait(self, text: str) -> None:
        """Wait until the page says something."""
        self.page.get_by_text(text).first.wait_for()


@dataclass(frozen=True, slots=True)
class Admin:
    """A Salesforce admin, in a browser of their own."""

    page: Page
    web: Web

    def open(self, address: str) -> None:
        """Open a page of Setup, signing in where asked."""
        self.page.goto(address)
        if self.page.get_by_label("Password").count():
            who = self.web.ground.stage.person("admin")
            self.page.get_by_label("Username").fill(who.username)
            self.page.get_by_label("Password").fill(who.password)
            self.page.get_by_role("button", name="Log In").click()
            self.page.wait_for_load_state()

    def press(self, name: str) -> None:
        """Press a button of a page of Setup."""
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_load_state()


@pytest.fixture(name="desk")
def desk_fixture(web: Web, page: Page, look: Look, axe: AxeCheck, screenshot: Picture) -> Desk:
    """A person at the console, signed in."""
    person = Desk(web, page, look, axe, screenshot)
    person.sign_in()
    return person


@pytest.fixture(name="admin")
def admin_fixture(browser: Browser, web: Web) -> Iterator[Admin]:
    """A Salesforce admin."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    yield Admin(context.new_page(), web)
    context.close()
