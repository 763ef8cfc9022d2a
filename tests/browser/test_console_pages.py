"""Integrations and the doctor in a real browser: edited, examined, and looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console_kit import Desk, desk_fixture  # noqa: F401 (a fixture)
from crowd_kit import EVIL
from evergrant import keeper as verbs
from keeper_kit import BROWSER_APP, org_fixture  # noqa: F401 (a fixture)
from sight import LOOKS, Look, Watch
from web_kit import web_fixture  # noqa: F401 (a fixture)

SEEN = (LOOKS[0], LOOKS[3])
BARE = Look(360, 800, script=False)


@pytest.mark.parametrize("look", SEEN, ids=str, indirect=True)
def test_an_integration_is_described_until_nothing_is_missing(desk: Desk) -> None:
    page, web = desk.page, desk.web
    page.goto(f"{web.url}/integrations")
    desk.seen("integrations-empty")
    connection = web.ground.connected()
    page.get_by_role("link", name="Add an integration").first.click()
    desk.seen("integration-new")
    page.goto(f"{web.url}/integrations")
    desk.seen("integrations")
    page.get_by_role("link", name="Orbit Sync").first.click()
    desk.wait("Before the first customer")
    page.get_by_text("Add a need").click()
    page.get_by_label("API name").fill("Lead")
    page.get_by_role("button", name="Add the need").click()
    desk.wait("Object Lead")
    page.get_by_text("Add a step inside the org").click()
    page.get_by_label("Short name").fill("outbound")
    page.get_by_label("What somebody does").fill("Connect outbound on the package’s page")
    page.get_by_role("button", name="Add the step").click()
    page.get_by_label("When support answers").fill("Monday to Friday, 9 to 17 CET")
    page.get_by_role("button", name="Save").click()
    desk.wait("Saved. Connections and their credentials were not touched.")
    desk.seen("integration")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Consumer secret", exact=False).first.fill("a-new-secret")
    page.get_by_label("Name").first.fill("")
    page.get_by_label("Name").first.fill("Orbit Sync for Sales")
    desk.seen("integration-edit")
    page.get_by_role("button", name="Save").click()
    desk.wait("Orbit Sync for Sales")
    known = verbs.described(web.ground.keeper, connection.integration)
    assert known.integration.app.consumer_secret
    assert known.integration.app.consumer_secret.reveal() == "a-new-secret"
    evil = replace(known.integration, name=EVIL * 2, app_label=EVIL * 3, support_contact=EVIL)
    with web.ground.keeper.writing() as tx:
        web.ground.keeper.vault.save_integration(tx, evil)
    page.reload()
    desk.seen("integration-hostile")


@pytest.mark.parametrize("look", [BARE], ids=str, indirect=True)
def test_without_script_an_examination_is_shown_by_reloading(desk: Desk) -> None:
    connection = desk.web.ground.connected()
    desk.page.goto(f"{desk.web.url}/connections/{connection.id}/doctor")
    desk.page.get_by_role("button", name="Examine now").click()
    desk.reloaded("Renewed, called, and proven:")


@pytest.mark.parametrize("look", SEEN, ids=str, indirect=True)
def test_a_connection_is_examined_while_one_watches(desk: Desk) -> None:
    page, web = desk.page, desk.web
    connection = web.ground.connected()
    web.ground.control.act("block_app", app=BROWSER_APP)
    desk.open()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Examine").click()
    desk.seen("doctor")
    page.get_by_role("button", name="Examine now").click()
    desk.wait("An admin blocked the app")
    desk.wait("Examine again")
    desk.seen("doctor-clear")
    assert page.get_by_text("Under way").count() == 0
    web.ground.control.act("unblock_app", app=BROWSER_APP)
    web.ground.reauthorized(connection)
    page.get_by_role("button", name="Examine again").click()
    desk.wait("Renewed, called, and proven:")
    desk.seen("doctor-works")


@pytest.mark.parametrize("look", SEEN, ids=str, indirect=True)
def test_a_question_of_the_doctor_is_answered_on_the_page(desk: Desk) -> None:
    page, web = desk.page, desk.web
    connection = web.ground.connected()
    told = '{"error":"invalid_grant"}'
    verbs.observe_text(web.ground.keeper, connection.id, told, flow="web_server", doing="renewing")
    verbs.pause(web.ground.keeper, connection.id)
    page.goto(f"{web.url}/connections/{connection.id}/doctor")
    page.get_by_role("button", name="Examine now").click()
    desk.wait("One question")
    desk.seen("doctor-asks")
    asked = page.locator("legend").inner_text()
    page.get_by_role("button", name="Answer").click()
    page.wait_for_load_state()
    assert page.locator("legend").count() == 0 or page.locator("legend").inner_text() != asked


@pytest.mark.parametrize("look", SEEN, ids=str, indirect=True)
def test_words_are_explained_on_pages_that_everybody_can_read(desk: Desk, watch: Watch) -> None:
    watch.allow("status of 404")  # the page that knows no such word
    for name, path in {
        "explain": "/explain",
        "explain-term": "/explain/term?q=invalid_grant",
        "explain-unknown": "/explain/term?q=invalid_grand",
        "explain-cause": "/explain/app-blocked-by-admin",
    }.items():
        desk.page.goto(desk.web.url + path)
        desk.seen(name)
