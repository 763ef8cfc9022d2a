"""`explain` and `diagnose` start quickly, and without anything that only the service needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from cli_kit import DEAD, environ
from evergrant.cli.app import build
from evergrant.cli.lazily import Commands

HEAVY = (
    "sqlalchemy", "fastapi", "httpx2", "aiohttp", "starlette", "cryptography", "joserfc", "asyncio",
    "pandas", "lxml", "xml.etree", "zipfile", "evergrant.evidence.live_org",
    "evergrant.cli.serve", "evergrant.cli.emulator", "evergrant.cli.authorize", "webbrowser",
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


def test_a_command_goes_by_its_own_name_and_is_one_that_help_lists() -> None:
    whole = build()
    assert all(command.name in (None, name) for name, command in whole.commands.items())
    listed = whole.list_commands(click.Context(whole))
    assert listed[:3] == ["diagnose", "doctor", "audit"]
    assert len(listed) == len(whole.commands)


def test_a_name_that_is_no_command_makes_none() -> None:
    whole = build()
    assert "nonsense" not in whole.commands
    assert whole.get_command(click.Context(whole), "nonsense") is None


def test_a_command_can_be_added_and_taken_away() -> None:
    commands = Commands({"one": lambda: click.Command("one")})
    commands["two"] = click.Command("two")
    assert [commands[name].name for name in commands] == ["one", "two"]
    assert commands["one"] is commands["one"]
    del commands["one"]
    assert list(commands) == ["two"]
