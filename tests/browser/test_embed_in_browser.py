"""Evergrant's parts in a host's page, in Chromium: the example of `examples/host-app`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embed_kit import example, host_served
from evergrant import keeper as verbs
from keeper_kit import BROWSER_APP, org_fixture  # noqa: F401 (a fixture)
from sight import Look, Watch
from web_kit import Web, web_fixture  # noqa: F401 (a fixture)

if TYPE_CHECKING:
    from playwright.sync_api import Page

AxeCheck = Callable[["Page"], None]
Picture = Callable[["Page", str], Path]
BANNER = "evergrant-banner section"


@pytest.fixture
def connection(web: Web) -> str:
    """A connection whose app was blocked; its id."""
    made = web.ground.connected()
    web.ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(web.ground.keeper, made.id)
    return made.id


@pytest.fixture
def host(web: Web, connection: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The example, served beside the service; its origin."""
    monkeypatch.setenv("EVERGRANT", web.url)
    key, _ = verbs.create_key(web.ground.keeper, "host", of_connections=[connection])
    monkeypatch.setenv("EVERGRANT_KEY", key.reveal())
    monkeypatch.setenv("CONNECTION", connection)
    with host_served(example()) as origin:
        yield origin


def fits(page: Page, look: Look) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= look.width


@pytest.mark.parametrize("look", [Look(360, 800), Look(1440, 900, "dark")], ids=str, indirect=True)
def test_an_admin_reconnects_from_the_banner_which_then_goes_by_itself(
    web: Web, host: str, page: Page, look: Look, watch: Watch, axe: AxeCheck, screenshot: Picture
) -> None:
    watch.allow("status of 404")  # the emulator has no icon
    page.goto(f"{host}/as/ada")
    page.locator(BANNER).get_by_text("Orbit Sync is disconnected from Salesforce").wait_for()
    page.locator(BANNER).get_by_text("Cause: An admin blocked the app").wait_for()
    page.locator("evergrant-connect").get_by_text("Org ID").wait_for()
    screenshot(page, "embed-admin")
    fits(page, look)
    axe(page)
    with page.context.expect_page() as opened:
        page.locator(BANNER).get_by_role("button", name="Reconnect").click()
    tab = opened.value
    tab.get_by_text("What to do in Salesforce").wait_for()
    assert "/r/" not in tab.url
    assert tab.evaluate("window.opener") is None
    page.locator(BANNER).get_by_text("Go on in the tab that was opened").wait_for()
    web.ground.control.act("unblock_app", app=BROWSER_APP)
    with page.context.expect_page() as left:
        tab.get_by_role("button", name="Continue to Salesforce").click()
    salesforce, who = left.value, web.ground.stage.person()
    salesforce.get_by_label("Username").fill(who.username)
    salesforce.get_by_label("Password").fill(who.password)
    salesforce.get_by_role("button", name="Log In").click()
    salesforce.wait_for_load_state()
    if salesforce.get_by_role("button", name="Allow").count():
        salesforce.get_by_role("button", name="Allow").click()
    salesforce.get_by_text("Reconnected and proven").wait_for()
    page.bring_to_front()
    page.locator(BANNER).wait_for(state="detached")
    page.locator("evergrant-connect").get_by_text("is connected to Salesforce").wait_for()
    assert page.locator("evergrant-banner [role=status]").inner_text() == "Orbit Sync works again"
    screenshot(page, "embed-works")
    axe(page)


@pytest.mark.parametrize("look", [Look(360, 800, "dark"), Look()], ids=str, indirect=True)
def test_an_end_user_is_told_whom_to_ask_and_may_only_put_the_banner_aside(
    host: str, page: Page, look: Look, axe: AxeCheck, screenshot: Picture
) -> None:
    page.goto(f"{host}/as/uma")
    banner = page.locator(BANNER)
    banner.get_by_text("Who can repair this: Ada Admin (ada@customer.example)").wait_for()
    assert banner.get_by_role("button", name="Reconnect").count() == 0
    assert "00D" not in page.locator("evergrant-connect").inner_text()
    screenshot(page, "embed-end-user")
    fits(page, look)
    axe(page)
    banner.get_by_role("button", name="Remind me later").click()
    banner.get_by_role("button", name="Details").wait_for()
    assert banner.get_by_text("Who can repair this").count() == 0
    screenshot(page, "embed-put-aside")
    axe(page)
    # It stays aside on the next page, stays to be seen, and comes back when asked.
    page.reload()
    banner.get_by_role("button", name="Details").click()
    banner.get_by_text("Who can repair this").wait_for()


def test_the_parts_keep_to_the_hosts_policy_and_take_its_colours(host: str, page: Page) -> None:
    page.goto(f"{host}/as/ada")
    button = page.locator(BANNER).get_by_role("button", name="Reconnect")
    button.wait_for()
    look = "each => [getComputedStyle(each).backgroundColor, getComputedStyle(each).borderRadius]"
    assert button.evaluate(look) == ["rgb(91, 43, 217)", "12px"]


def test_a_host_that_cannot_mint_shows_no_banner_and_breaks_nothing(
    web: Web, host: str, page: Page, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.allow("status of 503")
    monkeypatch.setenv("EVERGRANT_KEY", "wrong")
    with page.expect_response(lambda answer: answer.status == 503):
        page.goto(f"{host}/as/ada")
    page.get_by_role("heading", name="Deals").wait_for()
    assert page.locator(BANNER).count() == 0
