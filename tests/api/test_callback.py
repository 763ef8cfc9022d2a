"""A browser's way through the service: start link, callback, and where it ends."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient

from evergrant import keeper as verbs
from evergrant.api.app import create
from evergrant.health import State
from evergrant.model import Secret
from evergrant.testing.robot import walk
from evergrant.web import mount
from keeper_kit import (
    TOKEN,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)
from service_kit import (
    Up,
    changed,
    code_in,
    profile_fixture,  # noqa: F401 (a fixture)
    stranger_fixture,  # noqa: F401 (a fixture)
    up_fixture,  # noqa: F401 (a fixture)
)

# --- the way through -----------------------------------------------------------------------------


def test_a_person_follows_the_link_and_ends_on_a_page_that_shows_the_proofs(
    up: Up, profile: httpx2.Client
) -> None:
    begun = up.begun()
    callback = up.ground.keeper.settings.callback_url
    sight = walk(begun["link"], up.ground.stage.person(), callback, browser=profile)
    told = up.ended(begun["id"])
    assert told["status"] == "done"
    assert [each["proven"] for each in told["outcome"]["proofs"]] == [True, True, True]
    page = profile.get(sight.url)
    identity = up.ground.now("Acme").identity
    assert identity is not None
    assert page.status_code == 200
    assert identity.org_id in page.text
    assert told["outcome"]["proofs"][2]["detail"].split(":")[0] in page.text


def test_the_final_address_holds_neither_code_nor_state(up: Up, profile: httpx2.Client) -> None:
    begun = up.begun()
    back = profile.get(up.away(profile, begun["link"]))
    assert back.status_code == 303
    assert back.headers["location"] == f"/flows/{begun['id']}"


def test_the_code_stands_in_no_page_and_in_no_log(
    up: Up, profile: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        begun = up.begun()
        callback = up.away(profile, begun["link"])
        pages = [profile.get(callback), profile.get(f"{up.url}/flows/{begun['id']}")]
        up.ended(begun["id"])
        pages.append(profile.get(f"{up.url}/flows/{begun['id']}"))
        pages.append(profile.get(callback, follow_redirects=True))
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith("http")]
    for secret in (code_in(callback), parse_qs(urlsplit(callback).query)["state"][0]):
        assert all(secret not in page.text for page in pages)
        assert all(secret not in line for line in ours)


def test_one_browser_may_be_in_two_flows_at_once(up: Up, profile: httpx2.Client) -> None:
    first, second = up.begun(name="Acme"), up.begun(name="Globex")
    callbacks = [up.away(profile, each["link"]) for each in (first, second)]
    for callback in callbacks:
        profile.get(callback)
    assert [up.ended(each["id"])["status"] for each in (first, second)] == ["done", "done"]


# --- the start link ------------------------------------------------------------------------------


def test_a_start_link_works_once(up: Up, profile: httpx2.Client) -> None:
    link = up.begun()["link"]
    assert profile.get(link).status_code == 303
    again = profile.get(link)
    assert again.status_code == 400
    assert "used before" in again.text
    assert "set-cookie" not in again.headers


def test_a_start_link_ends_after_ten_minutes(up: Up, profile: httpx2.Client) -> None:
    link = up.begun()["link"]
    up.ground.control.advance(timedelta(minutes=11))
    assert profile.get(link).status_code == 400


def test_a_start_link_leads_to_the_login_host_that_was_chosen_and_nowhere_else(
    up: Up, profile: httpx2.Client
) -> None:
    link = up.begun()["link"]
    for extra in ("?next=https://evil.example", "?redirect_uri=https://evil.example/"):
        up_link = up.begun(name=extra)["link"] + extra
        target = profile.get(up_link).headers["location"]
        assert target.startswith(f"{up.ground.org.url}/services/oauth2/authorize?")
        given = parse_qs(urlsplit(target).query)["redirect_uri"]
        assert given == [up.ground.keeper.settings.callback_url]
    assert profile.get(link).headers["location"].startswith(up.ground.org.url)


def test_the_cookie_is_for_this_site_alone_and_out_of_reach_of_scripts(
    up: Up, profile: httpx2.Client
) -> None:
    cookie = profile.get(up.begun()["link"]).headers["set-cookie"].lower()
    flags = {each.strip() for each in cookie.split(";")}
    assert {"httponly", "samesite=lax", "path=/", "max-age=900"} <= flags
    assert "secure" not in flags, "a service on plain loopback could not set it"


def test_the_cookie_of_a_service_behind_https_is_secure(ground: Ground) -> None:
    settings = ground.keeper.settings.but(public_url="https://connect.example")
    keeper = replace(ground.house, settings=settings)
    begun = verbs.begin(keeper, ground.integration().id, name="Acme")
    assert begun.link.reveal().startswith("https://connect.example/start/")
    client = TestClient(create(keeper, Secret("k" * 20), (mount,)), follow_redirects=False)
    answer = client.get(urlsplit(begun.link.reveal()).path)
    assert "secure" in answer.headers["set-cookie"].lower()


# --- the callback --------------------------------------------------------------------------------


def refused(up: Up, answer: httpx2.Response) -> bool:
    """Whether a callback was turned away, to an address and a page that tell nothing."""
    location = answer.headers.get("location", "")
    if not location.startswith("/callback/refused"):
        return False
    page = httpx2.get(up.url + location, timeout=60)
    return page.status_code == 400 and "not accepted" in page.text


@pytest.mark.parametrize(
    "parameters",
    [{"state": "wrong"}, {"state": None}, {"state": ""}, {"code": None}, {"error": "both"}],
    ids=["wrong state", "no state", "empty state", "no code", "code and error"],
)
def test_a_callback_that_is_not_whole_is_refused_and_spends_nothing(
    up: Up, profile: httpx2.Client, parameters: dict[str, str | None]
) -> None:
    begun = up.begun()
    callback = up.away(profile, begun["link"])
    assert refused(up, profile.get(changed(callback, **parameters)))
    assert up.ground.requests(TOKEN) == []
    assert profile.get(callback).headers["location"] == f"/flows/{begun['id']}"


def test_a_state_of_another_flow_in_the_same_browser_is_refused_after_its_own_use(
    up: Up, profile: httpx2.Client
) -> None:
    begun = up.begun()
    callback = up.away(profile, begun["link"])
    assert profile.get(callback).headers["location"].startswith("/flows/")
    spent = len(up.ground.requests(TOKEN))
    assert refused(up, profile.get(callback))
    assert len(up.ground.requests(TOKEN)) == spent


def test_a_callback_after_eleven_minutes_is_refused(up: Up, profile: httpx2.Client) -> None:
    begun = up.begun()
    callback = up.away(profile, begun["link"])
    up.ground.control.advance(timedelta(minutes=11))
    assert refused(up, profile.get(callback))
    assert up.ground.requests(TOKEN) == []


def test_another_browser_is_refused_and_does_not_spend_the_state(
    up: Up, profile: httpx2.Client, stranger: httpx2.Client
) -> None:
    begun = up.begun()
    callback = up.away(profile, begun["link"])
    assert refused(up, stranger.get(callback))
    assert up.ground.requests(TOKEN) == []
    profile.get(callback)
    assert up.ended(begun["id"])["status"] == "done"


def test_a_browser_of_another_flow_is_refused(
    up: Up, profile: httpx2.Client, stranger: httpx2.Client
) -> None:
    mine, theirs = up.begun(name="Acme"), up.begun(name="Globex")
    callback = up.away(profile, mine["link"])
    up.away(stranger, theirs["link"])
    assert refused(up, stranger.get(callback))


def test_a_person_who_denies_is_told_salesforces_words_and_nothing_is_kept(
    up: Up, profile: httpx2.Client
) -> None:
    begun = up.begun()
    callback = up.away(profile, begun["link"])
    said = {"error": "access_denied", "error_description": "end-user denied authorization"}
    profile.get(changed(callback, code=None, **said))
    told = up.ended(begun["id"])
    assert "access_denied: end-user denied authorization" in told["outcome"]["error"]
    assert (told["status"], told["connection"]) == ("refused", "")
    assert up.ground.requests(TOKEN) == []


def test_markup_in_an_error_is_text_on_the_page(up: Up, profile: httpx2.Client) -> None:
    begun = up.begun()
    callback = up.away(profile, begun["link"])
    evil = changed(callback, code=None, error="<script>alert(1)</script>")
    page = profile.get(evil, follow_redirects=True)
    assert "<script>" not in page.text
    assert "alert(1)" in page.text


def test_an_org_that_refuses_the_code_is_the_flows_outcome(up: Up, profile: httpx2.Client) -> None:
    begun = up.begun()
    profile.get(changed(up.away(profile, begun["link"]), code="aPrx" + "x" * 60))
    told = up.ended(begun["id"])
    assert "invalid authorization code" in told["outcome"]["error"]
    assert told["status"] == "refused"


# --- the flow's page -----------------------------------------------------------------------------


def test_the_page_of_a_flow_tells_another_browser_nothing_not_even_that_it_exists(
    up: Up, profile: httpx2.Client, stranger: httpx2.Client
) -> None:
    begun = up.begun()
    profile.get(up.away(profile, begun["link"]))
    up.ended(begun["id"])
    theirs = stranger.get(f"{up.url}/flows/{begun['id']}")
    nobodys = stranger.get(f"{up.url}/flows/flow_0000000000000000")
    assert theirs.status_code == nobodys.status_code != 200
    assert theirs.headers.get("location") == nobodys.headers.get("location")
    assert theirs.text == nobodys.text
    assert profile.get(f"{up.url}/flows/{begun['id']}").status_code == 200


def test_a_flow_whose_time_is_over_has_ended(up: Up, profile: httpx2.Client) -> None:
    begun = up.begun()
    up.away(profile, begun["link"])
    up.ground.control.advance(timedelta(minutes=11))
    assert up.ended(begun["id"])["status"] == "expired"


def test_a_hold_is_told_on_its_page_and_nothing_is_replaced(up: Up, profile: httpx2.Client) -> None:
    connection = up.ground.connected()
    begun = up.begun(name="", connection=connection.id)
    sam, callback = up.ground.stage.person("sam"), up.ground.keeper.settings.callback_url
    sight = walk(begun["link"], sam, callback, browser=profile)
    assert up.ended(begun["id"])["status"] == "on_hold"
    assert profile.get(sight.url).status_code == 200
    assert up.ground.now(connection.id).state is State.ON_HOLD
    assert up.ground.now(connection.id).identity == connection.identity
