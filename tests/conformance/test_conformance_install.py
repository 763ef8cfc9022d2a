"""Clients are installed once for a lock, and what a registry does not deliver is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from install_clients import Source, install


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A registry whose one command leaves a line each time it runs."""
    (tmp_path / "lock").write_text("one", "utf-8")
    target, log = tmp_path / "target", tmp_path / "log"
    target.mkdir()
    program = f"open({str(log)!r}, 'a').write('ran\\n')"
    return Source("npm", tmp_path / "lock", target, ((sys.executable, "-c", program),))


def runs(source: Source) -> int:
    return len((source.lock.parent / "log").read_text("utf-8").splitlines())


def test_what_is_installed_is_installed_again_only_for_another_lock(source: Source) -> None:
    assert [install(source), install(source)] == ["", ""]
    assert runs(source) == 1
    source.lock.write_text("two", "utf-8")
    assert install(source) == ""
    assert runs(source) == 2


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ((sys.executable, "-c", "import sys; sys.exit('E404 no such package')"), "E404"),
        (("no-such-program",), "no-such-program"),
    ],
)
def test_a_registry_that_does_not_deliver_is_a_reason_and_leaves_no_stamp(
    source: Source, command: tuple[str, ...], reason: str
) -> None:
    failing = Source("npm", source.lock, source.target, (command,))
    assert reason in install(failing)
    assert install(source) == ""
    assert runs(source) == 1
