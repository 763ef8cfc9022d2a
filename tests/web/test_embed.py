"""Embedded parts over HTTP: sessions, who may read what, and which pages may ask."""

from __future__ import annotations

import gzip
import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from embed_kit import HOST, ORIGINS, word
from evergrant import keeper as verbs
from evergrant.errors import BadInput
from evergrant.health import State
from evergrant.keeper.embedding import NoSession
from evergrant.store.expectations import Expectations
from evergrant.web.embed_view import HEADLINES
from evergrant.web.words import catalog
from keeper_kit import BROWSER_APP, JWT_APP, org_fixture  # noqa: F401 (a fixture)
from web_kit import Web, web_fixture  # noqa: F401 (a fixture)

EVIL = "https://evil.example"


def broken(web: Web) -> str:
    """A connection whose app was blocked; its id."""
    connection = web.ground.connected()
    web.ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(web.ground.keeper, connection.id)
    return connection.id


def asked(
    web: Web, session: str, path: str = "/embed/v1/state", *, origin: str = HOST, **how: Any
) -> httpx2.Response:
    """What a page of the host gets."""
    headers = {"Authorization": f"Bearer {session}", "Origin": origin, **how.pop("headers", {})}
    return httpx2.request(how.pop("method", "GET"), web.url + path, headers=headers, **how)


def state(web: Web, connection: str, reader: str = "end user", **how: Any) -> dict[str, Any]:
    """What a part shows to a reader."""
    answer = asked(web, word(web.ground.keeper, connection, reader=reader), **how)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def minted(web: Web, connection: str, key: str = "", **body: Any) -> httpx2.Response:
    """Ask for a session as a host's backend does."""
    headers = {"Authorization": f"Bearer {key or web.key}"}
    where = f"{web.url}/v1/connections/{connection}/embed-sessions"
    return httpx2.post(where, json={"origin": HOST, **body}, headers=headers, timeout=60)


# --- what is shown --------------------------------------------------------------------------------


def test_an_end_user_is_told_what_is_broken_and_whom_to_ask_and_nothing_of_the_org(
    web: Web,
) -> None:
    connection = broken(web)
    told = state(web, connection)
    assert told["severity"] == "error"
    assert told["title"] == "Orbit Sync is disconnected from Salesforce"
    assert "until a Salesforce admin lets Orbit Sync in again" in told["text"]
    assert told["action"] is None
    assert told["who"].startswith("Who can repair this: an admin of your Salesforce org")
    identity = web.ground.now(connection).identity
    assert identity is not None
    assert told["cause"] == ""
    assert identity.org_id not in str(told)
    assert identity.username not in str(told)


def test_the_host_may_name_who_can_repair(web: Web) -> None:
    session = word(web.ground.keeper, broken(web), who="Ada <ada@customer.example>")
    assert asked(web, session).json()["who"] == "Who can repair this: Ada <ada@customer.example>"


def test_an_admin_is_told_the_cause_and_has_one_action(web: Web) -> None:
    told = state(web, broken(web), "admin")
    assert told["cause"] == "Cause: An admin blocked the app"
    assert told["action"] == {"kind": "reconnect", "label": "Reconnect"}
    assert told["who"] == ""
    assert told["org_id"].startswith("00D")


def test_the_banner_goes_by_itself_when_the_connection_works_again(web: Web) -> None:
    connection = broken(web)
    session = word(web.ground.keeper, connection)
    assert asked(web, session).json()["severity"] == "error"
    web.ground.control.act("unblock_app", app=BROWSER_APP)
    web.ground.reauthorized(web.ground.now(connection))
    told = asked(web, session).json()
    assert (told["severity"], told["works"], told["text"]) == ("none", True, "")


def test_a_banner_is_put_aside_for_hours_and_never_dismissed(web: Web) -> None:
    assert state(web, broken(web))["snooze_s"] == 4 * 3600


