"""The ETag of a token: whoever has the token is told so, and nobody is told so wrongly."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from broker_kit import key_for, read
from evergrant import keeper as verbs
from evergrant.keeper import Keeper
from evergrant.keeper.broker import Broker, Unchanged
from evergrant.keeper.fresh import Token
from evergrant.model import Secret
from evergrant.store import lifetimes
from keeper_kit import (
    BROWSER_APP,
    KEY,
    TOKEN,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)
from service_kit import (
    Up,
    up_fixture,  # noqa: F401 (a fixture)
)


def test_who_has_the_token_already_is_told_so_and_gets_no_second_copy(up: Up) -> None:
    connection, word = up.ground.connected(), key_for(up, "Acme")
    tag = read(up, connection.id, word).headers["etag"]
    again = read(up, connection.id, word, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = read(up, connection.id, word, headers={"If-None-Match": '"0.99"'})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("known", "status"),
    [
        ("{tag}", 304),
        ("W/{tag}", 304),
        ('"0.1-x", {tag}', 304),
        ("*", 304),
        ('"*"', 200),
        ('"0.1-x", W/"0.2-x"', 200),
        ("", 200),
        ('"', 200),
        ('"' * 5000, 200),
    ],
)
def test_a_condition_is_read_as_http_defines_it(up: Up, known: str, status: int) -> None:
    connection, word = up.ground.connected(), key_for(up, "Acme")
    tag = read(up, connection.id, word).headers["etag"]
    answer = read(up, connection.id, word, headers={"If-None-Match": known.format(tag=tag)})
    assert (answer.status_code, answer.headers["etag"]) == (status, tag)


@pytest.mark.parametrize("known", ["{tag}", "*"])
def test_who_reports_a_token_is_given_one_whatever_it_has_already(up: Up, known: str) -> None:
    connection, word = up.ground.connected(), key_for(up, "Acme")
    first = read(up, connection.id, word)
    given = {"If-None-Match": known.format(tag=first.headers["etag"])}
    about = {"not_token": "0" * 12}
    late = read(up, connection.id, word, headers=given, params=about)
    assert late.json()["access_token"] == first.json()["access_token"]
    about = {"not_token": first.json()["fingerprint"]}
    other = read(up, connection.id, word, headers=given, params=about)
    assert other.json()["access_token"] != first.json()["access_token"]


def test_a_token_that_could_not_be_renewed_is_told_in_full_with_the_reason(up: Up) -> None:
    connection, word = up.ground.connected(), key_for(up, "Acme")
    known = {"If-None-Match": read(up, connection.id, word).headers["etag"]}
    with up.ground.keeper.writing() as tx:
        now, org = up.ground.keeper.clock.now(), connection.identity
        assert org is not None
        lifetimes.told(tx, connection.integration, org.org_id, 900, "introspection", now)
    up.ground.control.advance(timedelta(seconds=880))
    up.ground.fault(TOKEN, status=503, body="<html>down for maintenance</html>", times=9)
    answer = read(up, connection.id, word, headers=known)
    assert (answer.status_code, answer.headers["etag"]) == (200, known["If-None-Match"])
    assert answer.json()["stale"]


def test_no_etag_comes_again_after_a_restore(ground: Ground, tmp_path: Path) -> None:
    connection, backup = ground.connected(), tmp_path / "backup.db"
    verbs.back_up(ground.keeper, backup)
    verbs.check(ground.keeper, connection.id, renew=True)
    held, counted = verbs.fresh_token(ground.keeper, connection.id), ground.live(connection)
    clock = ground.keeper.clock
    settings = ground.keeper.settings.but(data_dir=tmp_path / "restored")
    verbs.restore(settings, backup, clock=clock, environ=KEY)
    ground.control.act("expire_sessions", app=BROWSER_APP)
    with verbs.open_keeper(settings, clock=clock, environ=KEY) as keeper:
        verbs.check(keeper, connection.id)
        with keeper.reading() as tx:
            live = keeper.vault.live(tx, connection.id)
        assert live is not None
        assert (live.epoch, live.generation) == (counted.epoch, counted.generation)
        given = asyncio.run(brokered(keeper, connection.id, known=[held.generation]))
    assert isinstance(given, Token)
    assert given.access_token == live.credential.access_token != held.access_token


async def brokered(keeper: Keeper, connection: str, known: Container[str]) -> Token | Unchanged:
    word: Secret = verbs.create_key(keeper, "app", everything=True)[0]
    broker = Broker(keeper)
    try:
        async with aiohttp.ClientSession() as via:
            key = await broker.key(word.reveal())
            assert key is not None
            return await broker.read(key, connection, via, known=known)
    finally:
        broker.close()
