"""What every test may ask for: an emulated org, and what its world holds."""

from __future__ import annotations

import gc
import logging
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from httpx2._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import settings

from evergrant import log
from evergrant.emulator.server import Emulator
from haste import make_haste

# A run that was started in the background ignores Ctrl-C, and so would every process it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Shared machines are slow at times: how long an example or an answer takes is no property of the
# code.  What no test asks to time out is waited for.
settings.register_profile("evergrant", deadline=None)
settings.load_profile("evergrant")
for wait in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, wait, 60.0)

make_haste()


STORIES = frozenset({
    "api", "browser", "cli", "client", "conformance", "drills", "emulator", "faults", "fidelity",
    "keeper", "testing", "watch", "web",
})  # fmt: skip
"""Folders whose tests play stories on servers, processes and browsers: left out of make check."""


SERVED = frozenset({"org", "served", "shared_org"})
"""Fixtures that start a server: whoever asks for one plays a story too."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where slow tests are left out, do not even import the stories: that takes longest."""
    is_story = collection_path.parent == Path(__file__).parent and collection_path.name in STORIES
    return True if is_story and config.option.markexpr == "not slow" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the stories as slow."""
    for item in items:
        rooms = set(item.path.relative_to(Path(__file__).parent).parts)
        if STORIES & rooms or SERVED & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """What was collected stays until the end: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def org() -> Iterator[Emulator]:
    """A fresh emulated org, served on loopback."""
    with Emulator(seed=11) as emulator:
        yield emulator


@pytest.fixture
def world(org: Emulator) -> dict[str, Any]:
    """Apps and users of the emulated org, as its control port lists them."""
    answer = httpx2.get(f"{org.control_url}/world", timeout=60)
    return dict(answer.json())


class Issued:
    """Every secret that any emulated org gave out in this run, and every log record."""

    def __init__(self) -> None:
        self.secrets: set[str] = set()
        self.logs: list[str] = []
        self._known = 0
        self._starts: dict[bytes, list[bytes]] = {}
        self._odd: list[bytes] = []
        self._clean: set[bytes] = set()

    def note(self, emulator: Emulator) -> None:
        """Remember what an emulator issued; it forgets when it stops."""
        with emulator.org.lock:
            rows = emulator.org.db.execute("SELECT secret FROM x_issued").fetchall()
        self.secrets |= {str(row[0]) for row in rows if len(str(row[0])) >= SHORTEST}

    def found_in(self, raw: bytes) -> set[str]:
        """The secrets that stand in some bytes."""
        starts, odd = self._indexed()
        runs = set(RUN.findall(raw)) - self._clean
        found = {secret for secret in odd if secret in raw}
        for run in runs:
            found |= (inside := _inside(run, starts))
            if not inside:
                self._clean.add(run)
        return {each.decode() for each in found}

    def _indexed(self) -> tuple[dict[bytes, list[bytes]], list[bytes]]:
        """The secrets by how they begin, and those that are not one unbroken word."""
        if self._known != len(self.secrets):
            self._known, self._starts, self._odd, self._clean = len(self.secrets), {}, [], set()
            for secret in (each.encode() for each in self.secrets):
                if RUN.fullmatch(secret):
                    self._starts.setdefault(secret[:SHORTEST], []).append(secret)
                else:
                    self._odd.append(secret)
        return self._starts, self._odd


def _inside(run: bytes, starts: dict[bytes, list[bytes]]) -> set[bytes]:
    """The secrets in one unbroken word: each place is looked up, for there are many secrets."""
    return {
        secret
        for at in range(len(run) - SHORTEST + 1)
        for secret in starts.get(run[at : at + SHORTEST], ())
        if run.startswith(secret, at)
    }


SHORTEST = 12
"""Shorter words could stand anywhere by chance."""
RUN = re.compile(rb"[!-~]{%d,}" % SHORTEST)


class _Keep(logging.Handler):
    def __init__(self, issued: Issued) -> None:
        super().__init__()
        self.issued = issued
        self.setFormatter(log.masking())

    def emit(self, record: logging.LogRecord) -> None:
        self.issued.logs.append(self.format(record))


@pytest.fixture(scope="session", autouse=True)
def nothing_secret_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issued]:
    """At the end of the run: no log line and no file of the product holds an issued secret."""
    issued, stop = Issued(), Emulator.stop
    handler = _Keep(issued)
    logging.getLogger().addHandler(handler)

    def noting(emulator: Emulator) -> None:
        issued.note(emulator)
        stop(emulator)

    Emulator.stop = noting  # type: ignore[assignment, method-assign]  # the run listens in
    yield issued
    Emulator.stop = stop  # type: ignore[method-assign]
    logging.getLogger().removeHandler(handler)
    told = issued.found_in("\n".join(issued.logs).encode())
    assert not told, f"{len(told)} issued secrets stand in the logs"
    for path in product_files(tmp_path_factory.getbasetemp()):
        assert not issued.found_in(path.read_bytes()), f"{path.name} holds an issued secret"


def product_files(folder: Path) -> list[Path]:
    """The files that the product wrote below a folder; an emulated org's own state is not among
    them, for it is the other side's memory."""
    found = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path for path in found if b"x_issued" not in path.read_bytes()]
