"""The guided flow in a real browser: gates told before, steps with pictures, needs, endings."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from console_kit import Admin, Desk, admin_fixture, desk_fixture  # noqa: F401 (two are fixtures)
from evergrant import keeper as verbs
from evergrant.health import State
from evergrant.store.expectations import Expectations, Requirement, Step
from keeper_kit import BROWSER_APP, org_fixture  # noqa: F401 (a fixture)
from sight import LOOKS, Look, Watch
from web_kit import Web, web_fixture  # noqa: F401 (a fixture)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NEEDS = Expectations(
    requires=(
        Requirement("object", "User", "read", why="names of owners"),
        Requirement("object", "PermissionSetAssignment", "read", why="who may use the app"),
        Requirement("field", "User.Email", "read", why="mail to owners", is_optional=True),
    ),
    steps=(Step("outbound", "Connect outbound on the package’s page", "Orbit Connections"),),
    sync_every_min=15,
    backfill_days=21,
    label_note="Orbit runs on an integration platform, whose name the app bears in Setup.",
)
"""What the user lacks at first is to see permission sets (View Setup and Configuration)."""


@pytest.mark.parametrize("look", LOOKS[1:3], ids=str, indirect=True)
def test_a_blocked_app_is_led_through_step_by_step_and_what_is_needed_is_checked(
    desk: Desk, admin: Admin
) -> None:
    page, web = desk.page, desk.web
    connection = web.ground.connected()
    verbs.expect(web.ground.keeper, connection.integration, NEEDS)
    web.ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(web.ground.keeper, connection.id)
    desk.open()
    desk.reauthorize()
    # What is known before the window opens; and the step as a page of its own.
    desk.wait("something stands in the way")
    desk.seen("guided-before")
    page.get_by_role("link", name="Step by step, with a picture").first.click()
    desk.wait("Press Unblock")
    picture = page.locator("figure img")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('figure img').naturalWidth > 0")
    desk.seen("guided-step")
    page.get_by_role("button", name="Check again").click()
    desk.wait("it does not work yet")
    desk.seen("guided-step-not-yet")
    admin.open(page.get_by_role("link", name="Open this page in Setup").get_attribute("href") or "")
    admin.press("Unblock Orbit Sync")
    page.get_by_role("link", name="Back", exact=True).click()
    # The sign-in; then each need, one by one.
    tab = desk.go()
    desk.wait("the integration cannot do its work yet")
    tab.close()
    desk.seen("guided-lacking")
    web.ground.control.act("set_profile", profile="Integration User",
                           permissions={"ViewSetup": True})  # fmt: skip
    page.get_by_role("button", name=re.compile("I did it")).click()
    desk.wait("Reauthorized and proven")
    desk.wait("within 15 minutes")
    desk.seen("guided-done")
    page.get_by_role("link", name="Finish").click()
    desk.wait("What the integration needs in this org")
    desk.seen("guided-connection")
    assert web.ground.now(connection.id).state is State.CONNECTED


def _wrong_key(web: Web) -> None:
    integration = web.ground.stage.integration(BROWSER_APP)
    wrong = replace(integration, app=replace(integration.app, consumer_key="3MVG9wrong"))
    with web.ground.keeper.writing() as tx:
        web.ground.keeper.vault.save_integration(tx, wrong)


def _other_callback(web: Web) -> None:
    web.ground.control.act("set_callbacks", app=BROWSER_APP, callbacks=["https://x.example/cb"])


def _blocked(web: Web) -> None:
    web.ground.control.act("block_app", app=BROWSER_APP)


def _uninstalled(web: Web) -> None:
    web.ground.control.act("uninstall_app", app=BROWSER_APP)


def _healed(web: Web) -> None:
    web.ground.integration()
    web.ground.control.act("unblock_app", app=BROWSER_APP)
    web.ground.control.act("install_app", app=BROWSER_APP)


@pytest.mark.parametrize(
    ("broken", "picture", "cause"),
    [
        (_blocked, "OAUTH_APP_BLOCKED", "app-blocked-by-admin"),
        (_uninstalled, "", "app-uninstalled-restricted"),
        (_wrong_key, "invalid_client_id", "wrong-consumer-key"),
        (_other_callback, "redirect_uri_mismatch", "redirect-uri-mismatch"),
    ],
    ids=["blocked", "uninstalled", "wrong key", "other callback"],
)
def test_when_no_callback_comes_what_was_seen_is_diagnosed_and_the_flow_goes_on(
    desk: Desk, watch: Watch, broken: Callable[[Web], None], picture: str, cause: str
) -> None:
    """By a picture where the page tells enough, else by its address."""
    watch.allow("status of 40")
    web, page = desk.web, desk.page
    connection = web.ground.connected()
    broken(web)
    desk.open()
    desk.reauthorize()
    tab = desk.go()
    desk.wait("No callback came?")
    if picture:
        tab.close()
        page.get_by_role("button", name=picture).click()
    else:
        desk.paste(tab)
    desk.wait(cause)
    _healed(web)
    desk.finish("Sign in again")
    assert web.ground.now(connection.id).state is State.CONNECTED


def test_a_browser_that_opens_no_window_is_led_there_in_this_one(desk: Desk) -> None:
    page, web = desk.page, desk.web
    web.ground.connected()
    page.add_init_script("window.open = () => null")
    desk.open()
    desk.reauthorize()
    page.get_by_role("button", name="Continue to Salesforce").click()
    desk.wait("This browser opened no window")
    desk.seen("guided-no-window")
    page.get_by_role("button", name="Go there in this window").click()
    page.wait_for_url(re.compile("/services/oauth2/authorize"))
    desk.sign_in_at_salesforce(page, "integration")
    page.wait_for_url(re.compile("/flows/flow_"))
    desk.wait("Reauthorized and proven")


def test_salesforce_opens_in_a_window_of_its_own_where_there_is_room(desk: Desk) -> None:
    desk.web.ground.connected()
    desk.open()
    desk.reauthorize()
    tab = desk.go(sign_in=False)
    assert tab.evaluate("innerWidth") < desk.look.width
    assert tab.evaluate("opener") is None, "Salesforce gets no hold on our page"
    tab.close()


def test_the_link_for_a_private_window_is_walked_elsewhere_and_this_page_goes_on(
    desk: Desk, browser: Browser
) -> None:
    page, web = desk.page, desk.web
    web.ground.connected()
    desk.open()
    desk.reauthorize()
    flow = page.url
    page.get_by_role("button", name="Link for a private window").click()
    link = page.locator("code", has_text="/start/").inner_text()
    desk.seen("guided-private-link")
    page.goto(flow)
    private = browser.new_context()
    theirs = private.new_page()
    theirs.goto(link.replace("http://127.0.0.1:9", web.url))
    desk.sign_in_at_salesforce(theirs, "integration")
    theirs.get_by_text("You can close this window").wait_for()
    private.close()
    desk.wait("Reauthorized and proven")


def test_a_cancelled_sign_in_that_comes_back_is_refused_and_can_be_begun_again(
    desk: Desk, watch: Watch
) -> None:
    watch.allow("status of 400")  # the page that says that it was not accepted
    page, web = desk.page, desk.web
    connection = web.ground.connected()
    before = web.ground.live(connection).id
    desk.open()
    desk.reauthorize()
    tab = desk.go(sign_in=False)
    desk.wait("Waiting for Salesforce")
    page.get_by_role("button", name="Cancel this sign-in").click()
    desk.wait("Cancelled.")
    desk.seen("guided-cancelled")
    desk.sign_in_at_salesforce(tab, "integration")
    tab.get_by_text("Nothing was changed").wait_for()
    assert web.ground.live(connection).id == before
    tab.close()
    desk.finish("Continue to Salesforce")


def test_the_banner_at_the_next_sign_in_leads_to_removing_connecting_anew_and_a_lasting_policy(
    desk: Desk, admin: Admin
) -> None:
    """Remove, connect again, see the Org ID; the refresh token policy is set as its step says."""
    page, web = desk.page, desk.web
    connection = web.ground.connected()
    web.ground.control.act("set_app", app=BROWSER_APP, refresh_policy="zero")
    web.ground.control.act("revoke_app", app=BROWSER_APP)
    verbs.check(web.ground.keeper, connection.id, renew=True)
    # The next sign-in shows it on the first page.
    desk.sign_in()
    desk.wait("Needs attention")
    desk.open()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Remove").click()
    desk.wait("Remove this connection?")
    page.get_by_role("button", name="Remove").click()
    desk.wait("Removed.")
    # Connected again: the policy lets it die at the first renewal, and the step tells where it is.
    page.get_by_role("link", name="Connect an org").first.click()
    page.get_by_label("What do you call this customer?").fill("Acme")
    page.get_by_role("button", name="Continue").click()
    tab = desk.go()
    desk.wait("Connected and proven")
    tab.close()
    page.get_by_role("link", name="Finish").click()
    fresh = web.ground.now("Acme")
    assert fresh.id != connection.id
    verbs.check(web.ground.keeper, fresh.id, renew=True)
    page.reload()
    # A text alone does not tell a policy from a revocation: the next in line is looked at as well.
    page.get_by_role("link", name="refresh tokens expire at once").click()
    desk.seen("guided-policy-step")
    admin.open(page.get_by_role("link", name="Open this page in Setup").get_attribute("href") or "")
    admin.page.get_by_role("link", name="Edit Orbit Sync", exact=True).click()
    admin.page.get_by_label("Refresh token is valid until revoked").check()
    admin.press("Save")
    page.get_by_role("link", name="Back", exact=True).click()
    desk.reauthorize()
    desk.finish("Continue to Salesforce")
    identity = web.ground.now("Acme").identity
    assert identity is not None
    assert page.get_by_text(f"Org ID {identity.org_id}").count() > 0
    assert verbs.check(web.ground.keeper, fresh.id, renew=True).failure is None


@pytest.mark.parametrize("look", [Look(script=False)], ids=str, indirect=True)
def test_the_guided_parts_work_without_script(desk: Desk) -> None:
    page, web = desk.page, desk.web
    connection = web.ground.connected()
    verbs.expect(web.ground.keeper, connection.integration, Expectations(steps=NEEDS.steps))
    desk.open()
    desk.reauthorize()
    page.get_by_role("button", name="Look at the org now").click()
    desk.wait("Looked at the org with the connection’s own token")
    tab = desk.go()
    tab.close()
    desk.reloaded("Reauthorized and proven")
    page.get_by_role("button", name=re.compile("I did it")).click()
    desk.wait("says so")
    page.get_by_role("link", name="Finish").click()
    assert page.locator("svg[role=img]").count() == 1


PACKAGE = "/lightning/n/orbit__Connections"
THREE = Expectations(
    requires=(Requirement("object", "User", "read", why="names of owners"),),
    steps=(
        Step("outbound", "Connect outbound on the package’s page", "Orbit Connections", PACKAGE),
        Step("organization", "Choose the Orbit organization", "Orbit Connections", PACKAGE),
    ),
    sync_every_min=15,
    proved_by_sync=True,
)


def test_three_parts_are_revalidated_in_order_and_a_sync_in_time_ends_the_incident(
    desk: Desk, admin: Admin
) -> None:
    """Inbound is the sign-in; outbound and the organization are steps inside the org."""
    page, web = desk.page, desk.web
    connection = web.ground.connected()
    verbs.expect(web.ground.keeper, connection.integration, THREE)
    web.ground.control.act("install_package")
    web.ground.control.act("revoke_app", app=BROWSER_APP)
    verbs.check(web.ground.keeper, connection.id, renew=True)
    desk.open()
    desk.reauthorize()
    desk.wait("In this order")
    tab = desk.go()
    tab.get_by_text("Reauthorized and proven").wait_for()
    tab.close()
    desk.wait("The incident stays open until that sync has succeeded")
    link = page.get_by_role("link", name="Open it in the org").first.get_attribute("href")
    admin.open(link or "")
    admin.press("Connect outbound")
    admin.page.get_by_label("Orbit account").select_option("ops@acme.example")
    admin.press("Allow")
    page.get_by_role("button", name="I did it: Connect outbound").click()
    desk.wait("says so")
    admin.page.get_by_label("Orbit organization").select_option("Acme Manufacturing")
    admin.press("Save Organization")
    page.get_by_role("button", name="I did it: Choose the Orbit organization").click()
    page.get_by_text("says so").nth(1).wait_for()
    desk.seen("guided-three-parts")
    assert web.ground.incident(connection) is not None
    # The integration works again: its own report closes the incident.
    verbs.report_sync(web.ground.keeper, connection.id, succeeded=True, records=42)
    page.get_by_role("link", name="Finish").click()
    desk.wait("A sync that succeeded")
    assert web.ground.incident(connection) is None
    # One that does not come within its interval is told of.
    web.ground.control.advance(timedelta(minutes=40))
    desk.reloaded("A sync is overdue")
    desk.seen("guided-sync-overdue")
