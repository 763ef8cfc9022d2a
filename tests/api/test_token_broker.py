"""The token broker: who gets which token, what a stranger learns, and what is written down."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from broker_kit import key_for, problem, read
from evergrant import keeper as verbs
from evergrant.errors import BadInput, NotFound
from evergrant.keeper.broker import Broker, TooOften
from evergrant.model import Connection, Secret
from evergrant.store import api_keys, connections
from keeper_kit import (
    BROWSER_APP,
    SERVER_APP,
    TOKEN,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    no_session,
    org_fixture,  # noqa: F401 (a fixture)
)
from parts_kit import WRITER, connected
from service_kit import (
    Up,
    up_fixture,  # noqa: F401 (a fixture)
)
from store_kit import each_database_fixture  # noqa: F401 (a fixture)

# --- reading -------------------------------------------------------------------------------------


def test_a_key_gets_the_access_token_and_never_the_refresh_token(up: Up) -> None:
    connection = up.ground.connected()
    kept = up.ground.live(connection).credential
    answer = read(up, connection.id, key_for(up, "Acme"))
    assert answer.status_code == 200
    told = answer.json()
    assert told["access_token"] == kept.access_token.reveal()
    assert told["instance_url"] == kept.instance_url
    assert told["fingerprint"] == kept.access_token.fingerprint
    assert answer.headers["etag"] == f'"{told["generation"]}"'
    assert answer.headers["cache-control"] == "no-store"
    assert kept.refresh_token is not None
    assert kept.refresh_token.reveal() not in answer.text


def test_a_fresh_token_costs_no_call_to_salesforce(up: Up) -> None:
    connection, word = up.ground.connected(), key_for(up, "Acme")
    before = len(up.ground.control.ask("GET", "/history"))
    assert [read(up, connection.id, word).status_code for _ in range(3)] == [200] * 3
    assert len(up.ground.control.ask("GET", "/history")) == before


@pytest.mark.usefixtures("each_database")
def test_a_refused_token_is_renewed_once_for_all_who_report_it(up: Up) -> None:
    connection, word = up.ground.connected(), key_for(up, "Acme")
    first = read(up, connection.id, word).json()
    up.ground.control.act("expire_sessions", app=BROWSER_APP)
    before = len(up.ground.requests(TOKEN))
    given = {"not_token": first["fingerprint"]}

    async def all_at_once() -> list[dict[str, Any]]:
        async with aiohttp.ClientSession() as session:

            async def one() -> dict[str, Any]:
                url = f"{up.url}/v1/connections/{connection.id}/token"
                headers = {"Authorization": f"Bearer {word}"}
                async with session.get(url, params=given, headers=headers) as answer:
                    assert answer.status == 200
                    return dict(await answer.json())

            return await asyncio.gather(*(one() for _ in range(20)))

    tokens = asyncio.run(all_at_once())
    assert {each["generation"] for each in tokens} == {tokens[0]["generation"]}
    assert tokens[0]["access_token"] != first["access_token"]
    assert up.ground.is_live(Secret(tokens[0]["access_token"]))
    assert len(up.ground.requests(TOKEN)) == before + 1


def test_a_dead_connection_has_no_token_and_salesforces_words_are_told(up: Up) -> None:
    connection, word = up.ground.connected(), key_for(up, "Acme")
    first = read(up, connection.id, word).json()
    up.ground.control.act("expire_sessions", app=BROWSER_APP)
    up.ground.control.act("revoke_app", app=BROWSER_APP)
    answer = read(up, connection.id, word, params={"not_token": first["fingerprint"]})
    assert (answer.status_code, problem(answer)) == (409, "refused")
    assert answer.json()["salesforce_error"] == "invalid_grant"
    later = read(up, connection.id, word, params={"not_token": first["fingerprint"]})
    assert (later.status_code, problem(later)) == (409, "no-token")


def test_a_token_that_cannot_be_renewed_just_now_says_when_to_come_back(up: Up) -> None:
    connection, word = up.ground.connected(), key_for(up, "Acme")
    first = read(up, connection.id, word).json()
    up.ground.fault(TOKEN, status=503, body="<html>down for maintenance</html>", times=9)
    answer = read(up, connection.id, word, params={"not_token": first["fingerprint"]})
    assert (answer.status_code, problem(answer)) == (503, "not-now")
    assert int(answer.headers["retry-after"]) >= 1


def test_a_paused_connection_gives_no_token(up: Up) -> None:
    connection, word = up.ground.connected(), key_for(up, "Acme")
    verbs.pause(up.ground.keeper, connection.id)
    assert problem(read(up, connection.id, word)) == "no-token"


# --- strangers -----------------------------------------------------------------------------------


def test_every_wrong_key_is_told_the_same(up: Up) -> None:
    connection, good = up.ground.connected(), key_for(up, "Acme")
    revoked = key_for(up, "Acme")
    verbs.revoke_key(up.ground.keeper, f"key_{revoked[5:21]}")
    expired = key_for(up, "Acme", days=0)
    wrong = [good[:-1] + ("A" if good[-1] != "A" else "B"), revoked, expired, up.key, "x", "evgk_"]
    answers = [read(up, connection.id, word) for word in wrong]
    assert {each.status_code for each in answers} == {401}
    assert len({each.content for each in answers}) == 1
    assert problem(answers[0]) == "no-key"
    assert {each.headers["www-authenticate"] for each in answers} == {"Bearer"}


@pytest.mark.usefixtures("each_database")
def test_a_key_cannot_tell_a_connection_of_others_from_none(up: Up) -> None:
    up.ground.connected()
    other = up.ground.connected("Globex", app=SERVER_APP)
    word = key_for(up, "Acme")
    theirs, none = read(up, other.id, word), read(up, "con_0000000000000000", word)
    by_name = read(up, "Globex", word)
    assert theirs.status_code == none.status_code == by_name.status_code == 404
    assert theirs.content == none.content == by_name.content
    assert problem(none) == "not-found"
    assert "Globex" not in theirs.text


def test_a_key_of_one_tenant_opens_nothing_of_another(up: Up) -> None:
    connection = up.ground.connected()
    word, _ = verbs.create_key(up.ground.keeper, "all", everything=True)
    assert read(up, connection.id, word.reveal()).status_code == 200
    verbs.add_tenant(up.ground.keeper, "other")
    theirs, _ = verbs.create_key(up.ground.keeper.of("other"), "all", everything=True)
    assert problem(read(up, connection.id, theirs.reveal())) == "not-found"


def test_nothing_is_asked_of_salesforce_for_who_may_not_have_it(up: Up) -> None:
    connection = up.ground.connected()
    up.ground.connected("Globex", app=SERVER_APP)
    word = key_for(up, "Globex")
    dead = up.ground.live(connection).credential.access_token.fingerprint
    before = len(up.ground.control.ask("GET", "/history"))
    assert read(up, connection.id, word, params={"not_token": dead}).status_code == 404
    assert len(up.ground.control.ask("GET", "/history")) == before


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"params": {"not_token": "no fingerprint"}}, "bad-request"),
        ({"params": {"other": "1"}}, "bad-request"),
        ({"params": [("not_token", "0" * 12)] * 2}, "bad-request"),
        ({"method": "POST"}, "method-not-allowed"),
        ({"method": "DELETE"}, "method-not-allowed"),
        ({"content": b"x" * 3_000_000}, "too-large"),
        ({"content": iter([b"x"])}, "too-large"),
    ],
)
def test_what_is_no_read_is_refused(up: Up, how: dict[str, Any], expected: str) -> None:
    connection, word = up.ground.connected(), key_for(up, "Acme")
    assert problem(read(up, connection.id, word, **how)) == expected


@pytest.mark.parametrize(
    "path", ["..%2f..%2fflows", "%2e%2e", "x" * 5000, "a%00b", "%F0%9F%92%A9", "'%20OR%201=1--"]
)
def test_a_crooked_id_is_nobodys(up: Up, path: str) -> None:
    up.ground.connected()
    answer = read(up, path, key_for(up, "Acme"))
    assert 400 <= answer.status_code < 500 or answer.status_code == 303
    assert "access_token" not in answer.text


def test_the_command_lines_api_takes_no_endless_body(up: Up) -> None:
    text = json.dumps({"text": "x" * 3_000_000}).encode()
    answer = up.api("POST", "/v1/flows/x/seen", content=text)
    assert (answer.status_code, problem(answer)) == (413, "too-large")


def test_a_key_that_reads_too_often_waits(up: Up) -> None:
    connection, word = up.ground.connected(), key_for(up, "Acme", per_minute=2)
    answers = [read(up, connection.id, word) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert problem(answers[2]) == "too-often"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 30
    assert read(up, connection.id, key_for(up, "Acme")).status_code == 200


# --- keys ----------------------------------------------------------------------------------------


def test_the_store_holds_no_word_of_a_key(ground: Ground) -> None:
    ground.connected()
    word, key = verbs.create_key(ground.keeper, "sync", of_connections=["Acme"])
    assert verbs.key_of(ground.keeper, word.reveal()) == key
    raw = ground.keeper.store.path.read_bytes()
    assert word.reveal().rsplit("_", 1)[1].encode() not in raw
    assert word.reveal() not in repr(key)


def test_a_key_opens_the_connections_of_an_integration_that_come_later(ground: Ground) -> None:
    integration = ground.integration()
    word, key = verbs.create_key(ground.keeper, "sync", of_integrations=[integration.name])
    connection = ground.connected()
    assert key.opens == (integration.id,)
    token = asyncio.run(_read(ground, word, connection))
    assert token.connection == connection.id


def test_a_key_that_opens_nothing_is_not_made(ground: Ground) -> None:
    with pytest.raises(BadInput, match="opens nothing"):
        verbs.create_key(ground.keeper, "sync")
    with pytest.raises(NotFound):
        verbs.create_key(ground.keeper, "sync", of_connections=["nobody"])
    assert verbs.list_keys(ground.keeper) == []


def test_revoking_by_name_ends_every_key_of_that_name_and_only_those(ground: Ground) -> None:
    ground.connected()
    made = [
        verbs.create_key(ground.keeper, name, of_connections=["Acme"])
        for name in ("sync", "sync", "other")
    ]
    verbs.revoke_key(ground.keeper, "sync")
    found = [verbs.key_of(ground.keeper, word.reveal()) for word, _ in made]
    assert found == [None, None, made[2][1]]
    with pytest.raises(NotFound, match="sync"):
        verbs.revoke_key(ground.keeper, "sync")


# --- the log of reads ----------------------------------------------------------------------------


async def _read(ground: Ground, word: Secret, connection: Connection, times: int = 1) -> Any:
    broker = Broker(ground.keeper)
    try:
        async with aiohttp.ClientSession() as via:
            for _ in range(times):
                key = await broker.key(word.reveal())
                assert key is not None
                token = await broker.read(key, connection.id, via)
        return token
    finally:
        broker.close()


def test_it_is_written_down_which_key_read_which_token_how_often(ground: Ground) -> None:
    connection = ground.connected()
    word, key = verbs.create_key(ground.keeper, "sync", of_connections=["Acme"])
    asyncio.run(_read(ground, word, connection, times=5))
    [line] = verbs.token_log(ground.keeper, connection="Acme")
    assert (line.key, line.connection, line.times) == (key.id, connection.id, 5)
    assert line.fingerprint == ground.live(connection).credential.access_token.fingerprint
    assert line.last_at >= line.first_at


@pytest.mark.usefixtures("each_database")
def test_the_line_of_a_read_is_on_the_disk_before_the_token_is_handed_out(up: Up) -> None:
    connection, word = up.ground.connected(), key_for(up, "Acme")
    assert read(up, connection.id, word).status_code == 200
    [line] = verbs.token_log(up.ground.keeper)
    assert line.key == f"key_{word[5:21]}"


def test_who_reads_too_often_is_told_how_long_to_wait_and_leaves_no_line(ground: Ground) -> None:
    connection = ground.connected()
    word, _ = verbs.create_key(ground.keeper, "sync", of_connections=["Acme"], per_minute=1)
    with pytest.raises(TooOften) as met:
        asyncio.run(_read(ground, word, connection, times=2))
    assert 0 < met.value.retry_after_s <= 60
    assert [each.times for each in verbs.token_log(ground.keeper)] == [1]


def test_the_log_of_an_unknown_connection_is_not_found(ground: Ground) -> None:
    with pytest.raises(NotFound):
        verbs.token_log(ground.keeper, connection="nobody")


def test_keys_of_a_removed_connection_still_stand_in_the_list(ground: Ground) -> None:
    connection = ground.connected()
    _, key = verbs.create_key(ground.keeper, "sync", of_connections=["Acme"])
    verbs.remove(ground.keeper, connection.id)
    assert verbs.list_keys(ground.keeper) == [key]
    with ground.keeper.reading() as tx:
        assert api_keys.find(tx, key.id) == key
        assert connections.by_id(tx, connection.id).name == "Acme"


def test_a_policy_refusal_of_calls_is_not_cured_by_the_broker(ground: Ground) -> None:
    """The broker learns of a refusal only from its callers: it calls no REST API itself."""
    connection = ground.connected()
    ground.fault("/services/data", **no_session())
    word, _ = verbs.create_key(ground.keeper, "sync", of_connections=["Acme"])
    before = len(ground.control.ask("GET", "/history"))
    asyncio.run(_read(ground, word, connection))
    assert len(ground.control.ask("GET", "/history")) == before


# --- several credentials -------------------------------------------------------------------------


def test_a_part_is_read_by_its_name_and_each_read_is_written_down(up: Up) -> None:
    connection, word = connected(up.ground), key_for(up, "Acme")
    whole = read(up, connection.id, word)
    part = read(up, connection.id, word, params={"part": WRITER})
    assert (whole.json()["part"], part.json()["part"]) == ("main", WRITER)
    kept = up.ground.live(connection, WRITER).credential
    assert part.json()["access_token"] == kept.access_token.reveal()
    known = {"If-None-Match": part.headers["etag"]}
    assert read(up, connection.id, word, headers=known).status_code == 200
    again = read(up, connection.id, word, headers=known, params={"part": WRITER})
    assert again.status_code == 304
    prints = {each.fingerprint for each in verbs.token_log(up.ground.keeper)}
    assert prints == {each.json()["fingerprint"] for each in (whole, part)}


@pytest.mark.parametrize(("part", "status"), [("reader", 404), ("", 400), ("a/b", 400)])
def test_a_part_that_is_not_there_or_no_name_is_refused(up: Up, part: str, status: int) -> None:
    connection, word = up.ground.connected(), key_for(up, "Acme")
    answer = read(up, connection.id, word, params={"part": part})
    assert (answer.status_code, problem(answer) != "") == (status, True)


def test_a_refused_token_of_a_part_is_renewed_and_the_other_stays(up: Up) -> None:
    connection, word = connected(up.ground), key_for(up, "Acme")
    main = up.ground.live(connection)
    old = up.ground.live(connection, WRITER).credential.access_token
    about = {"part": WRITER, "not_token": old.fingerprint}
    answer = read(up, connection.id, word, params=about)
    assert answer.status_code == 200
    assert answer.json()["access_token"] != old.reveal()
    assert up.ground.live(connection) == main
