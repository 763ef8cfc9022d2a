"""The first screen, a connection's page and its menu, readings, and hostile names and texts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from evergrant import keeper as verbs
from evergrant.drills.breaks import BREAKS
from evergrant.health import State
from evergrant.keeper import case_of
from evergrant.model import Secret
from evergrant.store.expectations import Expectations
from keeper_kit import BROWSER_APP, JWT_APP, org_fixture  # noqa: F401 (a fixture)
from web_kit import Web, web_fixture, words_of  # noqa: F401 (a fixture)

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}\u202e\x1b[31m"
CERTAIN = {
    "block": "app-blocked-by-admin",
    "uninstall": "app-uninstalled-restricted",
    "preauthorize": "user-not-preauthorized",
    "replay": "refresh-token-rotated-or-reused",
    "ip": "ip-restricted",
}
"""Entries of the menu whose cause the connection's own words settle."""
DEAD = '{"error":"invalid_grant","error_description":"expired access/refresh token"}'


def test_the_first_screen_has_the_box_what_needs_attention_and_the_connections(web: Web) -> None:
    web.ground.connected("Acme")
    broken = web.ground.connected("Globex")
    verbs.observe_text(
        web.ground.keeper, broken.id, "nothing known", flow="web_server", doing="test"
    )
    web.ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(web.ground.keeper, broken.id)
    page = web.get("/")
    words = words_of(page)
    assert words.index("Needs attention") < words.index("All connections")
    assert "What does this error mean?" in words
    attention = words[words.index("Needs attention") : words.index("What does this error mean?")]
    assert "Globex" in attention
    assert "Acme" not in attention
    assert attention.count("Reauthorize") == 1
    assert "An admin blocked the app" in attention


def test_a_connection_that_ends_soon_says_on_its_page_what_ends_and_what_helps(web: Web) -> None:
    connection, keeper = web.ground.connected("Acme", app=JWT_APP), web.ground.keeper
    tomorrow = (keeper.clock.now() + timedelta(days=1)).date().isoformat()
    verbs.expect(keeper, connection.integration, Expectations(certificate_ends=tomorrow))
    verbs.check(keeper, connection.id)
    page = words_of(web.get(f"/connections/{connection.id}"))
    assert "It works, and it will end soon" in page
    assert f"ends on {tomorrow}: register a new certificate in the app" in page


def test_a_pasted_error_is_explained_on_a_page_of_its_own(web: Web) -> None:
    answer = web.post("/readings", text=DEAD)
    assert answer.status_code == 303
    page = words_of(web.get(answer.headers["location"]))
    assert "expired access/refresh token" in page
    assert "Speaks for it" in page
    assert "What to do" in page


def test_pasted_login_history_is_read_as_rows_and_not_as_prose(web: Web) -> None:
    rows = (
        '"Username","Login Time","Source IP","Login Type","Status","Application"\n'
        '"int@acme.example","11/20/2026, 08:00:00 AM GMT","203.0.113.7","Remote Access 2.0",'
        '"Success","Orbit"\n'
        '"int@acme.example","11/21/2026, 08:00:00 AM GMT","203.0.113.7","Remote Access 2.0",'
        '"Failed: Not approved for access","Orbit"\n'
    )
    answer = web.post("/readings", text=rows)
    page = words_of(web.get(answer.headers["location"]))
    assert "user-not-preauthorized" in page
    assert "Not approved for access" in page


def test_a_pasted_error_about_a_connection_links_into_that_org_and_changes_no_state(
    web: Web,
) -> None:
    connection = web.ground.connected()
    answer = web.post("/readings", text="OAUTH_APP_BLOCKED", about=connection.id)
    page = web.get(answer.headers["location"])
    assert f'href="{web.ground.org.url}/lightning/setup/ConnectedAppsUsage/home"' in page.text
    assert web.ground.now(connection.id) == connection
    assert web.ground.incident(connection) is None


def test_a_word_that_fits_every_cause_is_given_no_advice(web: Web) -> None:
    answer = web.post("/readings", text='{"error":"invalid_grant"}')
    page = words_of(web.get(answer.headers["location"]))
    assert "No cause stands out yet" in page
    assert "Nothing is advised" in page


def test_a_text_in_which_nothing_is_known_says_what_to_paste(web: Web) -> None:
    answer = web.post("/readings", text="the quick brown fox")
    assert "Paste the whole answer" in words_of(web.get(answer.headers["location"]))


def test_nothing_pasted_is_asked_for_again(web: Web) -> None:
    answer = web.post("/readings", text=" \n")
    assert answer.status_code == 400
    assert "nothing to read" in words_of(answer)


