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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nursery import Child, born

ROOT = Path(__file__).resolve().parents[2]
BYTECODE = ROOT / ".pytest_cache" / "bytecode"
"""Compiled modules of the processes that tests start: they are many, and compiling is slow."""
DEAD = '{"error":"invalid_grant","error_description":"expired access/refresh token"}'
PATIENCE_S = 120.0
KEPT = ("PATH", "LANG", "SYSTEMROOT", "TMPDIR", "SSL_CERT_DIR")


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
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    own = {
        "HOME": str(folder),
        "EVERGRANT_DATA_DIR": str(folder / "data"),
        "PYTHONPYCACHEPREFIX": str(BYTECODE),
    }
    return {**kept, **own, **more}


def started(
    words: Sequence[str],
    folder: Path,
    more: Mapping[str, str],
    streams: tuple[int, int, int],
    python: str | Path | None = None,
) -> Child | subprocess.Popen[bytes]:
    """A process on these standard streams; Python starts anew for it where that is to be seen."""
    given = environ(folder, **more)
    if python is None and not any(name.startswith("PYTHON") for name in more):
        return born(words, given, folder, streams)
    command, (stdin, out, err) = [python or sys.executable, "-m", "evergrant.cli", *words], streams
    return subprocess.Popen(command, stdin=stdin, stdout=out, stderr=err, env=given, cwd=folder)


def evergrant(*words: str, folder: Path, stdin: str = "", **more: str) -> Ended:
    """Run a command to its end; `more` is environment."""
    with ExitStack() as files:
        given, out, err = (files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        given.write(stdin.encode())
        given.seek(0)
        streams = (given.fileno(), out.fileno(), err.fileno())
        child = started(words, folder, more, streams)
        try:
            code = child.wait(PATIENCE_S)
        finally:
            child.kill()
            child.wait()
        out.seek(0)
        err.seek(0)
        return Ended(code, out.read().decode(), err.read().decode())


class Running:
    """A command that runs on, and what it has said so far."""

    def __init__(
        self,
        words: tuple[str, ...],
        folder: Path,
        more: Mapping[str, str],
        *,
        python: str | Path | None = None,
    ) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed by `stop`
        read, write = os.pipe()
        with open(os.devnull) as nothing, os.fdopen(write):  # noqa: PTH123
            streams = (nothing.fileno(), write, self._errors.fileno())
            self.process = started(words, folder, more, streams, python)
        self._said = os.fdopen(read)
        self._text = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._said:
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
        self._said.close()
        self._errors.close()


@contextmanager
def running(*words: str, folder: Path, **more: str) -> Iterator[Running]:
    """Start a command that runs on; it is killed at the end if it still lives."""
    process = Running(words, folder, more)
    try:
        yield process
    finally:
        process.stop()


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
