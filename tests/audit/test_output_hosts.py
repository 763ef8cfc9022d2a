"""The GitHub Action and the pre-commit hook: run as their hosts run them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from audit_kit import LOOSE_APP, sarif_complaints
from cli_kit import BYTECODE, ROOT

SUFFIXES = ("connectedApp", "eca", "ecaGlblOauth", "ecaOauth", "ecaOauthPlcy", "ecaPlcy",
            "blacklistedConsumer", "settings", "profile", "permissionset")  # fmt: skip
"""Of files that the audit judges, as SFDX and MDAPI layouts name them."""
pytestmark = pytest.mark.slow  # starts processes
ACTION: Any = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
HOOK: Any = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))[0]


def step(folder: Path, **inputs: str) -> tuple[int, dict[str, str], str]:
    """Carry out the action's audit step: exit code, outputs, summary."""
    (folder / "bin").mkdir(exist_ok=True)
    tool = folder / "bin" / "evergrant"
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -m evergrant.cli "$@"\n')
    tool.chmod(0o755)
    given = {name: str(each["default"]) for name, each in ACTION["inputs"].items()} | inputs
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPYCACHEPREFIX": str(BYTECODE)}
    env |= {"GITHUB_OUTPUT": str(folder / "out"), "GITHUB_STEP_SUMMARY": str(folder / "sum")}
    audit = next(each for each in ACTION["runs"]["steps"] if each["id"] == "audit")
    for name, value in audit["env"].items():
        found = re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", value)
        env[name] = given[found[1]] if found else str(folder / "bin")
    done = subprocess.run(["bash", "-e", "-c", audit["run"]], env=env, cwd=folder, timeout=60,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert "Traceback" not in done.stderr
    assert (folder / "out").exists(), done.stderr
    outputs = dict(line.split("=", 1) for line in (folder / "out").read_text().splitlines())
    return done.returncode, outputs, (folder / "sum").read_text()


def test_the_action_writes_sarif_a_summary_and_ends_as_the_audit_does(tmp_path: Path) -> None:
    (tmp_path / "app dir").mkdir()
    (tmp_path / "app dir" / "Orbit.connectedApp-meta.xml").write_text(LOOSE_APP)
    code, outputs, summary = step(tmp_path)
    assert (code, outputs) == (1, {"report": "evergrant.sarif", "result": "1"})
    log = json.loads((tmp_path / "evergrant.sarif").read_text("utf-8"))
    assert sarif_complaints(log) == []
    assert "TOK-01" in summary


def test_the_action_says_two_where_nothing_is_there_to_judge(tmp_path: Path) -> None:
    code, outputs, _ = step(tmp_path)
    assert (code, outputs["result"]) == (2, "2")


def test_the_action_obeys_no_input(tmp_path: Path) -> None:
    code, _, _ = step(tmp_path, path="$(touch hit) ;touch hit", profile='"; touch hit; "')
    assert code == 2
    assert not (tmp_path / "hit").exists()


@pytest.mark.parametrize("each", ACTION["runs"]["steps"], ids=lambda each: str(each["id"]))
def test_the_actions_scripts_hold_no_input_and_are_shell(each: Any) -> None:
    assert "${{" not in each["run"]
    assert subprocess.run(["bash", "-n", "-c", each["run"]], check=False).returncode == 0


def test_the_hook_wakes_for_every_file_that_is_judged() -> None:
    for suffix in SUFFIXES:
        for name in (f"App.{suffix}", f"App.{suffix}-meta.xml", f"App.{suffix}.xml"):
            assert re.search(HOOK["files"], f"force-app/main/{name}"), name
    assert not re.search(HOOK["files"], "force-app/classes/App.cls-meta.xml")


def test_the_hook_ends_with_one_for_what_is_bad_and_with_two_for_nothing(tmp_path: Path) -> None:
    words = [*HOOK["entry"].split()[1:], *HOOK["args"]]
    line = [sys.executable, "-m", "evergrant.cli", *words]
    env = {"PATH": os.environ["PATH"], "PYTHONPYCACHEPREFIX": str(BYTECODE)}
    codes = []
    for text in ("", LOOSE_APP):
        (tmp_path / "Orbit.connectedApp").write_text(text)
        codes.append(subprocess.run(line, env=env, cwd=tmp_path, capture_output=True,
                                    check=False, timeout=60).returncode)  # fmt: skip
    assert codes == [2, 1]
