"""A conversation with the tools, by the SDK's own client, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from mcp import Client

from evergrant.mcp import House, server

Talk = Callable[[Client], Awaitable[None]]


class Link:
    """A browser authorization that a service would have begun."""

    id, link = "flow_1", "http://127.0.0.1:8400/start/once"


def talk(house: House, talk_to: Talk, *, allow_writes: bool = False) -> None:
    """One conversation with a server in this process; the house is closed after it."""

    async def whole() -> None:
        async with Client(server(house, allow_writes=allow_writes)) as client:
            await talk_to(client)

    try:
        asyncio.run(whole())
    finally:
        house.close()


async def told(client: Client, name: str, **given: Any) -> dict[str, Any]:
    """What a tool answers, as its schema has it."""
    answer = await client.call_tool(name, given)
    assert not answer.is_error, answer.content
    assert answer.structured_content is not None
    return dict(answer.structured_content)


async def refused(client: Client, name: str, **given: Any) -> str:
    """What a tool says where it cannot."""
    answer = await client.call_tool(name, given)
    assert answer.is_error
    return str(getattr(answer.content[0], "text", ""))