def test_a_file_is_read_and_its_credentials_are_kept_nowhere(web: Web) -> None:
    secret = "5Aep861" + "xYz9" * 20
    log = f"POST /token refresh_token={secret}\n{DEAD}\n".encode()
    answer = web.browser.post(
        f"{web.url}/readings",
        data={"csrf": web.token(), "text": "", "about": ""},
        files={"file": ("app.log", log)},
        headers={"Origin": web.url},
    )
    assert answer.status_code == 303
    page = web.get(answer.headers["location"])
    assert "invalid_grant" in page.text
    assert secret not in page.text
    for path in web.ground.keeper.settings.data_dir.iterdir():
        assert secret.encode() not in path.read_bytes()


def test_script_in_a_pasted_text_is_shown_and_never_run(web: Web) -> None:
    answer = web.post("/readings", text=f"invalid_grant {EVIL} {DEAD}")
    page = web.get(answer.headers["location"])
    assert "<script>alert" not in page.text
    assert "onerror=alert(2)>" not in re.sub(r"&[#\w]+;", "", page.text)
    assert "\u202e" not in page.text
    assert "\x1b" not in page.text


def test_script_in_names_is_shown_and_never_run(web: Web) -> None:
    connection = web.ground.connected()
    keeper = web.ground.keeper
    verbs.configure(keeper, connection.id, name=EVIL, settings={EVIL[:90]: EVIL})
    integration = next(each for each in verbs.integrations_of(keeper))

    with keeper.writing() as tx:
        named = replace(integration, app_label=EVIL, app_owner=EVIL, name=EVIL)
        keeper.vault.save_integration(tx, named)
    flow = web.reauthorizing(connection.id)
    address = f"/connections/{connection.id}"
    for path in ("/", address, f"{address}/configure", f"{address}/remove", f"/flows/{flow}",
                 "/connections/new", "/demo"):  # fmt: skip
        page = web.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text, path
        assert "<img" not in page.text.replace('<img src="/static/icon.svg"', ""), path
        assert "\u202e" not in page.text, path
        assert "49" not in words_of(page).replace(web.url, "") or "{{7*7}}" in page.text, path


def test_a_connection_that_is_broken_shows_banner_evidence_steps_and_one_button(web: Web) -> None:
    connection = web.ground.connected()
    web.ground.control.act("block_app", app=BROWSER_APP)
    answer = web.post(f"/connections/{connection.id}/check")
    page = web.get(answer.headers["location"])
    words = words_of(page)
    for part in (
        "it does not work", "An admin blocked the app", "Speaks for it", "Speaks against it",
        "Not known", "The next gate", "Press Unblock", "Message for the Salesforce admin",
        "Activity", "Incident opened",
    ):  # fmt: skip
        assert part in words
    assert words.count(" Reauthorize ") - words.count("Reauthorize leads") <= 2
    assert page.text.count(">Reauthorize</button>") == 1


def test_pause_resume_and_remove_do_what_they_say_and_may_be_pressed_twice(web: Web) -> None:
    connection = web.ground.connected()
    address = f"/connections/{connection.id}"
    for verb, state in (("pause", State.PAUSED), ("resume", State.DEGRADED)):
        for _ in range(2):
            assert web.post(f"{address}/{verb}").status_code == 303
        assert web.ground.now(connection.id).state is state
    token = web.ground.live(connection).credential.refresh_token
    assert "cannot be undone" in words_of(web.get(f"{address}/remove"))
    assert web.ground.now(connection.id).state is not State.REMOVED, "looking removes nothing"
    for _ in range(2):
        assert web.post(f"{address}/remove").status_code == 303
    assert web.ground.now(connection.id).state is State.REMOVED
    assert not web.ground.is_live(token)
    assert connection.name not in words_of(web.get("/"))
    assert "Reauthorize" not in words_of(web.get(address))


def test_configuring_changes_name_and_settings_and_touches_no_credential(web: Web) -> None:
    connection = web.ground.connected()
    address, before = f"/connections/{connection.id}", web.ground.live(connection)
    given = {"name": " Acme Europe ", "new-name": "sync", "new-value": "hourly"}
    assert web.post(f"{address}/configure", **given).headers["location"].startswith(address)
    now = web.ground.now(connection.id)
    assert (now.name, dict(now.settings)) == ("Acme Europe", {"sync": "hourly"})
    emptied = {"name": "Acme Europe", "setting.sync": " "}
    web.post(f"{address}/configure", **emptied)
    assert dict(web.ground.now(connection.id).settings) == {}
    assert web.ground.live(connection).id == before.id
    assert "configured" in [each.kind for each in web.ground.history(now, "configured")]


