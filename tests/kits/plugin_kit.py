"""pytest runs of their own, with Evergrant's plugin and no other, so that they start fast."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

PLUGIN: Final = "evergrant.testing.plugin"
_INHERITED: Final = ("PATH", "LANG", "SYSTEMROOT", "TMPDIR")


def run_pytest(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder."""
    own = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", PLUGIN, *words],
        cwd=folder, env=own | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, check=False,
        capture_output=True, text=True, timeout=250,
    )  # fmt: skip


def suite(folder: Path, text: str, settings: str = "") -> Path:
    """A test suite of one file, and its pytest.ini."""
    (folder / "test_it.py").write_text(text, "utf-8")
    (folder / "pytest.ini").write_text(f"[pytest]\n{settings}\n", "utf-8")
    return folder