def test_the_texts_follow_the_reader_and_the_host_may_choose_the_language(web: Web) -> None:
    connection = broken(web)
    told = state(web, connection, headers={"Accept-Language": "ja"})
    assert told["language"] == "ja"
    assert "接続が切れています" in told["title"]
    chosen = state(web, connection, path="/embed/v1/state?lang=en-US")
    assert chosen["language"] == "en"


def test_where_nobody_signs_in_at_a_browser_there_is_no_action(web: Web) -> None:
    connection = web.ground.connected(app=JWT_APP)
    assert state(web, connection.id, "admin")["action"] is None


def test_a_customer_is_not_asked_to_mend_the_vendors_certificate(web: Web) -> None:
    connection, keeper = web.ground.connected(app=JWT_APP), web.ground.keeper
    tomorrow = (keeper.clock.now() + timedelta(days=1)).date().isoformat()
    verbs.expect(keeper, connection.integration, Expectations(certificate_ends=tomorrow))
    verbs.check(keeper, connection.id)
    told = state(web, connection.id, "admin")
    assert (told["state"], told["works"]) == ("expiring soon", True)
    assert (told["severity"], told["action"]) == ("none", None)


def test_every_state_of_a_connection_has_a_headline() -> None:
    assert HEADLINES.keys() == set(State)
    for _, headline in HEADLINES.values():
        assert f"banner.{headline}" in catalog("en")


def test_reconnect_gives_an_admin_a_link_to_that_connection_alone(web: Web) -> None:
    connection = broken(web)
    session = word(web.ground.keeper, connection, reader="admin")
    answer = asked(web, session, "/embed/v1/reconnect", method="POST")
    assert answer.json()["url"].startswith(f"{web.url}/r/")
    (found,) = verbs.links_of(web.ground.keeper)
    assert found.link.connection == connection
    assert found.link.expires_at - found.link.made_at == timedelta(hours=1)


def test_an_end_user_gets_no_link(web: Web) -> None:
    session = word(web.ground.keeper, broken(web))
    assert asked(web, session, "/embed/v1/reconnect", method="POST").status_code == 403
    assert verbs.links_of(web.ground.keeper) == []


def test_a_host_that_names_a_hostile_person_gets_text_and_not_markup(web: Web) -> None:
    session = word(web.ground.keeper, broken(web), who="<script>alert(1)</script>")
    answer = asked(web, session)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


# --- who may ask ----------------------------------------------------------------------------------


def test_a_session_is_minted_for_registered_origins_only(web: Web) -> None:
    connection = web.ground.connected().id
    good = minted(web, connection, reader="admin")
    assert good.status_code == 201
    assert asked(web, good.json()["token"]).status_code == 200
    for origin in (EVIL, "null", "", "*", f"{HOST}/", f"{HOST}.evil.example", HOST.upper()):
        assert minted(web, connection, origin=origin).status_code == 400, origin
    assert minted(web, connection, expires_s=901).status_code == 422
    assert minted(web, connection, reader="owner").status_code == 422


def test_the_hosts_key_mints_sessions_for_the_connections_that_it_opens_and_no_others(
    web: Web,
) -> None:
    mine, other = web.ground.connected("Acme").id, web.ground.connected("Birch").id
    word_, key = verbs.create_key(web.ground.keeper, "host", of_connections=[mine])
    hosts = word_.reveal()
    assert minted(web, mine, hosts).status_code == 201
    refused = minted(web, other, hosts)
    assert (refused.status_code, refused.json()) == (
        404,
        minted(web, "con_0000000000000000", hosts).json(),
    )
    assert minted(web, mine, "wrong").status_code == 401
    assert httpx2.get(f"{web.url}/v1/links", headers={"Authorization": f"Bearer {hosts}"}).is_error
    verbs.revoke_key(web.ground.keeper, key.id)
    assert minted(web, mine, hosts).status_code == 401


def test_a_session_ends_by_itself(web: Web) -> None:
    session = word(web.ground.keeper, web.ground.connected().id)
    web.ground.control.advance(timedelta(minutes=9))
    assert asked(web, session).status_code == 200
    web.ground.control.advance(timedelta(minutes=2))
    assert asked(web, session).status_code == 401


