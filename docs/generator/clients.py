"""docs/reference/clients.md: real clients run against the emulator, from the last whole run.

`make conformance` runs them and writes clients.json beside this file; this page needs no client.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generator.markdown import code, table
from generator.markdown import page as whole

RESULTS = Path(__file__).with_name("clients.json")
NOTES = {
    ("jsforce", "user-agent"): "in browsers only",
    ("jsforce", "refresh with rotation"): "keeps the old token, fails at the second refresh",
}
"""What is to be said of a client where it did not get in."""


def page() -> str:
    """The whole page."""
    clients: list[dict[str, Any]] = json.loads(RESULTS.read_text("utf-8"))
    flows = list(dict.fromkeys(flow for each in clients for flow in each["ways"]))
    return whole(
        "Clients",
        "Clients that npm and PyPI deliver, run unmodified against the emulator by "
        "`make conformance`.\n"
        "Each way in ends with a query and, where there is a login, with its Success row in Login "
        "History; then one thing is wrong and the client has to show Salesforce's words.",
        "## Who was run",
        table(["client", "package"], ((each["client"], code(each["from"])) for each in clients)),
        "## Client by flow",
        "*works*: it got in, queried, and was refused with the text below when one thing was "
        "wrong; *–*: the client does not offer the flow.",
        table(["flow", *(each["client"] for each in clients)], _matrix(clients, flows)),
        "## What a refused client shows",
        "`…` stands for an address.\n"
        "`fetch failed` is what a client says of hosts that are not loopback: none can be reached.",
        table(["client", "flow", "what it shows"], _refusals(clients)),
        "## How each is pointed at loopback",
        table(["client", "by what of its own"], HOW.items()),
    )  # fmt: skip


HOW = {
    "jsforce": "`loginUrl` and `instanceUrl`",
    "simple-salesforce": "a `session` whose adapter for https ends at the emulator; it writes "
    "https and `.salesforce.com` by itself",
    "Authlib": "the addresses of the endpoints; `token_endpoint_auth_method` is "
    "`client_secret_post`",
    "requests-oauthlib": "the addresses of the endpoints, and `OAUTHLIB_INSECURE_TRANSPORT=1` for "
    "plain http",
    "aiosalesforce": "an httpx client whose request hook names the emulator; it takes My Domain "
    "addresses only",
    "airbyte-cdk": "`token_refresh_endpoint`",
    "Salesforce CLI": "`--instance-url`, for `login jwt` also `SF_AUDIENCE_URL`; `login sfdx-url` "
    "speaks TLS only and takes the emulator's authority by `NODE_EXTRA_CA_CERTS`",
}


def _matrix(clients: list[dict[str, Any]], flows: list[str]) -> Iterator[list[str]]:
    for flow in sorted(flows):
        cells = (
            "works" if flow in each["ways"] else NOTES.get((each["client"], flow), "–")
            for each in clients
        )
        yield [flow, *cells]


def _refusals(clients: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for each in clients:
        for flow, text in each["ways"].items():
            yield each["client"], flow, code(text)