@pytest.mark.parametrize("name", ["", "   ", "Globex", "x" * 201])
def test_a_name_that_cannot_be_is_refused_and_what_was_typed_stays(web: Web, name: str) -> None:
    web.ground.connected("Globex")
    connection = web.ground.connected("Acme")
    given = {"name": name, "new-name": "sync", "new-value": "hourly"}
    answer = web.post(f"/connections/{connection.id}/configure", **given)
    assert answer.status_code == 400
    assert 'value="hourly"' in answer.text
    assert web.ground.now(connection.id).name == "Acme"


def test_connecting_begins_a_flow_and_a_name_that_is_taken_is_refused(web: Web) -> None:
    web.ground.connected("Acme")
    given = {"integration": BROWSER_APP, "name": "Acme"}
    assert web.post("/connections", **given).status_code == 400
    answer = web.post("/connections", **(given | {"name": "Globex"}))
    flow = answer.headers["location"].removeprefix("/flows/")
    web.walked(flow)
    assert web.ended(flow)["status"] == "done"
    assert "Connected and proven" in words_of(web.get(f"/flows/{flow}"))
    assert web.ground.now("Globex").state is State.CONNECTED


def test_a_first_connect_that_salesforce_stops_is_diagnosed_as_well(web: Web) -> None:
    web.ground.integration()
    web.ground.control.act("block_app", app=BROWSER_APP)
    answer = web.post("/connections", integration=BROWSER_APP, name="Acme")
    flow = answer.headers["location"].removeprefix("/flows/")
    sight = web.walked(flow)
    web.post(f"/flows/{flow}/seen", text=sight.pasted())
    assert "An admin blocked the app" in words_of(web.get(f"/flows/{flow}"))


def test_where_no_browser_is_needed_it_is_reauthorized_at_once(web: Web) -> None:
    connection = web.ground.connected("Jay", app=JWT_APP)
    answer = web.post(f"/connections/{connection.id}/reauthorize")
    assert answer.headers["location"] == f"/connections/{connection.id}?told=reauthorized"


@pytest.mark.parametrize("each", [b.id for b in BREAKS if b.id != "heal"])
def test_every_entry_of_break_it_breaks_the_connection_and_is_named(web: Web, each: str) -> None:
    connection = web.ground.connected()
    assert web.post(f"/demo/{each}").status_code == 303
    now = web.ground.now(connection.id)
    assert now.state in (State.BLOCKED_BY_ADMIN, State.NEEDS_REAUTHORIZATION), now.state
    if each in CERTAIN:
        found = case_of(web.ground.keeper, now.id).diagnosis
        assert found is not None
        assert found.cause == CERTAIN[each]


def test_putting_the_org_right_lets_the_connection_be_reauthorized(web: Web) -> None:
    connection = web.ground.connected()
    web.post("/demo/block")
    web.post("/demo/heal")
    flow = web.reauthorizing(connection.id)
    web.walked(flow)
    assert web.ended(flow)["status"] == "done"


def test_the_made_up_people_are_shown_only_where_there_is_a_rehearsal(web: Web) -> None:
    assert "admin@acme.example" in words_of(web.get("/demo"))
    assert web.post("/demo/nonsense").status_code == 404


def test_a_note_that_is_not_ours_is_not_shown(web: Web) -> None:
    for told in ("checked", EVIL, "x" * 5000):
        page = web.get(f"/?told={told}" if told == "checked" else "/?told=%3Cscript%3E")
        assert ("Checked: the connection works" in page.text) == (told == "checked")
        assert "%3Cscript" not in page.text


def test_secrets_of_the_integration_stand_on_no_page(web: Web) -> None:
    connection = web.ground.connected()
    keeper = web.ground.keeper
    app = verbs.integrations_of(keeper)[0].app
    kept = web.ground.live(connection).credential
    secrets = [app.consumer_secret, kept.access_token, kept.refresh_token, Secret(web.key)]
    address = f"/connections/{connection.id}"
    for path in ("/", address, f"{address}/configure", "/connections/new", "/demo"):
        text = web.get(path).text
        assert all(each and each.reveal() not in text for each in secrets)


def test_after_breaking_it_the_person_is_where_the_menu_was_and_nowhere_else(web: Web) -> None:
    connection = web.ground.connected()
    page = web.get(f"/connections/{connection.id}").text
    action = f"/demo/block?back=/connections/{connection.id}"
    assert f'action="{action}"' in page
    assert web.post(action).headers["location"] == f"/connections/{connection.id}?told=broken"
    assert web.post("/demo/heal?back=https://evil.example").headers["location"] == "/?told=healed"
