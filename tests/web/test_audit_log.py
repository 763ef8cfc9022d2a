"""The audit log: who did what, whoever it was and wherever they did it."""

from __future__ import annotations

import re

import httpx2

from embed_kit import HOST
from evergrant import keeper as verbs
from evergrant.log import acting, acting_as
from evergrant.store import audit_log
from evergrant.store.audit_log import Deed
from keeper_kit import org_fixture  # noqa: F401 (a fixture)
from link_kit import Customer, customer_fixture, link_for  # noqa: F401 (a fixture)
from web_kit import Web, web_fixture, words_of  # noqa: F401 (a fixture)


def told(web: Web, act: str = "") -> list[Deed]:
    return [each for each in verbs.deeds(web.ground.keeper) if act in ("", each.act)]


def test_what_an_operator_changes_is_written_down_with_who_they_are(web: Web) -> None:
    connection = web.ground.connected()
    web.post(f"/connections/{connection.id}/pause")
    (signed_in,) = told(web, "signed in")
    assert signed_in.actor.startswith("operator ")
    (paused,) = told(web, "state changed")
    assert (paused.actor, paused.subject) == (signed_in.actor, connection.id)
    assert paused.text == "connected → paused"


def test_two_sessions_are_two_actors_and_neither_is_its_cookie(web: Web) -> None:
    word = web.browser.cookies["evergrant_session"]
    web.sign_in()
    names = {each.actor for each in told(web, "signed in")}
    assert len(names) == 2
    assert not any(word[:8] in name for name in names)


def test_looking_is_no_deed(web: Web) -> None:
    connection = web.ground.connected()
    before = len(told(web))
    for path in ("/", f"/connections/{connection.id}", f"/connections/{connection.id}/links"):
        web.get(path)
    assert len(told(web)) == before


def test_what_evergrant_does_by_itself_is_no_deed(web: Web) -> None:
    connection = web.ground.connected()
    before = len(told(web))
    verbs.check(web.ground.keeper, connection.id)
    verbs.pause(web.ground.keeper, connection.id)
    assert acting() == ""
    assert len(told(web)) == before


def test_a_customer_is_known_by_the_link_they_came_with(web: Web, customer: Customer) -> None:
    connection = web.ground.connected()
    customer.opens(link_for(web, connection.id))
    customer.attempts()
    link = verbs.links_of(web.ground.keeper, connection.id)[0].link.id
    (opened,) = told(web, "reconnect link opened")
    assert opened.actor == "somebody"
    (begun,) = told(web, "reauthorization begun")
    assert (begun.actor, begun.subject) == (f"link {link}", connection.id)


def test_what_is_done_through_the_api_is_done_by_the_api(web: Web) -> None:
    connection = web.ground.connected()
    key = {"Authorization": f"Bearer {web.key}"}
    body = {"connection": connection.id}
    made = httpx2.post(f"{web.url}/v1/links", json=body, headers=key).json()
    httpx2.delete(f"{web.url}/v1/links/{made['id']}", headers=key)
    assert [each.actor for each in told(web, "reconnect link made")] == ["api"]
    assert [each.actor for each in told(web, "reconnect link revoked")] == ["api"]
    answer = httpx2.get(f"{web.url}/v1/audit-log", headers=key).json()
    assert [each["act"] for each in answer["deeds"]] == [each.act for each in told(web)]
    last = answer["deeds"][-1]["seq"]
    more = httpx2.get(f"{web.url}/v1/audit-log", params={"after": last}, headers=key).json()
    assert more == {"deeds": [], "is_whole": True}
    assert httpx2.get(f"{web.url}/v1/audit-log").status_code == 401


def test_a_reconnect_from_an_embedded_part_is_written_down(web: Web) -> None:
    connection = web.ground.connected().id
    session = verbs.mint(web.ground.keeper, connection, origin=HOST, reader="admin")
    headers = {"Authorization": f"Bearer {session.word.reveal()}", "Origin": HOST}
    httpx2.post(f"{web.url}/embed/v1/reconnect", headers=headers)
    assert [each.actor for each in told(web, "reconnect link made")] == ["embedded part"]


def test_the_console_shows_the_log_newest_first_a_page_at_a_time(web: Web) -> None:
    keeper = web.ground.keeper
    with keeper.writing() as tx:
        for number in range(150):
            audit_log.add(tx, keeper.clock.now(), "ada", f"deed-{number};", subject="", text="")
    newest = words_of(web.get("/log"))
    assert newest.index("Deed-149;") < newest.index("Deed-148;")
    assert "Deed-49;" not in newest
    older = re.search(r"/log\?before=\d+", web.get("/log").text)
    assert older
    rest = words_of(web.get(older[0]))
    assert "Deed-49;" in rest
    assert "Deed-50;" not in rest
    assert "Signed in" in rest
    assert "Nothing older" in words_of(web.get("/log?before=1"))


def test_a_hostile_name_in_the_log_is_text(web: Web) -> None:
    connection = web.ground.connected("<b>Acme</b>")
    web.post(f"/connections/{connection.id}/pause")
    page = web.get("/log").text
    assert "&lt;b&gt;Acme&lt;/b&gt;" in page
    assert "<b>Acme" not in page


def test_who_acts_ends_with_the_block() -> None:
    with acting_as("ada"):
        assert acting() == "ada"
    assert acting() == ""
