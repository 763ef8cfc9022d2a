"""A reconnect link in the hands of a customer: another browser profile, no account, to proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evergrant import keeper as verbs
from evergrant.health import State
from keeper_kit import BROWSER_APP, org_fixture  # noqa: F401 (a fixture)
from link_kit import link_for, logo
from sight import Look, Watch
from web_kit import Web, web_fixture  # noqa: F401 (a fixture)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

AxeCheck = Callable[["Page"], None]
Picture = Callable[["Page", str], Path]
SIZES = (Look(360, 800), Look(1440, 900, "dark"))


@dataclass(frozen=True, slots=True)
class Admin:
    """The admin of a customer's org, in a browser of their own."""

    web: Web
    page: Page
    look: Look
    axe: AxeCheck
    screenshot: Picture

    def seen(self, name: str, page: Page | None = None) -> None:
        """Photograph a page; it must be accessible and fit the screen."""
        at = page or self.page
        self.screenshot(at, name)
        assert at.evaluate("document.documentElement.scrollWidth") <= self.look.width, name
        self.axe(at)

    def go(self, label: str, person: str = "integration") -> Page:
        """Leave for Salesforce in a new tab and sign in there; the tab, where it ended."""
        with self.page.context.expect_page() as opened:
            self.page.get_by_role("button", name=label).first.click()
        tab = opened.value
        tab.wait_for_url(lambda url: "/services/oauth2/" in url or "RemoteAccess" in url)
        if "authorize" in tab.url:
            self.sign_in(tab, person)
        return tab

    def sign_in(self, tab: Page, person: str) -> None:
        """Sign in to Salesforce, and allow what it asks."""
        who = self.web.ground.stage.person(person)
        tab.get_by_label("Username").fill(who.username)
        tab.get_by_label("Password").fill(who.password)
        tab.get_by_role("button", name="Log In").click()
        tab.wait_for_load_state()
        allow = tab.get_by_role("button", name="Allow")
        if allow.count():
            allow.click()
            tab.wait_for_load_state()

    def setup(self, address: str, button: str) -> None:
        """Open a page of Setup as the org's admin, and press a button there."""
        tab = self.page.context.new_page()
        tab.goto(address)
        if tab.get_by_label("Password").count():
            self.sign_in(tab, "admin")
        tab.get_by_role("button", name=button, exact=True).click()
        tab.wait_for_load_state()
        tab.close()

    def wait(self, text: str) -> None:
        """Wait until the page says something."""
        self.page.get_by_text(text).first.wait_for()


@pytest.fixture
def language() -> str:
    """What the customer's browser speaks."""
    return "en-US"


@pytest.fixture
def customer(
    browser: Browser,
    web: Web,
    look: Look,
    watch: Watch,
    axe: AxeCheck,
    screenshot: Picture,
    language: str,
) -> Iterator[Admin]:
    """A customer's admin: a fresh profile, in which nobody ever signed in to the console."""
    context: BrowserContext = browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme=look.schemes[0],
        java_script_enabled=look.script,
        reduced_motion="reduce",
        locale=language,
        timezone_id="UTC",
    )
    context.set_default_timeout(60_000)
    context.on("console", watch.console)
    context.on("weberror", lambda trouble: watch.exception(trouble.error))
    context.on("request", watch.request)
    watch.allow("status of 404")  # the emulator has no icon
    yield Admin(web, context.new_page(), look, axe, screenshot)
    context.close()
    assert not watch.left(), "\n".join(watch.left())


def broken(web: Web) -> str:
    """A connection whose app was blocked, of a vendor with colours of its own; its id."""
    connection = web.ground.connected("Acme & Söhne <GmbH>")
    verbs.brand(
        web.ground.keeper,
        connection.integration,
        name="Orbit",
        accent="#5b2bd9",
        ground="#24124f",
        logo=logo(),
    )
    web.ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(web.ground.keeper, connection.id)
    return connection.id


