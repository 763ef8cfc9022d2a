"""The tools of an agent that works for one tenant."""

from __future__ import annotations

import pytest
from mcp import Client

from evergrant.mcp import House
from keeper_kit import KEY, Ground, ground_fixture, org_fixture  # noqa: F401 (fixtures)
from mcp_kit import Link, refused, talk, told
from tenant_kit import THEIRS, rival


@pytest.mark.parametrize("tenant", ["default", THEIRS])
def test_the_tools_know_the_connections_of_their_tenant_and_no_others(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, tenant: str
) -> None:
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)
    acme, theirs = ground.connected(), rival(ground)
    settings = ground.keeper.settings.but(tenant=tenant)
    own, other = acme.id, theirs.ids["connection_id"]
    if tenant == THEIRS:
        own, other = other, own

    async def look(client: Client) -> None:
        listed = await told(client, "evergrant_list_connections")
        assert own in str(listed)
        assert other not in str(listed)
        for tool in ("evergrant_show_connection", "evergrant_check_connection"):
            assert "there is no connection" in await refused(client, tool, connection=other)
        assert own in str(await told(client, "evergrant_show_connection", connection=own))

    house = House(settings, lambda _body: Link(), clock=ground.keeper.clock)
    talk(house, look, allow_writes=True)
