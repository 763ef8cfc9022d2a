"""What the conformance suite needs: clients as they are installed, an org, and a table to fill."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from client_ways import EVERY, WAYS
from evergrant.emulator import Emulator
from real_clients import PROGRAMS, Conversation

TABLE = "clients_table"
_ADDRESS = re.compile(r"https?://(?:127\.0\.0\.1|localhost)(?::\d+)?\S*?(?=[\s\])',]|$)")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--clients-table FILE`: write what a whole run found, for the documentation."""
    parser.addoption("--clients-table", dest=TABLE, default=None)


@pytest.fixture(scope="session")
def served_org() -> Iterator[Emulator]:
    """One org for the whole suite."""
    with Emulator(seed=23) as emulator:
        yield emulator


@pytest.fixture
def emulator(served_org: Emulator) -> Emulator:
    """The org, back at the beginning."""
    served_org.stage.reset()
    return served_org


@pytest.fixture(scope="session")
def here() -> Callable[[str], None]:
    """Skips where a client is not installed; in CI that must have a reason."""

    def check(name: str) -> None:
        reason = PROGRAMS[name].why_missing()
        if not reason:
            return
        if os.environ.get("CI") and "make conformance" in reason:
            pytest.fail(f"CI runs every client that can be had: {reason}")
        pytest.skip(reason)

    return check


@pytest.fixture(scope="session")
def client_named(
    here: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Conversation]]:
    """Starts a client once for the suite."""
    running: dict[str, Conversation] = {}

    def start(name: str) -> Conversation:
        here(name)
        if name not in running:
            running[name] = Conversation(PROGRAMS[name], tmp_path_factory.mktemp("home"))
        return running[name]

    yield start
    for each in running.values():
        each.close()


Tell = Callable[[str, str, str], None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Notes that a client got in by a flow, and the text with which it was refused."""

    def note(client: str, flow: str, refusal: str) -> None:
        record_property("way", [client, flow, _tidy(refusal)])

    return note


def _tidy(text: str) -> str:
    """A refusal without what changes from run to run."""
    return " ".join(_ADDRESS.sub("…", text).split())


_told: dict[tuple[str, str], str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect what passed."""
    if report.when == "call" and report.passed:
        for name, value in report.user_properties:
            if name == "way" and isinstance(value, list):
                _told[value[0], value[1]] = value[2]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the table where it was asked for and nothing is missing from it."""
    path = session.config.getoption(TABLE, None)
    if path is None:
        return
    if missing := sorted(EVERY - _told.keys()):
        left = ", ".join(f"{client}: {flow}" for client, flow in missing)
        print(f"\nThe table of clients is left as it was; these did not pass: {left}")
        return
    Path(path).write_text(json.dumps(_table(), indent=1, ensure_ascii=False) + "\n", "utf-8")


def _table() -> list[dict[str, Any]]:
    return [
        {
            "client": each.name,
            "from": f"{each.package} {each.version()}, {each.registry}",
            "ways": {flow: _told[each.name, flow] for flow in WAYS if (each.name, flow) in _told},
        }
        for each in PROGRAMS.values()
    ]
