"""Many refreshes in one transaction: each caller gets its own, and one failure is one failure."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from engine_kit import refused
from evergrant import wire
from evergrant.errors import NotFound
from evergrant.keeper.engine import Fresh, Outcome, Want
from evergrant.model import Connection
from evergrant.oauth.revoke import revoke
from keeper_kit import (
    BROWSER_APP,
    TOKEN,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)
from store_kit import each_database_fixture  # noqa: F401 (a fixture)

MANY = 4  # a user's fifth approval of one app ends the first


def _connected(ground: Ground) -> list[Connection]:
    """Several connections, whose tokens rotate."""
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    return [ground.connected(f"Org {number}") for number in range(MANY)]


async def _renewed(ground: Ground, wants: list[Want]) -> list[Outcome | BaseException]:
    async with aiohttp.ClientSession() as via:
        asked = (ground.keeper.engine.arenew(want, via) for want in wants)
        return await asyncio.gather(*asked, return_exceptions=True)


@pytest.mark.usefixtures("each_database")
def test_of_many_renewed_at_once_each_gets_its_own_token(ground: Ground) -> None:
    connections = _connected(ground)
    wants = [refused(ground, each) for each in connections]
    before = len(ground.requests(TOKEN))
    outcomes = asyncio.run(_renewed(ground, wants))
    tokens = set()
    for connection, want, outcome in zip(connections, wants, outcomes, strict=True):
        assert isinstance(outcome, Fresh)
        assert outcome.kept == ground.live(connection)
        assert outcome.kept.credential.access_token.fingerprint != want.not_token
        assert ground.is_live(outcome.kept.credential.refresh_token)
        tokens.add(outcome.kept.credential.access_token.reveal())
    assert len(tokens) == MANY
    assert len(ground.requests(TOKEN)) == before + MANY


@pytest.mark.usefixtures("each_database")
def test_a_connection_that_is_not_there_takes_nobody_else_down(ground: Ground) -> None:
    wants = [refused(ground, each) for each in _connected(ground)]
    *known, nobody = asyncio.run(_renewed(ground, [*wants, Want("con_nobody", "x", refused=True)]))
    assert all(isinstance(outcome, Fresh) for outcome in known)
    assert isinstance(nobody, NotFound)


def test_one_refusal_among_many_is_the_failure_of_one(ground: Ground) -> None:
    connections = _connected(ground)
    wants = [refused(ground, each) for each in connections]
    dead = ground.live(connections[1]).credential.refresh_token
    assert dead is not None
    wire.run(revoke(ground.org.url, dead))
    outcomes = asyncio.run(_renewed(ground, wants))
    assert [isinstance(each, Fresh) for each in outcomes] == [True, False, True, True]
