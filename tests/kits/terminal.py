"""A person at a terminal of 80 columns: a command in a pseudo-terminal, and the answers typed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli_kit import normalized, started

ROWS, COLUMNS = 50, 80
PROMPT = "Answer: "
TAKEN_BACK = re.compile(r"[^\n]*\r\x1b\[2K")
"""A line that was overwritten at once: what was being looked at."""
VARYING = {
    r"\b127\.0\.0\.1:\d+": "127.0.0.1:PORT",
    r"\b\d{4}-\d\d-\d\d": "YYYY-MM-DD",
    r"\b(T?)\d\d:\d\d:\d\d\b": r"\1hh:mm:ss",
    r"(?<=YYYY-MM-DDT)\d\d:\d\d:\d\d\b": "hh:mm:ss",
    r"\bexam_[0-9a-f]{16}": "exam_ID",
    r"\b(00D|005|0Ya)[A-Za-z0-9]{15}\b": r"\1•••••••••••••••",
    r"\b\d+%": "n%",
}
"""Ports, times, ids and shares; all else is the same at every run."""
FREEZE = "EVERGRANT_FREEZE"
"""Variable that makes the tests write their transcripts instead of comparing them."""


@dataclass(frozen=True, slots=True)
class Session:
    """What stood on the screen, and the exit code."""

    code: int
    screen: str


def at_terminal(
    *words: str, folder: Path, answers: Sequence[str] = (), colour: bool = False, **more: str
) -> Session:
    """Run a command at a terminal; each prompt gets the next answer, then Ctrl-D."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    wanted = {"TERM": "xterm-256color"} | ({} if colour else {"NO_COLOR": "1"})
    process = started(words, folder, wanted | more, (theirs, theirs, theirs))
    os.close(theirs)
    try:
        screen = _typed(ours, [*answers])
    finally:
        os.close(ours)
    return Session(process.wait(120), TAKEN_BACK.sub("", screen.replace("\r\n", "\n")))


def _typed(terminal: int, answers: list[str]) -> str:
    raw, asked = b"", 0
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other end is closed: the command is over
            part = b""
        if not part:
            return raw.decode()
        raw += part
        if (now := raw.count(PROMPT.encode())) > asked:
            asked = now
            os.write(terminal, f"{answers.pop(0)}\n".encode() if answers else b"\x04")


def frozen(path: Path, screen: str) -> tuple[str, str]:
    """A transcript as it is now and as it was frozen, with what varies made alike."""
    told = normalized(screen, VARYING)
    if FREEZE in os.environ:
        path.write_text(told, "utf-8")
    return told, path.read_text("utf-8")