@pytest.mark.parametrize("look", SIZES, ids=str, indirect=True)
def test_a_customers_admin_renews_a_blocked_connection_to_its_proof(
    web: Web, customer: Admin, watch: Watch
) -> None:
    watch.allow("status of 410")  # the link after its use
    watch.allow("status of 401")
    connection, page = broken(web), customer.page
    address = link_for(web, connection)
    page.goto(address)
    assert address.rsplit("/", 1)[1] not in page.url
    customer.wait("Why this is needed")
    colour = page.locator(".slds-button_brand").first.evaluate(
        "each => getComputedStyle(each).backgroundColor"
    )
    assert colour == "rgb(91, 43, 217)"
    assert page.locator(".eg-vendor img").evaluate("each => each.naturalWidth") == 32
    customer.seen("link-choosing")
    # Salesforce's own page says no, and the page that was left open takes in what it said.
    tab = customer.go("Continue to Salesforce")
    assert "OAUTH_APP_BLOCKED" in tab.url
    tab.close()
    customer.wait("Did Salesforce not lead you back?")
    customer.seen("link-waiting")
    page.get_by_role("button", name="OAUTH_APP_BLOCKED").click()
    customer.wait("This sign-in did not work")
    customer.seen("link-stopped")
    setup = page.get_by_role("link", name="Open this page in Setup").first.get_attribute("href")
    customer.setup(setup or "", "Unblock Orbit Sync")
    # Another user comes back, and is not taken without a choice.
    customer.go("Sign in again", "sam").close()
    customer.wait("Another user came back")
    customer.seen("link-held")
    page.get_by_role("radio", name="Keep the one before").check()
    page.get_by_role("button", name="Go on").click()
    tab = customer.go("Continue to Salesforce")
    tab.get_by_text("Reconnected and proven").wait_for()
    tab.close()
    customer.wait("Reconnected and proven")
    customer.seen("link-done")
    assert web.ground.now(connection).state is State.CONNECTED
    with page.context.browser.new_context() as another:  # type: ignore[union-attr]
        fresh = another.new_page()
        fresh.goto(address)
        fresh.get_by_text("It was used").wait_for()
        fresh.set_viewport_size({"width": customer.look.width, "height": 800})
        customer.seen("link-used", fresh)


@pytest.mark.parametrize("language", ["ja-JP"])
@pytest.mark.parametrize("look", [Look(360, 800)], ids=str, indirect=True)
def test_a_japanese_browser_gets_every_page_in_japanese(
    web: Web, customer: Admin, language: str
) -> None:
    page = customer.page
    page.goto(link_for(web, broken(web)))
    customer.wait("必要な理由")
    assert page.locator("html").get_attribute("lang") == "ja"
    customer.seen("link-choosing-ja")
    customer.go("Salesforce に進む").close()
    customer.wait("Salesforce から戻ってこない場合")
    customer.seen("link-waiting-ja")
    page.get_by_role("button", name="OAUTH_APP_BLOCKED").click()
    customer.wait("このログインは成功しませんでした")
    customer.seen("link-stopped-ja")
    web.ground.control.act("unblock_app", app=BROWSER_APP)
    customer.go("もう一度ログインする").close()
    customer.wait("再接続し、確認しました")
    customer.seen("link-done-ja")


@pytest.mark.parametrize("look", [Look(script=False)], ids=str, indirect=True)
def test_the_link_is_walked_to_its_proof_without_script(web: Web, customer: Admin) -> None:
    page, connection = customer.page, web.ground.connected()
    page.goto(link_for(web, connection.id))
    customer.wait("There is nothing to do")
    tab = customer.go("Continue to Salesforce")
    for _ in range(40):
        if tab.get_by_text("Reconnected and proven").count():
            break
        tab.reload()
    assert tab.get_by_text("Reconnected and proven").count()
    page.reload()
    customer.wait("Reconnected and proven")


def test_a_link_that_is_none_says_so_and_nothing_more(
    web: Web, customer: Admin, watch: Watch
) -> None:
    customer.page.goto(f"{web.url}/r/nothing.at-all")
    customer.wait("This link cannot be used")
    customer.seen("link-unknown")


def test_the_operator_makes_a_link_from_the_connections_page(
    web: Web, page: Page, axe: AxeCheck, screenshot: Picture
) -> None:
    web.ground.connected()
    page.goto(verbs.invite(web.ground.keeper).reveal())
    page.get_by_role("link", name="Acme").first.click()
    page.locator("summary", has_text="More").click()
    page.get_by_role("link", name="Reconnect links").click()
    page.get_by_role("button", name="Make a link").click()
    page.get_by_text("A link was made").first.wait_for()
    screenshot(page, "links-made")
    axe(page)
    address = page.locator(".eg-copy__text").first.inner_text()
    assert address.startswith(f"{web.url}/r/")
    page.get_by_role("button", name="Revoke").click()
    page.get_by_text("Revoked", exact=True).wait_for()
    screenshot(page, "links-revoked")
    axe(page)


@pytest.mark.parametrize("look", SIZES, ids=str, indirect=True)
def test_the_log_of_deeds_and_the_viewers_page_fit_the_screen(
    web: Web, page: Page, look: Look, axe: AxeCheck, screenshot: Picture
) -> None:
    connection = web.ground.connected("Nordwind Logistik & Söhne")
    verbs.make_link(web.ground.keeper, connection.id)
    web.post(f"/connections/{connection.id}/pause")
    page.goto(verbs.invite(web.ground.keeper, role="viewer").reveal())
    page.get_by_role("link", name="Log", exact=True).click()
    page.get_by_role("heading", name="Who did what").wait_for()
    for name, address in (("log", "/log"), ("connection-viewer", f"/connections/{connection.id}")):
        page.goto(web.url + address)
        screenshot(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= look.width
        axe(page)
    # A viewer is offered no form that would be refused.
    assert not page.locator("main form[method=post]:visible").count()
