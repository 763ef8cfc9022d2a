"""jsforce, as npm delivers it, cannot tell the emulator from Salesforce."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from evergrant.drills.robot import Person, browser, walk
from evergrant.emulator.server import Emulator

HERE = Path(__file__).parent
CALLBACK = "http://localhost:1717/OauthRedirect"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (HERE / "node_modules" / "jsforce").is_dir() or shutil.which("node") is None,
        reason="jsforce is not installed: `make conformance` installs it",
    ),
]


class Script:
    """A Node script that says one JSON line per step."""

    def __init__(self, name: str, **environment: str) -> None:
        node = shutil.which("node") or "node"
        self.process = subprocess.Popen(
            [node, name],
            cwd=HERE,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def next(self, step: str) -> dict[str, Any]:
        """The next line, which must be of this step."""
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline() or '{"step": "the script ended"}')
        assert told["step"] == step, told
        return dict(told)

    def tell(self, line: str) -> None:
        """One line to the script."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def close(self) -> None:
        """Wait for the end, and leave no pipe open."""
        self.process.communicate(timeout=30)


def test_jsforce_authorizes_with_pkce_queries_and_refreshes(
    org: Emulator, world: dict[str, Any]
) -> None:
    app = next(each for each in world["apps"] if each["name"] == "orbit-sync")
    user = next(each for each in world["users"] if each["username"].startswith("integration@"))
    script = Script(
        "jsforce.mjs",
        LOGIN_URL=org.url,
        CLIENT_ID=app["consumer_key"],
        CLIENT_SECRET=app["consumer_secret"],
        CALLBACK=CALLBACK,
    )
    try:
        link = script.next("authorize")["url"]
        assert "code_challenge=" in link
        person = Person(user["username"], user["password"])
        with browser() as profile:
            sight = walk(link, person, CALLBACK, browser=profile, follow=False)
        script.tell(parse_qs(urlsplit(sight.url).query)["code"][0])
        assert script.next("authorized")["userId"].startswith("005")
        assert script.next("queried")["rows"] > 0
        assert script.next("refreshed") == {"step": "refreshed", "renewed": 1, "rows": 1}
        assert script.next("refreshed by hand")["hasToken"] is True
        garbage = script.next("garbage")
        assert (garbage["error"], garbage["message"]) == (
            "invalid_grant",
            "expired access/refresh token",
        )
    finally:
        script.close()
