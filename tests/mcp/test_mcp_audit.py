"""The tool `evergrant_audit` as an agent meets it: files below allowed folders, or an org."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from audit_kit import LOOSE_APP, TIGHT_APP
from cli_kit import environ
from evergrant import keeper as verbs
from evergrant.keeper.org_audits import audit_org
from evergrant.mcp import House
from keeper_kit import (  # noqa: F401 (fixtures)
    BROWSER_APP,
    KEY,
    Ground,
    ground_fixture,
    org_fixture,
)
from mcp_kit import Link, refused, talk, told

AUDIT = "evergrant_audit"


@pytest.fixture(autouse=True)
def same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The house opens what the test's keeper sealed."""
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)


def project(folder: Path, name: str = "Orbit", text: str = LOOSE_APP) -> Path:
    """A folder of connected apps with one app in it."""
    apps = folder / "force-app" / "connectedApps"
    apps.mkdir(parents=True, exist_ok=True)
    (apps / f"{name}.connectedApp-meta.xml").write_text(text, "utf-8")
    return apps


def house(ground: Ground, *folders: Path) -> House:
    return House(
        ground.keeper.settings, lambda _body: Link(), clock=ground.keeper.clock, folders=folders
    )


def test_an_agent_audits_a_folder_that_the_operator_allowed_over_stdio(tmp_path: Path) -> None:
    apps = project(tmp_path)
    words = ["-m", "evergrant.cli", "mcp", "--allow-folder", str(tmp_path / "force-app")]
    started = StdioServerParameters(command=sys.executable, args=words, env=environ(tmp_path))

    async def whole() -> None:
        async with Client(started) as client:
            found = await told(client, AUDIT, paths=[str(apps)])
            (zero,) = [each for each in found["findings"] if each["rule"] == "refresh-policy-zero"]
            assert (zero["code"], zero["status"], zero["app"]) == ("TOK-01", "fail", "Orbit Sync")
            assert zero["file"].endswith("Orbit.connectedApp-meta.xml")
            assert zero["line"] > 1
            assert zero["fixes"]
            assert found["unjudged_rules"] > 0, "files alone do not decide everything"
            assert "allowed" in await refused(client, AUDIT, paths=["/etc"])

    asyncio.run(whole())


def test_no_path_leads_out_of_the_folders_that_were_allowed(ground: Ground, tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    project(inside)
    secret = project(outside, "Secret", TIGHT_APP)
    (inside / "link").symlink_to(outside)
    ways = [
        str(secret),
        str(inside / ".." / "out"),
        str(inside / "link"),
        str(tmp_path),
        "/",
        str(outside / "not-there"),
    ]

    async def look(client: Client) -> None:
        said = {await refused(client, AUDIT, paths=[way]) for way in ways}
        assert len(said) == 1, "what is there, and what is not, sounds the same"
        assert "--allow-folder" in said.pop()
        mixed = [str(inside), str(secret)]
        await refused(client, AUDIT, paths=mixed)
        found = await told(client, AUDIT, paths=[str(inside)])
        assert "Ledger" not in json.dumps(found["findings"])
        assert any("symbolic link" in each for each in found["could_not_see"])

    talk(house(ground, inside), look)


def test_without_an_allowed_folder_no_file_is_read(ground: Ground, tmp_path: Path) -> None:
    apps = project(tmp_path)

    async def look(client: Client) -> None:
        assert "--allow-folder" in await refused(client, AUDIT, paths=[str(apps)])

    talk(house(ground), look)


def test_what_an_org_holds_is_told_with_what_it_explains_and_nothing_is_asked_of_it(
    ground: Ground,
) -> None:
    connection = ground.connected("Acme")
    ground.control.act("set_app", app=BROWSER_APP, refresh_policy="zero")
    audit_org(ground.keeper, connection.id, ground.control.session())
    ground.control.act("revoke_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    asked = len(ground.control.ask("GET", "/history"))

    async def look(client: Client) -> None:
        found = await told(client, AUDIT, connection="Acme")
        zero = next(each for each in found["findings"] if each["rule"] == "refresh-policy-zero")
        assert zero["since"]
        first = await told(client, AUDIT, connection="Acme", limit=1)
        assert (len(first["findings"]), first["next_offset"]) == (1, 1)
        assert first["total"] == found["total"] > 1
        assert "an admin's session" in found["looked_at"]

    talk(house(ground), look)
    assert len(ground.control.ask("GET", "/history")) == asked


def test_an_org_that_was_not_audited_is_no_org_without_findings(ground: Ground) -> None:
    ground.connected("Acme")

    async def look(client: Client) -> None:
        assert "not audited yet" in await refused(client, AUDIT, connection="Acme")
        assert "nobody" in await refused(client, AUDIT, connection="nobody")

    talk(house(ground), look)


def test_nothing_both_and_strangers_are_refused(ground: Ground, tmp_path: Path) -> None:
    project(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()

    async def look(client: Client) -> None:
        await refused(client, AUDIT)
        await refused(client, AUDIT, connection="Acme", paths=[str(tmp_path)])
        words = await refused(client, AUDIT, paths=[str(tmp_path)], profile="no-such-profile")
        assert "no-such-profile" in words
        assert "nothing was judged" in await refused(client, AUDIT, paths=[str(empty)])

    talk(house(ground, tmp_path), look)
