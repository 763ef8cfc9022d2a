"""Salesforce CLI as npm delivers it: in a home of its own, with nothing to reach but loopback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from real_clients import MODULES, environment, node

PATIENCE_S: Final = 90.0
_BROWSER: Final = '#!/bin/sh\nexec "{python}" "{script}" "$@"\n'


class SalesforceCli:
    """`sf`, with the logins that one home remembers."""

    def __init__(self, home: Path, **words: str) -> None:
        self._home = home
        self._environment = environment(
            HOME=str(home), BROWSER=str(_browser(home)),
            SF_AUTOUPDATE_DISABLE="true", SF_DISABLE_LOG_FILE="true",
            SF_DISABLE_TELEMETRY="true", SF_SKIP_NEW_VERSION_CHECK="true",
            SF_USE_GENERIC_UNIX_KEYCHAIN="true", SF_WEB_OAUTH_SERVER_TIMEOUT="30000", **words,
        )  # fmt: skip

    def run(self, *arguments: str, **words: str) -> dict[str, Any]:
        """One command; gives the JSON that it says."""
        done = subprocess.run(
            [node(), str(MODULES / "@salesforce" / "cli" / "bin" / "run.js"), *arguments, "--json"],
            stdin=subprocess.DEVNULL, env=self._environment | words, cwd=self._home,
            capture_output=True, text=True, timeout=PATIENCE_S,
        )  # fmt: skip
        try:
            return dict(json.loads(done.stdout))
        except ValueError:
            raise AssertionError(f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}") from None

    def rows(self, target: str) -> int:
        """How many organizations a query through a login finds: one."""
        query = "SELECT Id FROM Organization"
        told = self.run("data", "query", "--query", query, "--target-org", target)
        assert told["status"] == 0, told
        return int(told["result"]["totalSize"])


def _browser(home: Path) -> Path:
    """A program that a command can open addresses with."""
    script = Path(__file__).parents[1] / "conformance" / "clients" / "person.py"
    path = home / "browser"
    path.write_text(_BROWSER.format(python=sys.executable, script=script), "utf-8")
    path.chmod(0o700)
    return path
