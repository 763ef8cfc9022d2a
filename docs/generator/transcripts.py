"""Real output in pages: a marked console block is filled by running the command that it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from tempfile import TemporaryDirectory

MARK = "<!-- real output -->"
_BLOCK = re.compile(rf"({re.escape(MARK)}\n```console\n)(.*?)(```\n)", re.S)
_COMMAND = re.compile(r"^\$ (.+(?:\\\n.+)*)", re.M)
_VARYING = {
    r"\b127\.0\.0\.1:\d+": "127.0.0.1:PORT",
    r"\bcon_[0-9a-f]{16}": "con_0123456789abcdef",
    r"\b\d{4}-\d\d-\d\d([ T])\d\d:\d\d(:\d\d)?": r"YYYY-MM-DD\1hh:mm\2",
}
"""What differs from run to run: ports, ids and times."""


def filled(text: str) -> str:
    """The page with every marked block as it reads today."""
    return _BLOCK.sub(lambda block: block[1] + "".join(_played(block[2])) + block[3], text)


def _played(block: str) -> Iterator[str]:
    """Each command of a block, followed by what it says."""
    for command in _COMMAND.findall(block):
        yield f"$ {command}\n{said(command)}"


@cache
def said(command: str) -> str:
    """What a command writes to standard output, with what varies made the same."""
    with TemporaryDirectory() as folder:
        bin_folder = os.path.dirname(sys.executable)  # noqa: PTH120  # one word for the PATH
        own = {"HOME": folder, "EVERGRANT_DATA_DIR": f"{folder}/data", "COLUMNS": "80"}
        path = f"{bin_folder}{os.pathsep}{os.environ['PATH']}"
        kept = {"LANG": os.environ.get("LANG", "C.UTF-8"), "PATH": path}
        done = subprocess.run(  # noqa: S603  # our own pages
            ["bash", "-c", command],  # noqa: S607  # they show what a shell is given
            env=kept | own, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    text = done.stdout
    for pattern, name in _VARYING.items():
        text = re.sub(pattern, name, text)
    return re.sub(r"(hh:mm):\d\d", r"\1:ss", text)
