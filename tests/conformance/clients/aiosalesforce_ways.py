"""aiosalesforce: the three authentications that it comes with."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from aiosalesforce import Salesforce
from aiosalesforce.auth import Auth, ClientCredentialsFlow, JwtBearerFlow, SoapLogin
from answering import serve
from loopback import MY_DOMAIN


def _to_loopback(url: str) -> Callable[[httpx.Request], Awaitable[None]]:
    """A hook that sends whatever is meant for an https host to the emulator."""
    ours = httpx.URL(url)

    async def redirect(request: httpx.Request) -> None:
        # The Host header stays: it names the host that the client asked for.
        request.url = request.url.copy_with(scheme="http", host=ours.host, port=ours.port)

    return redirect


def _rows(url: str, auth: Auth) -> dict[str, Any]:
    async def ask() -> int:
        async with httpx.AsyncClient(event_hooks={"request": [_to_loopback(url)]}) as http:
            client = Salesforce(http, f"https://{MY_DOMAIN}", auth)
            return len([row async for row in client.query("SELECT Id FROM Organization")])

    return {"rows": asyncio.run(ask())}


def client_credentials(url: str, client_id: str, client_secret: str) -> dict[str, Any]:
    return _rows(url, ClientCredentialsFlow(client_id, client_secret))


def jwt(url: str, client_id: str, username: str, key: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "key.pem"
        path.write_text(key, "ascii")
        return _rows(url, JwtBearerFlow(client_id, username, path))


def soap(url: str, username: str, password: str, security_token: str) -> dict[str, Any]:
    return _rows(url, SoapLogin(username, password, security_token))


def soap_trusted(url: str, username: str, password: str, org_id: str) -> dict[str, Any]:
    return _rows(url, SoapLogin(username, password, ""))


serve({
    "client credentials": client_credentials,
    "JWT bearer": jwt,
    "SOAP login": soap,
    "SOAP login from a trusted address": soap_trusted,
})  # fmt: skip
