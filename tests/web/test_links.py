"""Reconnect links over HTTP: made, opened, walked to proof, and refused in every wrong hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evergrant import keeper as verbs
from evergrant.errors import BadInput, LinkRefused, Misuse
from evergrant.health import State
from evergrant.store.expectations import Expectations, Requirement
from evergrant.store.parts import MAIN
from evergrant.testing.robot import walk
from evergrant.web.security import HEADERS
from keeper_kit import BROWSER_APP, JWT_APP, org_fixture  # noqa: F401 (a fixture)
from link_kit import Customer, customer_fixture, link_for  # noqa: F401 (a fixture)
from parts_kit import WRITER, connected
from parts_kit import broken as dead
from web_kit import Web, web_fixture, words_of  # noqa: F401 (a fixture)


@pytest.fixture
def stranger() -> Iterator[httpx2.Client]:
    """Another browser, which never held a link."""
    with httpx2.Client(follow_redirects=False, timeout=60) as opened:
        yield opened


def broken(web: Web) -> str:
    """A connection whose app was blocked; its id."""
    connection = web.ground.connected()
    web.ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(web.ground.keeper, connection.id)
    return connection.id


def walked(customer: Customer, person: str = "integration", **fields: str) -> str:
    """Sign in to Salesforce from the page of the link; where the browser ended."""
    web, link = customer.web, customer.attempts(**fields)
    callback = web.ground.keeper.settings.callback_url
    return walk(link, web.ground.stage.person(person), callback, browser=customer.browser).url


# --- from the mail to proof -----------------------------------------------------------------------


def test_a_customer_without_an_account_walks_from_a_blocked_app_to_proof(
    web: Web, customer: Customer
) -> None:
    connection = broken(web)
    assert customer.opens(link_for(web, connection)).status_code == 303
    page = words_of(customer.page())
    assert "Something in your Salesforce org keeps Orbit Sync out" in page
    assert "Press Unblock" in page
    ended = walked(customer)
    assert "OAUTH_APP_BLOCKED" in ended
    customer.post("seen", text=ended)
    assert "What to do in Salesforce" in words_of(customer.page())
    web.ground.control.act("unblock_app", app=BROWSER_APP)
    assert walked(customer).startswith(web.url + customer.home)
    flow = verbs.links_of(web.ground.keeper, connection)[0].link.flow
    assert web.ended(flow)["status"] == "done"
    page = words_of(customer.page())
    identity = web.ground.now(connection).identity
    assert identity is not None
    assert f"Org ID {identity.org_id}" in page
    assert "Success row in Login History" in page
    assert web.ground.now(connection).state is State.CONNECTED


def test_the_word_of_the_link_stands_in_no_address_and_no_page_after_it_was_opened(
    web: Web, customer: Customer
) -> None:
    address = link_for(web, broken(web))
    answer = customer.opens(address)
    word = address.rsplit("/", 1)[1]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert word not in answer.headers["location"]
    assert word not in customer.page().text


def test_the_cookie_of_a_link_is_out_of_reach_of_scripts_and_of_other_sites(
    web: Web, customer: Customer
) -> None:
    flags = customer.opens(link_for(web, broken(web))).headers["set-cookie"].lower()
    assert "httponly" in flags
    assert "samesite=lax" in flags
    age = re.search(r"max-age=(\d+)", flags)
    assert age
    assert 7 * 86400 - 60 < int(age[1]) <= 7 * 86400


def test_the_store_keeps_neither_the_word_of_a_link_nor_of_its_cookie(
    web: Web, customer: Customer
) -> None:
    address = link_for(web, broken(web))
    customer.opens(address)
    (cookie,) = customer.browser.cookies.values()
    for path in web.ground.keeper.settings.data_dir.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert address.rsplit("/", 1)[1].encode() not in raw
            assert cookie.encode() not in raw


def test_a_program_that_looks_into_mail_uses_no_link_up(
    web: Web, customer: Customer, stranger: httpx2.Client
) -> None:
    address = link_for(web, broken(web))
    assert stranger.get(address).status_code == 303
    assert stranger.get(address).status_code == 303
    assert customer.opens(address).status_code == 303
    assert customer.page().status_code == 200


def test_a_flow_that_was_left_is_resumed_by_another_person_with_the_same_link(
    web: Web, customer: Customer, stranger: httpx2.Client
) -> None:
    connection = broken(web)
    address = link_for(web, connection)
    customer.opens(address)
    customer.attempts()
    customer.post("seen", picture="blocked")
    another = Customer(web, stranger)
    another.opens(address)
    assert "This sign-in did not work" in words_of(another.page())
    web.ground.control.act("unblock_app", app=BROWSER_APP)
    assert walked(another).startswith(web.url + another.home)


def test_a_connection_that_works_has_nothing_to_do_for_a_link(web: Web, customer: Customer) -> None:
    customer.opens(link_for(web, web.ground.connected().id))
    assert "There is nothing to do" in words_of(customer.page())


def test_the_page_of_a_link_tells_what_changed_and_nothing_otherwise(
    web: Web, customer: Customer
) -> None:
    customer.opens(link_for(web, broken(web)))
    seen = re.search(r'data-version="([^"]+)"', customer.page().text)
    assert seen
    where = f"{web.url}{customer.home}/now"
    assert customer.browser.get(where, params={"seen": seen[1]}).status_code == 204
    customer.attempts()
    assert customer.browser.get(where, params={"seen": seen[1]}).status_code == 200


def test_what_the_org_lacks_is_told_beside_the_proof_and_looked_at_again(
    web: Web, customer: Customer
) -> None:
    connection = web.ground.connected()
    missing = Requirement("object", "Invoice__c", "read", "to see invoices")
    verbs.expect(web.ground.keeper, connection.integration, Expectations((missing,)))
    customer.opens(link_for(web, connection.id))
    walked(customer)
    flow = verbs.links_of(web.ground.keeper, connection.id)[0].link.flow
    web.ended(flow)
    page = words_of(customer.page())
    assert "Reconnected and proven" in page
    assert "Missing" in page
    there = Requirement("object", "User", "read", "names of owners")
    verbs.expect(web.ground.keeper, connection.integration, Expectations((there,)))
    customer.post("needs")
    assert "has what the integration needs" in words_of(customer.page())


# --- another org or user --------------------------------------------------------------------------


def test_another_user_is_held_and_the_customer_may_switch(web: Web, customer: Customer) -> None:
    connection = web.ground.connected()
    customer.opens(link_for(web, connection.id))
    walked(customer, "sam")
    page = words_of(customer.page())
    assert "Another user came back" in page
    assert "Switch to the user that came back" in page
    customer.post("settle", choice="switch")
    flow = verbs.links_of(web.ground.keeper, connection.id)[0].link.flow
    assert web.ended(flow)["status"] == "done"
    identity = web.ground.now(connection.id).identity
    assert identity is not None
    assert identity.username.startswith("sam@")


def test_keeping_the_one_before_leads_to_another_sign_in(web: Web, customer: Customer) -> None:
    connection = web.ground.connected()
    customer.opens(link_for(web, connection.id))
    walked(customer, "sam")
    customer.post("settle", choice="keep")
    assert walked(customer).startswith(web.url + customer.home)
    flow = verbs.links_of(web.ground.keeper, connection.id)[0].link.flow
    assert web.ended(flow)["status"] == "done"
    assert web.ground.now(connection.id).identity == connection.identity


# --- refused --------------------------------------------------------------------------------------


def revoke(web: Web, connection: str) -> None:
    verbs.revoke_link(web.ground.keeper, verbs.links_of(web.ground.keeper, connection)[0].link.id)


def outlive(web: Web, _connection: str) -> None:
    web.ground.control.advance(timedelta(days=8))


def remove(web: Web, connection: str) -> None:
    verbs.remove(web.ground.keeper, connection)


def pause(web: Web, connection: str) -> None:
    verbs.pause(web.ground.keeper, connection)


WAYS: dict[str, tuple[Callable[[Web, str], None], str]] = {
    "revoked": (revoke, "taken it back"),
    "expired": (outlive, "Its time is over"),
    "removed": (remove, "not in use at present"),
    "paused": (pause, "not in use at present"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_link_that_has_ended_is_refused_with_a_clear_page_in_every_browser(
    web: Web, customer: Customer, stranger: httpx2.Client, way: str
) -> None:
    connection = broken(web)
    address = link_for(web, connection)
    customer.opens(address)
    before = customer.csrf()
    do, words = WAYS[way]
    do(web, connection)
    for answer in (
        stranger.get(address),
        customer.page(),
        customer.post("attempts", csrf=before),
        customer.post("seen", csrf=before, picture="blocked"),
    ):
        assert answer.status_code == 410
        told = words_of(answer)
        assert words in told
        assert "Acme" not in told
        assert "Orbit" not in told


def test_a_link_that_was_used_shows_its_proof_to_who_used_it_and_is_refused_to_others(
    web: Web, customer: Customer, stranger: httpx2.Client
) -> None:
    connection = web.ground.connected()
    address = link_for(web, connection.id)
    customer.opens(address)
    walked(customer)
    web.ended(verbs.links_of(web.ground.keeper, connection.id)[0].link.flow)
    before = customer.csrf()
    assert "Reconnected and proven" in words_of(customer.page())
    assert customer.opens(address).headers["location"] == customer.home
    replayed = stranger.get(address)
    assert replayed.status_code == 410
    assert "It was used" in words_of(replayed)
    for what in ("attempts", "seen", "settle", "prove"):
        assert customer.post(what, csrf=before, picture="blocked").status_code in (403, 410), what


def test_the_cookie_of_one_link_opens_no_other_connection(web: Web, customer: Customer) -> None:
    mine = web.ground.connected("Acme").id
    other = web.ground.connected("Birch").id
    customer.opens(link_for(web, mine))
    link_for(web, other)
    theirs = verbs.links_of(web.ground.keeper, other)[0].link.id
    (cookie,) = customer.browser.cookies.values()
    answers = [
        customer.browser.get(f"{web.url}/reconnect/{theirs}"),
        customer.browser.get(
            f"{web.url}/reconnect/{theirs}", headers={"Cookie": f"evergrant_{theirs}={cookie}"}
        ),
        customer.browser.get(f"{web.url}/reconnect/link_0000000000000000"),
    ]
    assert {each.status_code for each in answers} == {404}
    # What is there and what is not look the same.
    assert len({each.text for each in answers}) == 1
    assert "Birch" not in answers[0].text


def test_the_cookie_of_a_link_opens_no_page_of_the_console(web: Web, customer: Customer) -> None:
    connection = broken(web)
    customer.opens(link_for(web, connection))
    customer.attempts()
    flow = verbs.links_of(web.ground.keeper, connection)[0].link.flow
    for path in ("/", f"/connections/{connection}", f"/flows/{flow}", "/connections/new"):
        assert customer.browser.get(web.url + path).headers["location"] == "/sign-in", path


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_forged_word_is_refused_and_learns_nothing(web: Web, data: st.DataObject) -> None:
    keeper = web.ground.keeper
    real = _real(web)
    at = data.draw(st.integers(0, len(real) - 1))
    letter = data.draw(st.sampled_from("AZaz09-_.é/"))
    word = real[:at] + letter + real[at + 1 :] if data.draw(st.booleans()) else real[:at]
    if word == real:
        return
    with pytest.raises(LinkRefused) as refused:
        verbs.open_link(keeper, word)
    assert refused.value.reason == "unknown"


_WORDS: dict[int, str] = {}


def _real(web: Web) -> str:
    """The word of a link, made once for all examples."""
    if id(web) not in _WORDS:
        _WORDS[id(web)] = link_for(web, web.ground.connected().id).rsplit("/", 1)[1]
    return _WORDS[id(web)]


def test_a_cookies_word_is_no_link_and_a_links_word_no_cookie(web: Web, customer: Customer) -> None:
    address = link_for(web, web.ground.connected().id)
    customer.opens(address)
    (cookie,) = customer.browser.cookies.values()
    link = customer.home.rsplit("/", 1)[1]
    with pytest.raises(LinkRefused, match="unknown"):
        verbs.open_link(web.ground.keeper, cookie)
    with pytest.raises(LinkRefused, match="unknown"):
        verbs.in_link(web.ground.keeper, link, address.rsplit("/", 1)[1])


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
def test_a_form_of_another_site_does_nothing(web: Web, customer: Customer, origin: str) -> None:
    connection = broken(web)
    customer.opens(link_for(web, connection))
    where, csrf = f"{web.url}{customer.home}/attempts", customer.csrf()
    answer = customer.browser.post(where, data={"csrf": csrf}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "Nothing was done" in words_of(answer)
    assert customer.post("attempts", csrf="0" * 64).status_code == 403
    assert verbs.links_of(web.ground.keeper, connection)[0].link.flow == ""


def test_a_start_link_that_was_used_leads_the_customer_back_to_their_own_page(
    web: Web, customer: Customer
) -> None:
    customer.opens(link_for(web, broken(web)))
    start = customer.attempts()
    customer.browser.get(start)
    again = customer.browser.get(start)
    assert again.status_code == 400
    assert "This step was not taken" in words_of(again)
    assert f'href="{customer.home}"' in again.text


def test_a_sign_in_host_that_is_none_of_salesforces_is_refused_on_the_page(
    web: Web, customer: Customer
) -> None:
    customer.opens(link_for(web, broken(web)))
    answer = customer.post("attempts", where="my-domain", my_domain="https://evil.example")
    assert answer.status_code == 400
    assert "no login address of Salesforce" in words_of(answer)
    assert "evil.example" in answer.text


def test_every_page_of_a_link_carries_the_security_headers(web: Web, customer: Customer) -> None:
    customer.opens(link_for(web, broken(web)))
    pages = [customer.page(), customer.browser.get(f"{web.url}{customer.home}/brand.css")]
    pages.append(customer.browser.get(f"{web.url}/r/nothing"))
    for answer in pages:
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


# --- making and taking back -----------------------------------------------------------------------


def test_the_operator_makes_a_link_that_is_shown_once_and_takes_it_back(web: Web) -> None:
    connection = broken(web)
    where = f"/connections/{connection}/links"
    made = web.post(where, days="1")
    assert re.search(rf"{re.escape(web.url)}/r/[\w.-]+", made.text)
    assert "/r/" not in web.get(where).text
    (found,) = verbs.links_of(web.ground.keeper, connection)
    assert found.link.expires_at - found.link.made_at == timedelta(days=1)
    web.post(f"{where}/{found.link.id}/revoke")
    assert verbs.links_of(web.ground.keeper, connection)[0].status == "revoked"
    assert "Revoked" in words_of(web.get(where))


@pytest.mark.parametrize("life", [timedelta(), timedelta(days=-1), timedelta(days=31)])
def test_a_link_lives_more_than_no_time_and_at_most_thirty_days(web: Web, life: timedelta) -> None:
    connection = web.ground.connected()
    with pytest.raises(BadInput):
        verbs.make_link(web.ground.keeper, connection.id, life=life)


def test_no_link_is_made_where_nobody_signs_in_at_a_browser(web: Web) -> None:
    connection = web.ground.connected(app=JWT_APP)
    with pytest.raises(Misuse, match="nobody signs in"):
        verbs.make_link(web.ground.keeper, connection.id)


def test_the_history_of_the_connection_tells_of_its_links(web: Web, customer: Customer) -> None:
    connection = web.ground.connected()
    address = link_for(web, connection.id)
    customer.opens(address)
    customer.opens(address)
    revoke(web, connection.id)
    for kind in ("made", "opened", "revoked"):
        assert len(web.ground.history(connection, f"reconnect link {kind}")) == 1, kind


def test_a_customer_walks_through_both_parts_with_one_link(web: Web, customer: Customer) -> None:
    connection = connected(web.ground)
    dead(web.ground, connection, WRITER)
    dead(web.ground, connection, MAIN)
    customer.opens(link_for(web, connection.id))
    walked(customer)
    flow = verbs.links_of(web.ground.keeper, connection.id)[0].link.flow
    while verbs.flow_of(web.ground.keeper, flow).status == "returned":
        customer.page()
    page = words_of(customer.page())
    assert "Part 2 of 2: Writing orders" in page
    assert "The part before works" in page
    walked(customer)
    assert web.ended(flow)["status"] == "done"
    assert web.ground.now(connection.id).state is State.CONNECTED
