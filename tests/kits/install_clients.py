"""Installs the clients by their locks: quick where nothing changed, plain where one cannot be had.

What a registry does not deliver is said, noted for the tests, and no failure: they skip it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from real_clients import HERE, MODULES, PROGRAMS, VENV, Registry, note_of

ROOT = HERE.parents[1]
PATIENCE_S = 900
STAMP = ".installed"


@dataclass(frozen=True, slots=True)
class Source:
    """One registry: its lock, where its clients go, and the commands that bring them there."""

    registry: Registry
    lock: Path
    target: Path
    commands: tuple[Sequence[str], ...]

    def key(self) -> str:
        """What an installation is good for."""
        return f"{hashlib.sha256(self.lock.read_bytes()).hexdigest()} {sys.version}"


def sources() -> tuple[Source, Source]:
    """Both registries."""
    npm = shutil.which("npm") or "npm"
    uv = str(ROOT / ".venv" / "bin" / "uv")
    lock = HERE / "requirements.lock"
    install = (npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    return (
        Source("npm", HERE / "package-lock.json", MODULES, (install,)),
        Source("PyPI", lock, VENV, (
            (uv, "venv", "-q", "--clear", "--python", sys.executable, str(VENV)),
            (uv, "pip", "install", "-q", "--require-hashes", "-r", str(lock)),
        )),
    )  # fmt: skip


def install(source: Source) -> str:
    """Bring a registry's clients here; gives what went wrong, empty for nothing."""
    stamp = source.target / STAMP
    if stamp.exists() and stamp.read_text("utf-8") == source.key():
        return ""
    stamp.unlink(missing_ok=True)
    environment = {**os.environ, "VIRTUAL_ENV": str(VENV), "UV_PYTHON_DOWNLOADS": "never"}
    for command in source.commands:
        try:
            done = subprocess.run(
                command, cwd=HERE, env=environment, capture_output=True, text=True,
                timeout=PATIENCE_S,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if done.returncode != 0:
            return (done.stderr or done.stdout).strip()[-600:] or f"{command[0]} failed"
    stamp.write_text(source.key(), "utf-8")
    return ""


def main() -> int:
    """Install from both; a registry that does not deliver leaves its clients out."""
    for source in sources():
        names = ", ".join(
            each.name for each in PROGRAMS.values() if each.registry == source.registry
        )
        note = note_of(source.registry)
        note.unlink(missing_ok=True)
        if problem := install(source):
            reason = f"{source.registry} did not deliver {names}: they are left out"
            note.write_text(reason + "\n", "utf-8")
            print(f"conformance: {reason}\n{problem}", flush=True)
        else:
            print(f"conformance: {names} ({source.registry})", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
