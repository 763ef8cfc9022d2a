"""The tools as an agent meets them: the SDK's own client, over stdio and over HTTP."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from cli_kit import DEAD, environ, running
from evergrant import keeper as verbs
from evergrant.mcp import House
from keeper_kit import (  # noqa: F401 (fixtures)
    BROWSER_APP,
    KEY,
    Ground,
    ground_fixture,
    org_fixture,
)
from mcp_kit import Link, refused, talk, told

READ = {
    "evergrant_explain_term",
    "evergrant_diagnose_text",
    "evergrant_consult_doctor",
    "evergrant_list_connections",
    "evergrant_show_connection",
    "evergrant_audit",
    "evergrant_list_drills",
    "evergrant_run_drill",
}
WRITE = {"evergrant_check_connection", "evergrant_start_reauthorization"}
SECRET = "00D000000000001!AQ8AQFplantedplantedplanted"


@pytest.fixture(name="house")
def house_fixture(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A house on the store of the test's keeper."""
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)
    asked: list[dict[str, Any]] = []

    def begin(body: dict[str, Any]) -> Link:
        asked.append(body)
        return Link()

    made = House(ground.keeper.settings, begin, clock=ground.keeper.clock)
    made.asked = asked  # type: ignore[attr-defined]
    yield made
    made.close()


def test_every_tool_says_all_four_hints_and_the_shape_of_its_answer(house: House) -> None:
    async def look(client: Client) -> None:
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == READ | WRITE
        for tool in tools:
            hints = tool.annotations
            assert hints is not None
            assert tool.output_schema is not None
            assert tool.description
            assert hints.destructive_hint is False
            assert hints.read_only_hint is (tool.name in READ)
            assert hints.idempotent_hint is (tool.name in READ)
            assert hints.open_world_hint is (tool.name in WRITE)

    talk(house, look, allow_writes=True)


def test_what_writes_is_not_there_unless_it_was_allowed(house: House) -> None:
    async def look(client: Client) -> None:
        assert {tool.name for tool in (await client.list_tools()).tools} == READ
        await refused(client, "evergrant_start_reauthorization", connection="Acme")

    talk(house, look)


def test_a_broken_connection_is_listed_shown_and_consulted_on(ground: Ground, house: House) -> None:
    ground.connected("Acme")
    broken = ground.connected("Globex")
    ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(ground.keeper, broken.id)
    before = ground.history(broken, "diagnosed")

    async def look(client: Client) -> None:
        listed = await told(client, "evergrant_list_connections", needs_attention=True)
        assert [each["name"] for each in listed["connections"]] == ["Globex"]
        first = await told(client, "evergrant_list_connections", limit=1)
        assert (len(first["connections"]), first["total"], first["next_offset"]) == (1, 2, 1)
        shown = await told(client, "evergrant_show_connection", connection="Globex")
        assert shown["judgement"]["decision"] == "Admin change"
        assert shown["judgement"]["causes"][0]["id"] == "app-blocked-by-admin"
        seen = await told(client, "evergrant_consult_doctor", connection=broken.id)
        assert seen["gates"][0]["cause"] == "app-blocked-by-admin"

    talk(house, look)
    assert ground.history(broken, "diagnosed") == before


def test_a_link_is_given_and_never_a_token(ground: Ground, house: House) -> None:
    known = ground.connected("Acme")
    with ground.keeper.reading() as tx:
        kept = ground.keeper.vault.live(tx, known.id)
    assert kept is not None

    async def look(client: Client) -> None:
        begun = await told(client, "evergrant_start_reauthorization", connection="Acme")
        assert begun["link"] == Link.link
        for name in ("evergrant_show_connection", "evergrant_check_connection"):
            answer = json.dumps(await told(client, name, connection="Acme"))
            assert kept.credential.access_token.reveal() not in answer

    talk(house, look, allow_writes=True)
    assert house.asked == [  # type: ignore[attr-defined]
        {"integration": known.integration, "connection": known.id, "login_hint": ""}
    ]


def test_our_errors_are_tool_errors_that_say_what_to_do_next(house: House) -> None:
    async def look(client: Client) -> None:
        assert "IP_RESTRICTED" in await refused(
            client, "evergrant_explain_term", term="IP_RESTRICT"
        )
        words = await refused(client, "evergrant_show_connection", connection="nobody")
        assert "nobody" in words
        assert "Traceback" not in words
        await refused(client, "evergrant_consult_doctor")
        await refused(client, "evergrant_consult_doctor", answers_given={"no.fact": True})
        await refused(client, "evergrant_run_drill", scenario="no-such-scenario")
        await refused(client, "evergrant_diagnose_text", text=DEAD, flow="no-such-flow")

    talk(house, look)


