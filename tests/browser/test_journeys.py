"""The console in a real browser, against the emulated org: from connecting to proof of recovery."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sight import LOOKS, Look, Watch

from evergrant import keeper as verbs
from evergrant.health import State
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from web_kit import Web, web_fixture  # noqa: F401 (a fixture)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AxeCheck = Callable[["Page"], None]
Picture = Callable[["Page", str], Path]


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

    def go(self, label: str = "Continue to Salesforce", person: str = "integration") -> Page:
        """Leave for Salesforce in a new tab and sign in there; the tab, where it ended."""
        if self.page.locator("#my_domain").input_value() == "":
            self.page.get_by_role("radio", name="My Domain").check()
            self.page.locator("#my_domain").fill(self.web.ground.org.url)
        with self.page.context.expect_page() as opened:
            self.page.get_by_role("button", name=label).click()
        tab = opened.value
        tab.wait_for_url(re.compile("/services/oauth2/authorize|RemoteAccessErrorPage"))
        if "authorize" in tab.url:
            self._sign_in_at_salesforce(tab, person)
        return tab

    def _sign_in_at_salesforce(self, tab: Page, person: str) -> None:
        who = self.web.ground.stage.person(person)
        tab.get_by_label("Username").fill(who.username)
        tab.get_by_label("Password").fill(who.password)
        tab.get_by_role("button", name="Log In").click()
        tab.wait_for_load_state()
        allow = tab.get_by_role("button", name="Allow")
        if allow.count():
            allow.click()
            tab.wait_for_load_state()

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


@pytest.fixture
def desk(web: Web, page: Page, look: Look, axe: AxeCheck, screenshot: Picture) -> Desk:
    """A person at the console, signed in."""
    person = Desk(web, page, look, axe, screenshot)
    person.sign_in()
    return person


@pytest.fixture
def admin(browser: Browser, web: Web) -> Iterator[Admin]:
    """A Salesforce admin."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(10_000)
    yield Admin(context.new_page(), web)
    context.close()


USAGE = "/lightning/setup/ConnectedAppsUsage/home"


@pytest.mark.parametrize("look", LOOKS, ids=str, indirect=True)
def test_a_blocked_app_is_diagnosed_fixed_in_setup_reauthorized_and_proven(
    desk: Desk, admin: Admin, watch: Watch
) -> None:
    page, web = desk.page, desk.web
    watch.allow("status of 404")  # the emulator has no icon
    web.ground.integration()
    # Connect.
    page.goto(web.url)
    desk.seen("home-empty")
    page.get_by_role("link", name="Connect an org").first.click()
    desk.seen("connect")
    page.get_by_label("What do you call this customer?").fill("Acme")
    page.get_by_role("button", name="Continue").click()
    desk.seen("flow-connect")
    tab = desk.go()
    tab.get_by_text("Connected and proven").wait_for()
    desk.seen("flow-connected", tab)
    tab.close()
    desk.wait("Connected and proven")
    page.get_by_role("link", name="Finish").click()
    desk.wait("Finished.")
    desk.seen("connection-connected")
    # The admin blocks the app on the Setup page; the console notices.
    admin.open(web.ground.org.url + USAGE)
    admin.press("Block Orbit Sync")
    page.get_by_role("button", name="Check now").click()
    desk.wait("An admin blocked the app")
    desk.seen("connection-blocked")
    page.goto(web.url)
    desk.seen("home-attention")
    desk.open()
    # The flow ends on Salesforce's own page; its address is pasted.
    desk.reauthorize()
    desk.seen("flow-choosing")
    tab = desk.go()
    desk.wait("No callback came?")
    desk.seen("flow-waiting")
    assert "OAUTH_APP_BLOCKED" in tab.url
    desk.paste(tab)
    desk.wait("Fix what stands in the way")
    desk.seen("flow-stopped")
    assert page.get_by_text("app-blocked-by-admin").count() > 0
    # The fix link lands on that Setup page; the admin unblocks there.
    link = page.get_by_role("link", name="Open this page in Setup").first
    assert (link.get_attribute("target"), "noopener" in (link.get_attribute("rel") or "")) == (
        "_blank",
        True,
    )
    admin.open(link.get_attribute("href") or "")
    admin.press("Unblock Orbit Sync")
    # Reauthorize, and see the proof.
    tab = desk.go("Sign in again")
    tab.get_by_text("Reauthorized and proven").wait_for()
    tab.close()
    desk.wait("Reauthorized and proven")
    desk.seen("flow-done")
    connection = web.ground.now("Acme")
    assert connection.identity is not None
    assert page.get_by_text(connection.identity.org_id).count() > 0
    page.get_by_role("link", name="Finish").click()
    desk.wait("Closed by proof")
    desk.seen("connection-recovered")
    incident = web.ground.incidents(connection)[0]
    assert incident.closed_at is not None
    assert [each.proven for each in incident.proofs] == [True, True, True]
