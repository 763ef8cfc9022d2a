"""What makes a run of the tests quick and leaves nothing out: three waits that prove nothing.

Tests commit to SQLite some ten thousand times, and a disk takes 4 to 8 ms for each.  They make
thousands of clients of HTTP, and each would read the authorities of the system for 25 ms.  They
start hundreds of services and orgs, and each would take 200 ms to notice that it should end.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import uvicorn.server

MEMORY = Path("/dev/shm")  # it is not a file's name: folders are made in it
ENOUGH = 4 << 30
"""Bytes that must be free there: a run leaves about one, and pytest keeps three."""
LONGEST_S = 0.02
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_aside: dict[str, str] = {}


def make_haste() -> None:
    """For this process, and for those that it starts with its environment."""
    _keep_in_memory()
    _trust_nobody()
    vars(uvicorn.server)["asyncio"] = _Hasty("asyncio")


def trusting() -> dict[str, str]:
    """The environment with the system's authorities, for what asks a registry of packages."""
    return {name: value for name, value in os.environ.items() if name not in _AUTHORITIES} | _aside


def _keep_in_memory() -> None:
    """Let temporary folders lie in memory where there is enough: no test cuts the power."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
        os.environ.setdefault("TMPDIR", str(MEMORY))
        tempfile.tempdir = None


def _trust_nobody() -> None:
    """All that is spoken to is on loopback; the folder of the kits holds no authority."""
    for name in _AUTHORITIES:
        if name in os.environ:
            _aside[name] = os.environ.pop(name)
    os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent)


class _Hasty(ModuleType):
    """asyncio as uvicorn sees it, with shorter sleep: it looks now and then whether to end."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def sleep(seconds: float) -> None:
        """Wait, but not for long."""
        await asyncio.sleep(min(seconds, LONGEST_S))
