"""A forked command is what `python -m evergrant.cli` would be: the other tests rest on that."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from cli_kit import DEAD, evergrant, running

ANEW = {"PYTHONUNBUFFERED": "1"}
"""A variable that only a Python that starts anew can heed."""


@pytest.mark.parametrize(
    "words",
    [
        ("--version",),
        ("diagnose", "--format", "json"),
        ("explain", "no-such-term"),
        ("status", "--format", "json"),
        ("connect", "Acme", "--integration", "gone.toml"),
        ("no-such-command",),
    ],
    ids=" ".join,
)
def test_a_forked_command_says_and_ends_as_one_that_python_starts_anew(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    forked = evergrant(*words, folder=tmp_path, stdin=DEAD)
    assert forked == evergrant(*words, folder=tmp_path, stdin=DEAD, **ANEW)


def test_nothing_of_one_command_is_left_in_the_next(tmp_path: Path) -> None:
    (one := tmp_path / "one").mkdir()
    (other := tmp_path / "other").mkdir()
    broken = evergrant("status", folder=one, EVERGRANT_DATABASE_URL="nonsense")
    assert broken.code != 0
    assert evergrant("status", folder=one).code == 0
    (one / "error.txt").write_text(DEAD)
    assert evergrant("diagnose", "error.txt", folder=one).code == 0
    assert evergrant("diagnose", "error.txt", folder=other).code == 2


def test_a_forked_command_that_is_killed_tells_the_signal(tmp_path: Path) -> None:
    words = ("emulator", "serve", "--port", "0", "--control-port", "0")
    with running(*words, folder=tmp_path) as process:
        process.said("Control port")
        assert process.told(signal.SIGKILL).code == -signal.SIGKILL
