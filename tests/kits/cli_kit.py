"""The command line as people run it: a real process, a data folder of its own, and its ending."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
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
PATIENCE_S = 30.0


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


def evergrant(*words: str, folder: Path, stdin: str = "", **more: str) -> Ended:
    """Run a command to its end; `more` is environment."""
    done = subprocess.run(
        [sys.executable, "-m", "evergrant.cli", *words],
        input=stdin.encode(),
        capture_output=True,
        timeout=PATIENCE_S,
        env=environ(folder, **more),
        cwd=folder,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


class Running:
    """A command that runs on, and what it has said so far."""

    def __init__(
        self,
        words: tuple[str, ...],
        folder: Path,
        more: Mapping[str, str],
        *,
        python: str | Path = sys.executable,
    ) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed by `stop`
        self.process = subprocess.Popen(
            [python, "-m", "evergrant.cli", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environ(folder, **more),
            cwd=folder,
        )
        self._text = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._text += line

    def said(self, pattern: str) -> re.Match[str]:
        """Wait until something that it says matches."""
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            is_over = not self._reader.is_alive()
            if found := re.search(pattern, self._text):
                return found
            if is_over:
                break
            time.sleep(0.02)
        raise AssertionError(f"{pattern!r} was never said: {self._text!r} {self.errors()!r}")

    def complained(self, pattern: str) -> re.Match[str]:
        """Wait until something on standard error matches."""
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up and self.process.poll() is None:
            if found := re.search(pattern, self.errors()):
                return found
            time.sleep(0.02)
        raise AssertionError(f"{pattern!r} was never said: {self.errors()!r}")

    def over(self) -> Ended:
        """Wait for the end that it comes to by itself."""
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return Ended(code, self._text, self.errors())

    def errors(self) -> str:
        """What stands on standard error."""
        self._errors.seek(0)
        return self._errors.read()

    def told(self, signal: int) -> Ended:
        """Send a signal and wait for the end."""
        self.process.send_signal(signal)
        return self.over()

    def stop(self) -> None:
        """End it whatever it does, and give everything back."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._errors.close()


@contextmanager
def running(*words: str, folder: Path, **more: str) -> Iterator[Running]:
    """Start a command that runs on; it is killed at the end if it still lives."""
    started = Running(words, folder, more)
    try:
        yield started
    finally:
        started.stop()


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
