"""The console in a real browser, against the emulated org: from connecting to proof of recovery."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console_kit import (  # noqa: F401 (two are fixtures)
    USAGE,
    Admin,
    Desk,
    admin_fixture,
    desk_fixture,
)
from evergrant import keeper as verbs
from evergrant.health import State
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from sight import LOOKS, SIZES, Look, Watch
from story import Story
from web_kit import web_fixture  # noqa: F401 (a fixture)


@pytest.mark.parametrize("look", LOOKS[1:3], ids=str, indirect=True)
def test_a_blocked_app_is_diagnosed_fixed_in_setup_reauthorized_and_proven(
    desk: Desk, admin: Admin, watch: Watch, story: Story
) -> None:
    """Journey and tutorial are one: what the tutorial says in bold is on the pages seen here."""
    page, web = desk.page, desk.web
    watch.allow("status of 404")  # the emulator has no icon
    web.ground.integration()
    # Connect.
    page.goto(web.url)
    desk.seen("home-empty")
    page.get_by_role("link", name="Connect an org").first.click()
    desk.seen("connect")
    story.told(page, "connect")
    page.get_by_label("What do you call this customer?").fill("Acme")
    page.get_by_role("button", name="Continue").click()
    desk.seen("flow-connect")
    story.told(page, "flow-connect")
    tab = desk.go()
    tab.get_by_text("Connected and proven").wait_for()
    desk.seen("flow-connected", tab)
    tab.close()
    desk.wait("Connected and proven")
    page.get_by_role("link", name="Finish").click()
    desk.wait("Finished.")
    desk.seen("connection-connected")
    story.told(page, "connection-connected")
    # The admin blocks the app on the Setup page; the console notices.
    admin.open(web.ground.org.url + USAGE)
    story.told(admin.page, "setup-block", "Block Orbit Sync")
    admin.press("Block Orbit Sync")
    page.get_by_role("button", name="Check now").click()
    desk.wait("An admin blocked the app")
    desk.seen("connection-blocked")
    story.told(page, "connection-blocked")
    page.goto(web.url)
    desk.seen("home-attention")
    desk.open()
    # The flow ends on Salesforce's own page; its address is pasted.
    desk.reauthorize()
    desk.seen("flow-choosing")
    story.told(page, "flow-choosing")
    tab = desk.go()
    story.told(tab, "salesforce-blocked")
    desk.wait("No callback came?")
    desk.seen("flow-waiting")
    story.told(page, "flow-waiting")
    assert "OAUTH_APP_BLOCKED" in tab.url
    desk.paste(tab)
    desk.wait("Fix what stands in the way")
    desk.seen("flow-stopped")
    story.told(page, "flow-stopped")
    assert page.get_by_text("app-blocked-by-admin").count() > 0
    # The fix link lands on that Setup page; the admin unblocks there.
    link = page.get_by_role("link", name="Open this page in Setup").first
    assert (link.get_attribute("target"), "noopener" in (link.get_attribute("rel") or "")) == (
        "_blank",
        True,
    )
    admin.open(link.get_attribute("href") or "")
    story.told(admin.page, "setup-unblock", "Unblock Orbit Sync")
    admin.press("Unblock Orbit Sync")
    # Reauthorize, and see the proof.
    tab = desk.go("Sign in again")
    tab.get_by_text("Reauthorized and proven").wait_for()
    tab.close()
    desk.wait("Reauthorized and proven")
    desk.seen("flow-done")
    story.told(page, "flow-done")
    connection = web.ground.now("Acme")
    assert connection.identity is not None
    assert page.get_by_text(connection.identity.org_id).count() > 0
    page.get_by_role("link", name="Finish").click()
    desk.wait("Closed by proof")
    desk.seen("connection-recovered")
    story.told(page, "connection-recovered")
    incident = web.ground.incidents(connection)[0]
    assert incident.closed_at is not None
    assert [each.proven for each in incident.proofs] == [True, True, True]
    story.ended(page)


def test_an_uninstalled_app_is_installed_in_setup_and_the_connection_is_proven_again(
    desk: Desk, admin: Admin
) -> None:
    page, web = desk.page, desk.web
    connection = web.ground.connected()
    admin.open(web.ground.org.url + USAGE)
    admin.press("Uninstall Orbit Sync")
    desk.open()
    desk.reauthorize()
    tab = desk.go()
    assert "RemoteAccessErrorPage" in tab.url
    desk.wait("No callback came?")
    desk.paste(tab)
    desk.wait("app-uninstalled-restricted")
    desk.seen("flow-uninstalled")
    admin.open(
        page.get_by_role("link", name="Open this page in Setup").first.get_attribute("href") or ""
    )
    admin.press("Install Orbit Sync")
    desk.finish("Sign in again")
    assert web.ground.now(connection.id).state is State.CONNECTED


def test_two_gates_in_a_row_are_passed_one_after_the_other(desk: Desk, admin: Admin) -> None:
    """Behind the block stands the missing permission set."""
    page, web = desk.page, desk.web
    connection = web.ground.connected()
    web.ground.control.act("set_app", app="orbit-sync", admin_approved=True)
    web.ground.control.act("block_app", app="orbit-sync")
    verbs.check(web.ground.keeper, connection.id)
    desk.open()
    desk.reauthorize()
    desk.wait("An admin blocked the app")
    tab = desk.go()
    desk.wait("No callback came?")
    desk.paste(tab)
    desk.wait("app-blocked-by-admin")
    admin.open(web.ground.org.url + USAGE)
    admin.press("Unblock Orbit Sync")
    tab = desk.go("Sign in again")
    assert "OAUTH_APP_ACCESS_DENIED" in tab.url
    desk.wait("Waiting for Salesforce")
    desk.paste(tab)
    desk.wait("user-not-preauthorized")
    desk.seen("flow-second-gate")
    link = page.get_by_role("link", name="Open this page in Setup").first.get_attribute("href")
    admin.open(link or "")
    admin.page.get_by_role("link", name="Orbit Sync", exact=True).click()
    admin.page.get_by_label("Permission Set", exact=True).select_option(label="Orbit Sync Access")
    admin.press("Add Permission Set")
    desk.finish("Sign in again")
    incident = web.ground.incidents(connection)[0]
    assert incident.closed_at is not None


def test_a_wrong_user_is_held_and_keeping_leads_to_the_right_one(desk: Desk) -> None:
    page, web = desk.page, desk.web
    connection = web.ground.connected()
    desk.open()
    desk.reauthorize()
    tab = desk.go(person="sam")
    tab.get_by_text("Another user came back").first.wait_for()
    tab.close()
    desk.wait("Another user came back")
    desk.seen("flow-held")
    page.goto(web.url)
    desk.seen("home-on-hold")
    desk.open()
    desk.seen("connection-on-hold")
    page.get_by_role("button", name="Decide").first.click()
    page.get_by_role("radio", name="Keep the one before").check()
    page.get_by_role("button", name="Go on").click()
    desk.wait("Where does the org sign in?")
    assert page.get_by_role("checkbox").is_checked(), "Salesforce is asked for a sign-in"
    desk.finish("Continue to Salesforce")
    assert web.ground.now(connection.id).identity == connection.identity


def test_the_back_button_a_double_click_and_a_second_tab_lose_nothing(
    desk: Desk, watch: Watch
) -> None:
    page, web = desk.page, desk.web
    watch.allow("status of 400")  # the callback of the older attempt
    web.ground.connected()
    desk.open()
    page.get_by_role("button", name="Reauthorize").first.dblclick()
    page.wait_for_url(re.compile("/flows/flow_"))
    flow = page.url
    page.go_back()
    desk.reauthorize()
    assert page.url == flow
    second = page.context.new_page()
    second.goto(flow)
    tab = desk.go()
    tab.get_by_text("Reauthorized and proven").wait_for()
    tab.go_back()
    for each in (page, second):
        each.get_by_text("Reauthorized and proven").first.wait_for()
    assert len(web.ground.history(web.ground.now("Acme"), "reauthorized")) == 1


def test_a_flow_outlives_the_operators_session(desk: Desk, watch: Watch) -> None:
    page, web = desk.page, desk.web
    watch.allow("status of 401")
    web.ground.connected()
    desk.open()
    desk.reauthorize()
    flow = page.url
    tab = desk.go(sign_in=False)
    desk.wait("Waiting for Salesforce")
    tab.close()
    verbs.sign_out(web.ground.keeper, desk.word())
    page.context.clear_cookies(name=re.compile("evergrant_flow"))
    page.wait_for_url(re.compile("/sign-in"))
    desk.wait("you come back to where you were")
    desk.seen("sign-in")
    desk.sign_in()
    assert page.url == flow
    desk.wait("Waiting for Salesforce")


@pytest.mark.parametrize("look", [Look(script=False)], ids=str, indirect=True)
def test_the_whole_way_works_without_script(desk: Desk) -> None:
    page, web = desk.page, desk.web
    web.ground.connected()
    web.ground.control.act("block_app", app="orbit-sync")
    desk.open()
    page.get_by_role("button", name="Check now").click()
    desk.wait("An admin blocked the app")
    desk.reauthorize()
    tab = desk.go()
    page.reload()
    desk.wait("No callback came?")
    tab.close()
    page.get_by_role("button", name="OAUTH_APP_BLOCKED").click()
    desk.wait("Press Unblock")
    web.ground.control.act("unblock_app", app="orbit-sync")
    tab = desk.go("Sign in again")
    page.goto(page.url)
    tab.get_by_role("link", name="Look again").or_(
        tab.get_by_text("Reauthorized and proven")
    ).first.wait_for()
    desk.reloaded("Reauthorized and proven")
    page.get_by_role("link", name="Finish").click()
    desk.wait("Closed by proof")


@pytest.mark.parametrize("look", SIZES, ids=str, indirect=True)
def test_every_other_page_is_accessible_and_fits_the_screen(desk: Desk, watch: Watch) -> None:
    page, web = desk.page, desk.web
    watch.allow("status of 40")  # the pages that say what did not work
    connection = web.ground.connected()
    address = f"{web.url}/connections/{connection.id}"
    made = web.post("/readings", text=DEAD).headers["location"]
    nothing = web.post("/readings", text="no word of it").headers["location"]
    for name, path in {
        "demo": f"{web.url}/demo",
        "reading": web.url + made,
        "reading-nothing": web.url + nothing,
        "remove": f"{address}/remove",
        "configure": f"{address}/configure",
        "not-found": f"{web.url}/nope",
        "callback-refused": f"{web.url}/callback/refused",
    }.items():
        page.goto(path)
        desk.seen(name)
    page.goto(address)
    page.get_by_text("More", exact=True).click()
    desk.seen("connection-menu")
    page.get_by_role("link", name="Configure").click()
    page.get_by_label("Name", exact=True).fill(" ")
    page.get_by_role("button", name="Save").click()
    desk.wait("needs a name")
    desk.seen("configure-refused")
    desk.open()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Pause").click()
    desk.wait("Paused.")
    desk.seen("connection-paused")
    desk.open()
    desk.page.goto(f"{web.url}/")
    desk.page.get_by_label("Paste an error").fill(DEAD)
    desk.page.get_by_role("button", name="Explain").click()
    desk.wait("What to do")


DEAD = '{"error":"invalid_grant","error_description":"expired access/refresh token"}'


def test_a_file_that_is_chosen_is_explained(desk: Desk, tmp_path: Path) -> None:
    page = desk.page
    log = tmp_path / "big.log"
    log.write_text("INFO nothing to tell\n" * 60_000 + DEAD)
    page.goto(desk.web.url)
    page.get_by_label("Or choose a file").set_input_files(log)
    page.get_by_role("button", name="Explain").click()
    desk.wait("What to do")
    desk.wait("The text is long")
