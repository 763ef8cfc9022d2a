"""Authlib's asynchronous client, unmodified.

It renews by itself where it was told when a token ends; Salesforce's answers name no end, so it is
told here, once, that the first has ended.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "conformance" / "clients"))

from answering import serve
from authlib.integrations.httpx_client import AsyncOAuth2Client

TOKEN, QUERY = "/services/oauth2/token", "/services/data/v66.0/query/"
held: dict[str, Any] = {}


def _client(url: str, client_id: str, client_secret: str, **token: Any) -> AsyncOAuth2Client:
    return AsyncOAuth2Client(
        client_id, client_secret, token=token or None, token_endpoint=url + TOKEN,
        token_endpoint_auth_method="client_secret_post",
    )  # fmt: skip


def rate(url: str, seconds: float, at_once: int) -> float:
    async def play() -> float:
        client = _client(url, "key", "secret")
        done, ends = 0, time.perf_counter() + seconds

        async def one(token: str) -> None:
            nonlocal done
            while time.perf_counter() < ends:
                told = await client.refresh_token(url + TOKEN, refresh_token=token)
                token = told["refresh_token"]
                done += 1

        await asyncio.gather(*(one(f"r{number}") for number in range(at_once)))
        return done / seconds

    return asyncio.run(play())


def hold(**words: Any) -> None:
    held.update(words)


def _made() -> AsyncOAuth2Client:
    tokens = {name: held[name] for name in ("access_token", "refresh_token")}
    app = held["url"], held["client_id"], held["client_secret"]
    return _client(*app, token_type="Bearer", expires_at=1, **tokens)


def call(callers: int) -> dict[str, Any]:
    async def play() -> dict[str, Any]:
        client = _made()

        async def one() -> bool:
            answer = await client.get(held["url"] + QUERY, params={"q": "SELECT Id FROM User"})
            return bool(answer.status_code == 200)

        found = await asyncio.gather(*(one() for _ in range(callers)), return_exceptions=True)
        return {"served": found.count(True), "refresh_token": client.token["refresh_token"]}

    return asyncio.run(play())


def renew() -> str:
    async def play() -> str:
        client = _made()
        await client.refresh_token(held["url"] + TOKEN)
        return str(client.token["refresh_token"])

    return asyncio.run(play())


serve({"rate": rate, "hold": hold, "call": call, "renew": renew})
