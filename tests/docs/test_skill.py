"""The agent skill: its form, and every command that it shows, run as it stands."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from cli_kit import DEAD, Ended, evergrant
from evergrant.catalog import load
from keeper_kit import BROWSER_APP, KEY, Ground, ground_fixture, org_fixture  # noqa: F401 (fixtures)

SKILL = Path(__file__).resolve().parents[2] / "skills" / "salesforce-connection-troubleshooting"
TEXT = (SKILL / "SKILL.md").read_text("utf-8")
COMMANDS = re.findall(r"^ *\$ evergrant (.+)$", TEXT, re.M)
KNOWN_CODES = {0, 1, 3}
"""Exit codes that mean: it did what it was asked, whatever it found."""


def front() -> dict[str, str]:
    """The front matter."""
    head = TEXT.split("---\n")[1]
    return dict(line.split(": ", 1) for line in head.splitlines())


def test_the_skill_has_the_form_that_agents_load() -> None:
    told = front()
    assert told["name"] == SKILL.name
    assert re.fullmatch(r"[a-z0-9-]{1,64}", told["name"])
    assert 0 < len(told["description"]) <= 1024
    assert "Use when" in told["description"]
    assert len(TEXT.splitlines()) < 500
    for link in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (SKILL / link).is_file(), link
        assert link.count("/") == 1


def test_the_skill_names_the_errors_that_people_paste() -> None:
    for words in ("invalid_grant", "INVALID_SESSION_ID", "Failed: Not approved for access"):
        assert words in front()["description"]


def test_the_references_hold_every_cause() -> None:
    text = (SKILL / "references" / "causes.md").read_text("utf-8")
    for id_ in load().causes:
        assert f"## {id_}\n" in text, "run `make docs`"


def run(line: str, folder: Path, **more: str) -> Ended:
    """A command of the skill, with the file and the names that it speaks of."""
    words = shlex.split(line.replace("NAME", "Acme").replace("ALIAS", "admin"))
    return evergrant(*words, folder=folder, **more)


@pytest.mark.slow
def test_every_command_of_the_skill_does_what_the_skill_says(ground: Ground) -> None:
    folder = ground.keeper.settings.data_dir.parent
    (folder / "error.txt").write_text(DEAD)
    known = ground.connected("Acme")
    ground.control.act("block_app", app=BROWSER_APP)
    host = ground.org.url.removeprefix("http://")
    assert len(COMMANDS) >= 6
    for line in COMMANDS:
        if "--target-org" in line:
            continue  # needs the Salesforce CLI's own login; the doctor's tests lend one
        ended = run(line, folder, EVERGRANT_ALLOWED_HOSTS=host, **KEY)
        assert ended.code in KNOWN_CODES, (line, ended)
        if "--format json" in line:
            assert answered(ended)["schema"].startswith("evergrant.")
    assert known.name == "Acme"


def answered(ended: Ended) -> dict[str, Any]:
    return dict(json.loads(ended.out))


@pytest.mark.slow
def test_the_first_word_of_what_the_skill_shows_is_the_decision(tmp_path: Path) -> None:
    told = run('explain "Failed: Not approved for access"', tmp_path)
    assert told.out.startswith("Admin change\n")
