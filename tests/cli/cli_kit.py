"""The command line as people run it: a real process, a data folder of its own, and its ending."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BYTECODE = ROOT / ".pytest_cache" / "bytecode"
"""Compiled modules of the processes that tests start: they are many, and compiling is slow."""
DEAD = '{"error":"invalid_grant","error_description":"expired access/refresh token"}'
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.out)


def environ(folder: Path, **more: str) -> dict[str, str]:
    """An environment with nothing of the operator's in it."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ}
    own = {
        "HOME": str(folder),
        "EVERGRANT_DATA_DIR": str(folder / "data"),
        "PYTHONPYCACHEPREFIX": str(BYTECODE),
    }
    return {**kept, **own, **more}


def evergrant(
    *words: str, folder: Path, stdin: str | bytes = b"", timeout: float = PATIENCE_S, **more: str
) -> Ended:
    """Run a command to its end; `more` is environment."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [sys.executable, "-m", "evergrant.cli", *words],
        input=given,
        capture_output=True,
        timeout=timeout,
        env=environ(folder, **more),
        cwd=folder,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


@contextmanager
def running(*words: str, folder: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command that runs on; it is killed at the end if it still lives."""
    process = subprocess.Popen(
        [sys.executable, "-m", "evergrant.cli", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ(folder, **more),
        cwd=folder,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """Read what a process says until something in it matches."""
    assert process.stdout is not None
    text, give_up = "", time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        if not select.select([process.stdout], [], [], 0.2)[0]:
            continue
        line = process.stdout.readline()
        text += line
        if found := re.search(pattern, text):
            return found
        if not line:
            break
    raise AssertionError(f"{pattern!r} was never said: {text!r}")


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for a process that was told to stop."""
    out, err = process.communicate(timeout=PATIENCE_S)
    return Ended(process.returncode, out, err)


def assert_told(end: Ended, code: int, *words: str) -> None:
    """The exit code, and a message that says all of that and shows no traceback."""
    assert "Traceback" not in end.err + end.out
    assert (end.code, end.err or end.out) == (code, end.err or end.out)
    for word in words:
        assert word in end.err, f"{word!r} is not in {end.err!r}"


def normalized(text: str, names: Mapping[str, str]) -> str:
    """The text with what differs from run to run replaced by names."""
    for pattern, name in names.items():
        text = re.sub(pattern, name, text)
    return text
