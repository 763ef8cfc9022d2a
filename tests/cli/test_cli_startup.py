"""`explain` and `diagnose` start quickly, and without anything that only the service needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli_kit import DEAD, environ

HEAVY = (
    "sqlalchemy", "fastapi", "httpx2", "aiohttp", "starlette", "cryptography", "joserfc", "asyncio",
    "pandas", "lxml", "xml.etree", "zipfile", "evergrant.evidence.live_org",
)  # fmt: skip
LOOK = """
import sys
from evergrant.cli import run
code = run(sys.argv[1:])
heavy = [name for name in {heavy!r} if name in sys.modules]
sys.exit(f"{{code}} {{heavy}}" if heavy or code else 0)
"""


@pytest.mark.parametrize("words", [("explain", "invalid_grant"), ("diagnose", "error.txt")])
def test_nothing_heavy_is_imported_to_say_why(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "error.txt").write_text(DEAD)
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(heavy=HEAVY), *words],
        env=environ(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
