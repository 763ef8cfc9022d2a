"""The guided parts of the flow over HTTP: what is known before, cancelling, needs, fix pages."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx2
import pytest

from evergrant import keeper as verbs
from evergrant.health import State
from evergrant.keeper import before, judged
from evergrant.store.expectations import Expectations, Requirement, Step
from evergrant.testing.robot import walk
from keeper_kit import BROWSER_APP, org_fixture  # noqa: F401 (a fixture)
from web_kit import CSRF, Web, web_fixture, words_of  # noqa: F401 (a fixture)

MISSING = Requirement("object", "Invoice__c", "read", why="invoices are read")
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>'\"&"


def page_of(web: Web, flow: str) -> str:
    """What the page of a flow says."""
    return words_of(web.get(f"/flows/{flow}"))


def gates_of(web: Web, flow: str) -> dict[str, str]:
    """What is known of each gate before the sign-in."""
    row = verbs.flow_of(web.ground.keeper, flow)
    case = verbs.case_of(web.ground.keeper, row.connection)
    diagnosis = judged(web.ground.keeper, row) or case.diagnosis
    return {each.title: each.standing for each in before(web.ground.keeper, row, diagnosis)}


def blocked(web: Web) -> tuple[str, str]:
    """A connection whose app an admin blocked, and its flow in which that was seen."""
    connection = web.ground.connected()
    web.ground.control.act("block_app", app=BROWSER_APP)
    flow = web.reauthorizing(connection.id)
    web.attempt(flow)
    web.post(f"/flows/{flow}/seen", picture="blocked")
    return connection.id, flow


# --- before the sign-in --------------------------------------------------------------------------


def test_what_no_evidence_tells_is_called_not_known_before_the_sign_in(web: Web) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    assert gates_of(web, flow)["The app is not blocked"] == "not known"
    assert "nothing is known to stand in the way" in page_of(web, flow)


def test_the_gate_that_the_last_evidence_names_is_told_before_salesforce_is_opened(
    web: Web,
) -> None:
    connection = web.ground.connected()
    web.ground.control.act("block_app", app=BROWSER_APP)
    web.post(f"/connections/{connection.id}/check")
    flow = web.reauthorizing(connection.id)
    assert gates_of(web, flow)["The app is not blocked"] == "shut"
    page = page_of(web, flow)
    assert "something stands in the way" in page
    assert "very bottom" in page


def test_a_token_that_still_works_tells_of_the_gates_at_a_click(web: Web) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    assert gates_of(web, flow)["The app is installed, or the user may approve it uninstalled"] == (
        "not known"
    )
    assert web.post(f"/flows/{flow}/look").headers["location"].endswith("?looked=yes#before")
    gates = gates_of(web, flow)
    assert gates["The user is active and may use the API"] == "open"
    assert gates["There is room for one more approval"] == "open"


def test_a_sixth_approval_is_warned_of(web: Web) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    web.ground.control.act("approve", app=BROWSER_APP, times=4)
    web.post(f"/flows/{flow}/look")
    assert gates_of(web, flow)["There is room for one more approval"] == "close to shut"
    assert "a sixth revokes the oldest" in page_of(web, flow)


def test_a_token_that_is_dead_looks_at_nothing_and_says_so(web: Web) -> None:
    connection = web.ground.connected()
    web.ground.control.act("revoke_app", app=BROWSER_APP)
    flow = web.reauthorizing(connection.id)
    answer = web.post(f"/flows/{flow}/look")
    assert answer.headers["location"].endswith("?looked=no#before")
    assert "could not look at the org" in words_of(web.get(answer.headers["location"]))


def test_production_is_not_chosen_unwarned_for_a_sandbox(web: Web) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    assert gates_of(web, flow)["The right kind of org"] == "open"


def test_the_flow_says_what_it_asks_for_and_why(web: Web) -> None:
    integration = web.ground.integration()
    note = "Orbit runs on a platform, whose name the app bears."
    verbs.expect(web.ground.keeper, integration.id, Expectations((MISSING,), label_note=note))
    page = page_of(web, web.reauthorizing(web.ground.connected().id))
    assert "come back later without asking again" in page
    assert note in page
    assert "invoices are read" in page


# --- cancelling ----------------------------------------------------------------------------------


def test_a_callback_after_the_flow_was_cancelled_is_refused_and_nothing_is_lost(web: Web) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    callback, person = web.ground.keeper.settings.callback_url, web.ground.stage.person()
    back = walk(web.attempt(flow), person, callback, browser=web.browser, follow=False)
    live = web.ground.live(connection).id
    web.post(f"/flows/{flow}/cancel")
    assert web.browser.get(back.url).headers["location"] == f"/callback/refused?flow={flow}"
    assert web.ground.live(connection).id == live
    assert "Cancelled." in page_of(web, flow)
    web.walked(flow)
    assert web.ended(flow)["status"] == "done"


def test_a_link_of_a_flow_that_was_cancelled_starts_nothing(web: Web) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    link = web.attempt(flow)
    web.post(f"/flows/{flow}/cancel")
    assert web.browser.get(link).status_code == 400
    assert verbs.flow_of(web.ground.keeper, flow).status == "cancelled"


def test_what_is_done_cannot_be_cancelled(web: Web) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    web.walked(flow)
    web.ended(flow)
    assert web.post(f"/flows/{flow}/cancel").status_code == 400
    assert "Reauthorized and proven" in page_of(web, flow)


def test_cancelling_twice_is_written_down_once(web: Web) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    for _ in range(2):
        assert web.post(f"/flows/{flow}/cancel").status_code == 303
    assert len(web.ground.history(connection, "reauthorization cancelled")) == 1
    assert web.reauthorizing(connection.id) == flow, "it is taken up again"


def test_a_callback_in_a_browser_that_did_not_begin_is_refused_and_does_not_spend_it(
    web: Web,
) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    callback, person = web.ground.keeper.settings.callback_url, web.ground.stage.person()
    back = walk(web.attempt(flow), person, callback, browser=web.browser, follow=False)
    with httpx2.Client(follow_redirects=False) as stranger:
        web.sign_in(stranger)
        answer = stranger.get(back.url)
        assert answer.headers["location"] == f"/callback/refused?flow={flow}"
        assert "code=" not in stranger.get(web.url + answer.headers["location"]).text
    assert web.browser.get(back.url).headers["location"] == f"/flows/{flow}"
    assert web.ended(flow)["status"] == "done"
    replayed = web.browser.get(back.url)
    assert replayed.headers["location"] == f"/callback/refused?flow={flow}"


@pytest.mark.parametrize(
    "told",
    ["%0d%0aLocation:%20https://evil.example", "https://evil.example", "<script>", "a" * 5000],
)
def test_a_word_in_an_address_that_is_not_ours_leads_nowhere(web: Web, told: str) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    for address in (f"/flows/{flow}?checked={told}", f"/flows/{flow}?looked={told}",
                    f"/callback/refused?flow={told}", f"/connections/{connection.id}?told={told}",
                    f"/flows/{flow}/fixes/app-blocked-by-admin/1?checked={told}",
                    f"/leave/{'x' * 40}?elsewhere={told}"):  # fmt: skip
        answer = web.get(address)
        assert answer.status_code in (200, 303, 400, 404), address
        assert "evil" not in answer.headers.get("location", "")
        assert "<script>" not in answer.text.replace("<script src=", "")


# --- another window, another person --------------------------------------------------------------


def test_the_link_for_a_private_window_works_in_another_browser_and_the_page_goes_on(
    web: Web,
) -> None:
    flow = web.reauthorizing(web.ground.connected().id)
    answer = web.post(f"/flows/{flow}/attempts", window="private",
                      where="my-domain", my_domain=web.ground.org.url)  # fmt: skip
    page = web.get(answer.headers["location"])
    assert 'http-equiv="refresh"' not in page.text, "this browser does not leave"
    link = re.search(r"<code[^>]*>([^<]+/start/[^<]+)</code>", page.text)
    assert link
    callback, person = web.ground.keeper.settings.callback_url, web.ground.stage.person()
    with httpx2.Client(follow_redirects=False) as private:
        walk(link[1].replace("http://127.0.0.1:9", web.url), person, callback, browser=private)
    assert web.ended(flow)["status"] == "done"
    assert "Reauthorized and proven" in page_of(web, flow)


def test_another_operator_takes_the_flow_up_where_it_stopped(web: Web) -> None:
    _, flow = blocked(web)
    with httpx2.Client(follow_redirects=False) as other:
        web.sign_in(other)
        page = words_of(other.get(f"{web.url}/flows/{flow}"))
    assert "An admin blocked the app" in page
    assert "Sign in again" in page


# --- what the integration needs ------------------------------------------------------------------


def test_it_is_not_called_done_while_something_that_is_needed_is_missing(web: Web) -> None:
    integration = web.ground.integration()
    connection = web.ground.connected()
    verbs.expect(web.ground.keeper, integration.id, Expectations((MISSING,)))
    flow = web.reauthorizing(connection.id)
    web.walked(flow)
    web.ended(flow)
    page = page_of(web, flow)
    assert "the integration cannot do its work yet" in page
    assert "Read Invoice__c" in page
    assert "Reauthorized and proven" not in page
    verbs.expect(web.ground.keeper, integration.id,
                 Expectations((Requirement("object", "User", "read"),)))  # fmt: skip
    web.post(f"/flows/{flow}/needs")
    assert "Reauthorized and proven" in page_of(web, flow)
    assert "Read User" in words_of(web.get(f"/connections/{connection.id}"))


def test_a_step_that_only_a_person_can_vouch_for_is_confirmed_on_the_page(web: Web) -> None:
    integration = web.ground.integration()
    step = Step("outbound", "Connect outbound", "Orbit Connections")
    verbs.expect(web.ground.keeper, integration.id, Expectations(steps=(step,)))
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    web.walked(flow)
    web.ended(flow)
    assert "I did it: Connect outbound" in page_of(web, flow)
    web.post(f"/flows/{flow}/steps", step="outbound")
    page = page_of(web, flow)
    assert "I did it" not in page
    assert "Operator, " in page
    assert web.post(f"/flows/{flow}/steps", step="elsewhere").status_code == 400


def test_the_end_says_when_the_next_sync_comes_and_how_far_it_looks_back(web: Web) -> None:
    integration = web.ground.integration()
    verbs.expect(web.ground.keeper, integration.id,
                 Expectations(sync_every_min=15, backfill_days=21))  # fmt: skip
    connection = web.ground.connected()
    web.ground.control.act("revoke_app", app=BROWSER_APP)
    web.post(f"/connections/{connection.id}/check")
    web.ground.control.advance(timedelta(days=3))
    web.sign_in()
    flow = web.reauthorizing(connection.id)
    web.walked(flow)
    web.ended(flow)
    page = page_of(web, flow)
    assert "within 15 minutes" in page
    assert "catches up on the 3 days" in page


# --- fix steps as pages --------------------------------------------------------------------------


def test_a_step_has_a_page_with_path_link_permission_picture_and_message(web: Web) -> None:
    _, flow = blocked(web)
    address = f"/flows/{flow}/fixes/app-blocked-by-admin/1"
    assert f'href="{address}"' in web.get(f"/flows/{flow}").text
    answer = web.get(address)
    page = words_of(answer)
    assert f'href="{web.ground.org.url}/lightning/setup/ConnectedAppsUsage/home"' in answer.text
    for each in ("Setup", "Connected Apps OAuth Usage", "very bottom", "Customize Application",
                 "Orbit Sync", "Illustration", "The next gate"):  # fmt: skip
        assert each in page, each
    picture = re.search(r'<img src="(/static/setup/[\w-]+\.png)"', answer.text)
    assert picture
    assert web.get(picture[1]).headers["content-type"] == "image/png"


def test_a_step_that_metadata_can_carry_is_shown_as_data_as_well(web: Web) -> None:
    connection = web.ground.connected()
    cause = "refresh-token-policy-immediate-expire"
    page = words_of(web.get(f"/connections/{connection.id}/fixes/{cause}/1"))
    assert "Let a program do it" in page
    assert "ConnectedApp {app}" in page
    assert "one of the possible causes" in page
    look = words_of(web.get(f"/connections/{connection.id}/fixes/app-blocked-by-admin/3"))
    assert "The same as data" not in look, "to look changes nothing"


def test_checking_again_tells_whether_the_step_helped(web: Web) -> None:
    connection, flow = blocked(web)
    address = f"/flows/{flow}/fixes/app-blocked-by-admin/1"
    answer = web.post(f"{address}/check")
    assert answer.headers["location"] == f"{address}?checked=no#checked"
    assert "does not work yet" in words_of(web.get(answer.headers["location"]))
    web.ground.control.act("unblock_app", app=BROWSER_APP)
    web.walked(flow)
    web.ended(flow)
    mine = f"/connections/{connection}/fixes/app-blocked-by-admin/1"
    answer = web.post(f"{mine}/check")
    assert answer.headers["location"] == f"{mine}?checked=yes#checked"


@pytest.mark.parametrize(
    "path", ["no-such-cause/1", "app-blocked-by-admin/99", "app-blocked-by-admin/0", "..%2f/1"]
)
def test_a_step_that_is_not_there_is_a_page_that_is_not_there(web: Web, path: str) -> None:
    connection = web.ground.connected()
    for base in (f"/connections/{connection.id}", f"/flows/{web.reauthorizing(connection.id)}"):
        assert web.get(f"{base}/fixes/{path}").status_code == 404


def test_every_step_in_setup_of_every_cause_has_a_page_that_can_be_drawn(web: Web) -> None:
    connection = web.ground.connected()
    catalog = web.ground.keeper.catalog
    for cause in list(catalog.causes.values())[::7]:
        for number in range(1, len(cause.fixes) + 1):
            answer = web.get(f"/connections/{connection.id}/fixes/{cause.id}/{number}")
            assert answer.status_code == 200, (cause.id, number)


# --- hostile names, strangers --------------------------------------------------------------------


def test_hostile_names_are_words_on_every_page_of_the_flow(web: Web) -> None:
    integration = web.ground.integration()
    told = Expectations(
        (Requirement("object", HOSTILE, "read", why=HOSTILE),),
        (Step("s", HOSTILE, HOSTILE),),
        label_note=HOSTILE,
    )
    verbs.expect(web.ground.keeper, integration.id, told)
    connection = web.ground.connected()
    verbs.configure(web.ground.keeper, connection.id, name=HOSTILE[:200], settings={HOSTILE: "x"})
    flow = web.reauthorizing(connection.id)
    pages = [web.get(f"/flows/{flow}")]
    web.attempt(flow)
    web.post(f"/flows/{flow}/seen", text=f"error={HOSTILE}")
    pages.append(web.get(f"/flows/{flow}"))
    web.walked(flow)
    web.ended(flow)
    pages += [web.get(f"/flows/{flow}"), web.get(f"/connections/{connection.id}"),
              web.get(f"/connections/{connection.id}/fixes/app-blocked-by-admin/1")]  # fmt: skip
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert not re.search(r"<[^>]+\son\w+=", page.text)


def test_a_visitor_sees_the_step_and_can_change_nothing(web: Web) -> None:
    _, flow = blocked(web)
    with httpx2.Client(follow_redirects=False) as visitor:
        visitor.get(web.attempt(flow))
        address = f"{web.url}/flows/{flow}/fixes/app-blocked-by-admin/1"
        page = visitor.get(address)
        assert "Unblock" in words_of(page)
        token = CSRF.findall(visitor.get(f"{web.url}/flows/{flow}").text)[0]
        for verb in ("cancel", "look", "needs", "steps", "fixes/app-blocked-by-admin/1/check"):
            answer = visitor.post(f"{web.url}/flows/{flow}/{verb}", data={"csrf": token},
                                  headers={"Origin": web.url})  # fmt: skip
            assert answer.headers["location"] == "/sign-in", verb


def test_what_changes_something_wants_our_own_form(web: Web) -> None:
    connection = web.ground.connected()
    flow = web.reauthorizing(connection.id)
    for verb in ("cancel", "look", "needs", "steps", "fixes/app-blocked-by-admin/1/check"):
        assert web.post(f"/flows/{flow}/{verb}", csrf="f" * 64).status_code == 403, verb
    assert web.post(f"/connections/{connection.id}/needs", csrf="f" * 64).status_code == 403
    assert web.ground.now(connection.id).state is State.CONNECTED


# --- the connection's page -----------------------------------------------------------------------


def test_the_connections_page_shows_its_past_and_what_ends(web: Web) -> None:
    connection = web.ground.connected()
    web.ground.control.advance(timedelta(days=2))
    web.sign_in()
    web.ground.control.act("block_app", app=BROWSER_APP)
    web.post(f"/connections/{connection.id}/check")
    answer = web.get(f"/connections/{connection.id}")
    page = words_of(answer)
    assert "<svg" in answer.text
    assert "1 incident since" in answer.text
    assert "style=" not in answer.text, "the policy would refuse it"
    assert "Blocked by admin:" in page
    for each in ("Credential held, sealed", "Refresh token held", "Idle limit", "Scopes"):
        assert each in page, each