def test_a_question_of_the_doctor_can_be_answered(house: House) -> None:
    async def look(client: Client) -> None:
        text = "invalid_grant: expired access/refresh token"
        first = await told(client, "evergrant_consult_doctor", text=text)
        asked = first["question"]
        assert asked["choices"]
        again = await told(
            client,
            "evergrant_consult_doctor",
            text=text,
            answers_given={asked["fact"]: asked["choices"][0]},
        )
        assert again["question"] is None or again["question"]["fact"] != asked["fact"]

    talk(house, look)


HISTORY = """\
"Username","Login Time","Source IP","Login Type","Status","Application"
"int@acme.example","11/20/2026, 08:00:00 AM GMT","203.0.113.7","Remote Access 2.0","Success","Orbit"
"int@acme.example","11/21/2026, 08:00:00 AM GMT","203.0.113.7","Remote Access 2.0",\
"Failed: Not approved for access","Orbit"
"""
CURL = """\
curl -X POST https://login.salesforce.com/services/oauth2/token \\
  -H 'Content-Type: application/json' -d '{"grant_type":"refresh_token"}'
{"error":"unsupported_grant_type","error_description":"grant type not supported"}
"""


@pytest.mark.parametrize(
    ("text", "cause"), [(HISTORY, "user-not-preauthorized"), (CURL, "malformed-request")]
)
def test_exports_and_commands_are_read_as_the_command_line_reads_them(
    house: House, text: str, cause: str
) -> None:
    async def look(client: Client) -> None:
        found = await told(client, "evergrant_diagnose_text", text=text, app="Orbit")
        assert found["causes"][0]["id"] == cause
        seen = await told(client, "evergrant_consult_doctor", text=text)
        assert seen["judgement"]["causes"][0]["id"] == cause

    talk(house, look)


def test_a_secret_in_a_pasted_text_is_never_given_back(house: House) -> None:
    async def look(client: Client) -> None:
        text = f"access_token={SECRET}\ninvalid_grant: expired access/refresh token {SECRET}"
        for name in ("evergrant_diagnose_text", "evergrant_consult_doctor"):
            assert "plantedplanted" not in json.dumps(await told(client, name, text=text))

    talk(house, look)


@pytest.mark.slow
def test_a_drill_is_played_to_its_proof(house: House) -> None:
    async def look(client: Client) -> None:
        assert "app-blocked-by-admin" in (await told(client, "evergrant_list_drills"))["scenarios"]
        played = await told(client, "evergrant_run_drill", scenario="app-blocked-by-admin")
        last = played["rows"][-1]
        assert (last["first"], last["proven"]) == ("app-blocked-by-admin", True)

    talk(house, look)


@pytest.mark.slow
def test_an_agent_speaks_with_it_over_stdio(tmp_path: Path) -> None:
    started = StdioServerParameters(
        command=sys.executable, args=["-m", "evergrant.cli", "mcp"], env=environ(tmp_path)
    )

    async def whole() -> None:
        async with Client(started) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == READ
            found = await told(
                client, "evergrant_explain_term", term="Failed: Not approved for access"
            )
            assert found["causes"][0] == "user-not-preauthorized"

    asyncio.run(whole())


@pytest.mark.slow
def test_over_http_it_knows_the_operators_key_and_nobody_else(tmp_path: Path) -> None:
    with running("mcp", "--http", "--port", "0", folder=tmp_path) as started:
        url = started.complained(r"http://127\.0\.0\.1:\d+/mcp")[0]
        key = (tmp_path / "data" / "operator.key").read_text().strip()
        assert httpx2.post(url, json={}).status_code == 401
        wrong = httpx2.post(url, json={}, headers={"Authorization": "Bearer wrong"})
        assert wrong.status_code == 401
        asyncio.run(_explained_over_http(url, key))
        assert key not in started.errors()
        # NOTE: a web page that rebinds its own name to loopback still sends its own Host.
        rebound = {"Authorization": f"Bearer {key}", "Host": "evil.example"}
        assert httpx2.post(url, json={}, headers=rebound).status_code in (400, 403, 421)


async def _explained_over_http(url: str, key: str) -> None:
    async with _client(url, key) as client:
        found = await told(client, "evergrant_diagnose_text", text=DEAD)
        assert re.match(r"Reauthorize|Look first", found["decision"])


@asynccontextmanager
async def _client(url: str, key: str) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        yield client
