"""Reads of the token broker over HTTP, and the problems that it tells."""

from __future__ import annotations

from typing import Any

import httpx2

from evergrant import keeper as verbs
from service_kit import Up

PROBLEM = "application/problem+json"


def key_for(up: Up, *names: str, **how: Any) -> str:
    """The word of a new key for these connections."""
    word, _ = verbs.create_key(up.ground.keeper, "test", of_connections=names, **how)
    return word.reveal()


def read(up: Up, connection: str, word: str, **how: Any) -> httpx2.Response:
    """One read of a connection's token."""
    headers = {"Authorization": f"Bearer {word}", **how.pop("headers", {})}
    url = f"{up.url}/v1/connections/{connection}/token"
    return httpx2.request(how.pop("method", "GET"), url, headers=headers, timeout=60, **how)


def problem(answer: httpx2.Response) -> str:
    """Which problem an answer tells, having the shape of one."""
    assert answer.headers["content-type"] == PROBLEM
    told = answer.json()
    assert told["status"] == answer.status_code
    assert told["title"]
    return str(told["type"]).removeprefix("urn:evergrant:problem:")
