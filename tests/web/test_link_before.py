"""Before a customer signs in: the gates, a ticket filled in, and who should sign in."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

from evergrant import keeper as verbs
from evergrant.keeper.before import GATES
from evergrant.model import Connection
from evergrant.store.expectations import Expectations
from evergrant.web.words import catalog, languages
from keeper_kit import BROWSER_APP, org_fixture  # noqa: F401 (a fixture)
from link_kit import Customer, customer_fixture, link_for  # noqa: F401 (a fixture)
from parts_kit import WRITER, broken, connected
from web_kit import Web, web_fixture, words_of  # noqa: F401 (a fixture)


def blocked(web: Web) -> Connection:
    """A connection whose app an admin blocked, which the watch has noticed."""
    connection = web.ground.connected()
    web.ground.control.act("block_app", app=BROWSER_APP)
    web.post(f"/connections/{connection.id}/check")
    return connection


def test_the_gate_that_is_shut_is_told_in_the_customers_language_before_salesforce_opens(
    web: Web, customer: Customer
) -> None:
    customer.opens(link_for(web, blocked(web).id))
    page = words_of(customer.page())
    assert "something stands in the way" in page
    assert "The app is not blocked Shut" in page
    assert "very bottom" in page
    japanese = words_of(customer.page("ja"))
    assert "アプリケーションがブロックされていない 妨げあり" in japanese
    assert "The app is not blocked" not in japanese
    assert not verbs.links_of(web.ground.keeper, web.ground.now("Acme").id)[0].link.flow


def test_every_gate_has_its_words_in_every_language() -> None:
    for language in languages():
        for name in ("org_type", *(each.name for each in GATES)):
            assert f"gates.{name}" in catalog(language)
            assert f"gates.where_{name}" in catalog(language)


def test_the_ticket_to_support_is_filled_in_and_holds_no_placeholder(
    web: Web, customer: Customer
) -> None:
    connection = blocked(web)
    keeper = web.ground.keeper
    with keeper.writing() as tx:
        own = verbs.integrations_of(keeper)[0]
        asked = "https://help.orbit.example/new?subject={subject}&body={body}"
        keeper.vault.save_integration(tx, replace(own, support_contact=asked))
    verbs.expect(keeper, own.id, Expectations(support_hours="Mo–Fr 9–17 CET"))
    customer.opens(link_for(web, connection.id))
    page = customer.page()
    assert "{subject}" not in page.text
    assert "%7Bbody%7D" not in page.text
    told = unquote(page.text.replace("+", " "))
    assert f"Acme ({connection.id})" in told
    assert "What is known goes along." in page.text
    assert "Mo–Fr 9–17 CET" in page.text
    assert "わかっている情報が自動で入力されます。" in customer.page("ja").text


def test_for_a_later_part_nobody_is_suggested_but_who_authorized_that_part(
    web: Web, customer: Customer
) -> None:
    connection = connected(web.ground)
    other = "writer.person@acme.example"
    kept = web.ground.live(connection, WRITER)
    with web.ground.keeper.writing() as tx:
        web.ground.keeper.vault.identify(tx, kept, replace(kept.identity, username=other))
    main = web.ground.stage.person().username
    broken(web.ground, connection, WRITER)
    customer.opens(link_for(web, connection.id))
    page = customer.page().text
    assert f'name="login_hint" value="{other}"' in page
    assert f'value="{main}"' not in page
