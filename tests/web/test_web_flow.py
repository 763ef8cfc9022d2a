"""The reauthorization flow over HTTP: attempts, what was seen, holds, proof, and bad manners."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest

from evergrant import keeper as verbs
from evergrant.health import State
from evergrant.store import flows
from evergrant.testing.robot import walk
from evergrant.web.flow_view import steps_of, version_of, view_of
from evergrant.web.pictures import PICTURES
from keeper_kit import BROWSER_APP, USERINFO, org_fixture  # noqa: F401 (a fixture)
from web_kit import CSRF, Web, web_fixture, words_of  # noqa: F401 (a fixture)


def page_of(web: Web, flow: str) -> str:
    """What the page of a flow says."""
    return words_of(web.get(f"/flows/{flow}"))


def test_reauthorizing_in_place_ends_with_the_org_id_and_unchanged_settings(web: Web) -> None:
    connection = web.ground.connected()
    verbs.configure(
        web.ground.keeper, connection.id, name="Acme", settings={"sync": "every 15 minutes"}
    )
    flow = web.reauthorizing(connection.id)
    assert web.walked(flow).called_back
    assert web.ended(flow)["status"] == "done"
    page, now = page_of(web, flow), web.ground.now(connection.id)
    assert now.identity is not None
    assert f"Org ID {now.identity.org_id}" in page
    assert "Settings were not changed" in page
    assert (now.id, dict(now.settings)) == (connection.id, {"sync": "every 15 minutes"})


def test_pressing_reauthorize_twice_leads_to_the_same_flow(web: Web) -> None:
    connection = web.ground.connected()
    assert web.reauthorizing(connection.id) == web.reauthorizing(connection.id)


def test_a_flow_that_is_done_is_not_taken_up_again(web: Web) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    web.walked(flow)
    web.ended(flow)
    assert web.reauthorizing(connection.id) != flow


def test_the_flow_asks_for_a_sign_in_and_suggests_the_user_that_is_expected(web: Web) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    page = web.get(f"/flows/{flow}")
    assert connection.identity is not None
    assert f'value="{connection.identity.username}"' in page.text
    assert "checked" in page.text.split('name="force_login"')[1][:60]
    link = web.attempt(flow, force_login="yes", login_hint=connection.identity.username)
    target = httpx2.get(link, follow_redirects=False).headers["location"]
    assert "prompt=login" in target
    assert "login_hint=integration%40acme.example" in target


@pytest.mark.parametrize("picture", [each.id for each in PICTURES])
def test_every_picture_of_a_known_page_is_diagnosed(web: Web, picture: str) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    web.attempt(flow)
    assert web.post(f"/flows/{flow}/seen", picture=picture).status_code == 303
    page = page_of(web, flow)
    assert "What to do" in page
    assert "Illustration" in page


def test_the_words_of_salesforces_page_lead_to_the_cause_and_to_that_very_orgs_setup(
    web: Web,
) -> None:
    connection = web.ground.connected()
    web.ground.control.act("block_app", app=BROWSER_APP)
    flow = web.reauthorizing(connection.id)
    sight = web.walked(flow)
    assert not sight.called_back
    web.post(f"/flows/{flow}/seen", text=sight.pasted())
    answer = web.get(f"/flows/{flow}")
    assert "app-blocked-by-admin" in words_of(answer)
    link = f'href="{web.ground.org.url}/lightning/setup/ConnectedAppsUsage/home" target="_blank"'
    assert link in answer.text
    assert 'rel="noopener' in answer.text
    assert "very bottom" in words_of(answer)


def test_what_stopped_one_attempt_is_still_told_during_the_next(web: Web) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    web.attempt(flow)
    web.post(f"/flows/{flow}/seen", picture="blocked")
    httpx2.get(web.attempt(flow), follow_redirects=False)
    page = page_of(web, flow)
    assert "Waiting for Salesforce" in page
    assert "Press Unblock" in page


def test_a_flow_whose_time_is_over_still_takes_what_was_seen(web: Web) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    httpx2.get(web.attempt(flow), follow_redirects=False)
    web.ground.control.advance(timedelta(minutes=11))
    web.ended(flow)
    assert "time for the last sign-in is over" in page_of(web, flow)
    web.post(f"/flows/{flow}/seen", picture="blocked")
    assert "An admin blocked the app" in page_of(web, flow)


def test_an_empty_paste_is_asked_for_again_and_changes_nothing(web: Web) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    httpx2.get(web.attempt(flow), follow_redirects=False)
    answer = web.post(f"/flows/{flow}/seen", text="  \n ")
    assert answer.status_code == 400
    assert "Paste the address" in words_of(answer)


def test_a_second_tab_takes_the_place_of_the_first_and_the_first_loses_nothing(web: Web) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    callback = web.ground.keeper.settings.callback_url
    person = web.ground.stage.person()
    first = walk(web.attempt(flow), person, callback, browser=web.browser, follow=False)
    second = walk(web.attempt(flow), person, callback, browser=web.browser, follow=False)
    refused = web.browser.get(first.url)
    assert refused.headers["location"] == f"/callback/refused?flow={flow}"
    told = web.get(refused.headers["location"])
    assert f'href="/flows/{flow}"' in told.text
    assert web.browser.get(second.url).headers["location"] == f"/flows/{flow}"
    assert web.ended(flow)["status"] == "done"


def test_a_callback_is_taken_in_though_the_operators_session_ended_meanwhile(web: Web) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    callback, person = web.ground.keeper.settings.callback_url, web.ground.stage.person()
    back = walk(web.attempt(flow), person, callback, browser=web.browser, follow=False)
    web.browser.cookies.delete("evergrant_session")
    assert web.browser.get(back.url).headers["location"] == f"/flows/{flow}"
    assert web.ended(flow)["status"] == "done"
    page = web.get(f"/flows/{flow}")
    assert "Reauthorized and proven" in words_of(page)
    assert "Finish</a>" not in page.text


def test_what_was_pasted_is_taken_in_though_the_operators_session_ended(web: Web) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    web.browser.get(web.attempt(flow))
    token = CSRF.findall(web.get(f"/flows/{flow}").text)[0]
    verbs.sign_out(web.ground.keeper, web.browser.cookies["evergrant_session"])
    answer = web.post(f"/flows/{flow}/seen", csrf=token, picture="blocked")
    assert answer.headers["location"] == f"/flows/{flow}"
    page = web.get(f"/flows/{flow}")
    assert "An admin blocked the app" in words_of(page)
    assert "/attempts" not in page.text, "only the operator begins another attempt"


def test_a_visitor_of_one_flow_can_see_no_other_page(web: Web) -> None:
    connection = web.ground.connected()
    flow, other = web.reauthorizing(connection.id), web.reauthorizing(web.ground.connected("B").id)
    with httpx2.Client(follow_redirects=False) as visitor:
        visitor.get(web.attempt(flow))
        assert visitor.get(f"{web.url}/flows/{flow}").status_code == 200
        for path in ("/", f"/flows/{other}", f"/connections/{connection.id}"):
            assert visitor.get(web.url + path).headers["location"] == "/sign-in"
        token = CSRF.findall(visitor.get(f"{web.url}/flows/{flow}").text)[0]
        for verb in ("attempts", "settle", "prove", "check"):
            answer = visitor.post(
                f"{web.url}/flows/{flow}/{verb}",
                data={"csrf": token},
                headers={"Origin": web.url},
            )
            assert answer.headers["location"] == "/sign-in", verb


def test_a_wrong_user_is_put_on_hold_and_keeping_leads_to_another_sign_in(web: Web) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    web.walked(flow, "sam")
    page = page_of(web, flow)
    assert "Another user came back" in page
    assert "sam@acme.example" in page
    assert "integration@acme.example" in page
    before = web.ground.live(connection)
    assert web.post(f"/flows/{flow}/settle").status_code == 303
    assert web.ground.now(connection.id).state is State.ON_HOLD, "no choice is no choice"
    web.post(f"/flows/{flow}/settle", choice="keep")
    assert "Choose where to sign in" in page_of(web, flow)
    assert web.ground.live(connection).id == before.id
    web.walked(flow)
    assert web.ended(flow)["status"] == "done"


def test_a_wrong_user_may_be_switched_to_and_is_proven(web: Web) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    web.walked(flow, "sam")
    web.post(f"/flows/{flow}/settle", choice="switch")
    assert web.ended(flow)["status"] == "done"
    identity = web.ground.now(connection.id).identity
    assert identity is not None
    assert identity.username == "sam@acme.example"


def test_a_choice_made_twice_is_made_once(web: Web) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    web.walked(flow, "sam")
    for _ in range(2):
        assert web.post(f"/flows/{flow}/settle", choice="switch").status_code == 303
    assert web.ended(flow)["status"] == "done"


def test_a_hold_that_was_decided_elsewhere_leaves_the_flow_open(web: Web) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    web.walked(flow, "sam")
    verbs.release(web.ground.keeper, connection.id, switch=False)
    assert "Where does the org sign in?" in page_of(web, flow)
    web.walked(flow)
    assert web.ended(flow)["status"] == "done"


def test_a_host_that_is_no_login_host_is_named_and_nothing_is_begun(web: Web) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    before = verbs.flow_of(web.ground.keeper, flow)
    for evil in ("https://evil.example", "javascript:alert(1)", "acme.lightning.force.com", ""):
        given = {"where": "my-domain", "my_domain": evil}
        answer = web.post(f"/flows/{flow}/attempts", **given)
        assert answer.status_code == 400, evil
        assert 'aria-invalid="true"' in answer.text
    assert verbs.flow_of(web.ground.keeper, flow) == before


def test_the_way_to_salesforce_leads_nowhere_else(web: Web) -> None:
    for evil in ("https:%2f%2fevil.example", "..%2f..", "x", "%0d%0aLocation: evil"):
        answer = web.get(f"/leave/{evil}")
        assert "evil" not in answer.text
        assert answer.status_code in (303, 404)


def test_proof_that_could_not_be_gathered_can_be_asked_for_again(web: Web) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    web.walked(flow)
    web.ended(flow)
    with web.ground.keeper.writing() as tx:
        since = verbs.flow_of(web.ground.keeper, flow).outcome["since"]
        flows.update(tx, flow, status="returned", outcome={"since": since, "trouble": "no answer"})
    assert "could not be gathered: no answer" in page_of(web, flow)
    web.post(f"/flows/{flow}/prove")
    assert "Reauthorized and proven" in page_of(web, flow)


def test_the_part_that_changes_is_sent_only_when_it_has(web: Web) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    seen = version_of(verbs.flow_of(web.ground.keeper, flow))
    assert web.get(f"/flows/{flow}/now?seen={seen}").status_code == 204
    httpx2.get(web.attempt(flow), follow_redirects=False)
    answer = web.get(f"/flows/{flow}/now?seen={seen}")
    assert "Waiting for Salesforce" in words_of(answer)
    assert "<html" not in answer.text


def test_every_status_of_a_flow_has_a_view_and_one_current_step(web: Web) -> None:
    flow = verbs.flow_of(web.ground.keeper, web.reauthorizing(web.ground.connected().id))
    for status in ("new", "started", "returned", "done", "refused", "on_hold", "expired"):
        for outcome in ({}, {"error": "no"}):
            for state in (State.ON_HOLD, State.CONNECTED):
                each = replace(flow, status=status, outcome=outcome)
                marks = [step["state"] for step in steps_of(view_of(each, state), each)]
                assert marks.count("current") == (0 if status == "done" else 1)


def test_the_page_of_a_flow_holds_no_ticket_no_state_and_no_code(web: Web) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    link = web.attempt(flow)
    callback, person = web.ground.keeper.settings.callback_url, web.ground.stage.person()
    back = walk(link, person, callback, browser=web.browser, follow=False)
    web.browser.get(back.url)
    web.ended(flow)
    page = web.get(f"/flows/{flow}").text
    secrets = [link.rsplit("/", 1)[1], *re.findall(r"(?:code|state)=([^&]+)", back.url)]
    assert all(each not in page for each in secrets)


def test_another_org_is_named_and_nothing_is_replaced_before_a_choice(web: Web) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    assert connection.identity is not None
    other = {
        "organization_id": "00Dxx0000000000EAA",
        "user_id": connection.identity.user_id,
        "preferred_username": connection.identity.username,
    }
    web.ground.fault(USERINFO, status=200, body=json.dumps(other))
    web.walked(flow)
    page = page_of(web, flow)
    assert "Another org came back" in page
    assert "reads and writes in another org" in page
    assert web.ground.now(connection.id).identity == connection.identity


def test_a_window_that_was_closed_is_told_only_while_a_callback_is_awaited(web: Web) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    told = "No callback came, or the window was closed"
    opener = "cross-origin-opener-policy"
    assert told not in words_of(web.get(f"/flows/{flow}?closed=yes"))
    link = web.attempt(flow)
    leaving = web.get(link.removeprefix(web.url))
    assert leaving.headers[opener] == "unsafe-none", "its opener could not see that it was closed"
    seen = version_of(verbs.flow_of(web.ground.keeper, flow))
    part = web.get(f"/flows/{flow}/now?closed=yes")
    assert told in words_of(part)
    assert "What did you see there?" in words_of(part)
    assert web.get(f"/flows/{flow}/now?seen={seen}&closed=yes").status_code == 204
    verbs.cancel(web.ground.keeper, flow)
    assert told not in words_of(web.get(f"/flows/{flow}/now?closed=yes"))