def test_a_session_lives_at_most_a_quarter_of_an_hour(web: Web) -> None:
    with pytest.raises(BadInput):
        word(web.ground.keeper, web.ground.connected().id, life=timedelta(minutes=16))


@pytest.mark.parametrize("session", ["-", "x", "eyJ9.x", "é.ü", "." * 3000])
def test_a_word_that_is_no_session_learns_nothing(web: Web, session: str) -> None:
    for path, method in (("/embed/v1/state", "GET"), ("/embed/v1/reconnect", "POST")):
        headers = {b"Authorization": f"Bearer {session}".encode(), b"Origin": HOST.encode()}
        answer = httpx2.request(method, web.url + path, headers=headers)
        assert answer.status_code == 401
        assert answer.json() == {"error": "the session is missing, over, or not this page's"}


def test_a_session_of_one_page_is_worth_nothing_on_another(web: Web) -> None:
    session = word(web.ground.keeper, web.ground.connected().id)
    for origin in (EVIL, ORIGINS[1], ""):
        assert asked(web, session, origin=origin).status_code == 401, origin


def test_a_reconnect_links_word_is_no_session(web: Web) -> None:
    made = verbs.make_link(web.ground.keeper, web.ground.connected().id)
    with pytest.raises(NoSession):
        verbs.guest(web.ground.keeper, made.address.reveal().rsplit("/", 1)[1], HOST)


def test_a_session_reads_no_other_connection(web: Web) -> None:
    mine, other = web.ground.connected("Acme").id, web.ground.connected("Birch").id
    session = word(web.ground.keeper, mine)
    told = asked(web, session, f"/embed/v1/state?connection={other}").json()
    assert told["connection"] == mine


def test_answers_may_be_read_by_pages_of_registered_origins_only(web: Web) -> None:
    session = word(web.ground.keeper, web.ground.connected().id)
    for origin, allowed in ((HOST, HOST), (EVIL, None), ("null", None)):
        for answer in (
            asked(web, session, origin=origin),
            asked(web, session, origin=origin, method="OPTIONS"),
            asked(web, "wrong", origin=origin),
        ):
            assert answer.headers.get("access-control-allow-origin") == allowed
            assert "access-control-allow-credentials" not in answer.headers
            assert "Origin" in answer.headers["vary"]


def test_no_page_of_the_console_may_be_read_across_origins(web: Web) -> None:
    for path in ("/", "/sign-in", "/v1/openapi.json", "/r/x", "/oauth/callback"):
        answer = web.get(path, headers={"Origin": HOST})
        assert "access-control-allow-origin" not in answer.headers, path


def test_the_script_may_be_loaded_by_any_page_and_holds_no_inline_markup(web: Web) -> None:
    answer = web.get("/embed/evergrant.js", headers={"Origin": EVIL})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-type"].startswith("text/javascript")
    for word_ in ("innerHTML", "insertAdjacentHTML", "outerHTML", "eval(", "document.write"):
        assert word_ not in answer.text


def test_the_script_is_small_enough_to_stand_in_every_page(web: Web) -> None:
    assert len(gzip.compress(web.get("/embed/evergrant.js").content)) < 6_000


def test_the_first_page_of_a_link_is_under_100_kb_compressed(web: Web) -> None:
    made = verbs.make_link(web.ground.keeper, broken(web))
    with httpx2.Client(follow_redirects=True) as customer:
        page = customer.get(made.address.reveal())
        parts = re.findall(
            r'(?:href|src)="(/(?:static|reconnect)/[^"]+\.(?:css|js|svg))"', page.text
        )
        assert len(parts) > 6
        answers = [page, *(customer.get(web.url + part) for part in set(parts))]
    assert all(each.status_code == 200 for each in answers)
    assert sum(len(gzip.compress(each.content)) for each in answers) < 100_000
