"""The recipes for production name commands, settings and metrics that are there."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from evergrant.cli.app import build
from evergrant.settings import Settings

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "deploy").iterdir())
KNOWN = {f"EVERGRANT_{each.name.upper()}" for each in fields(Settings)} | {"EVERGRANT_MASTER_KEY"}


@pytest.mark.parametrize("path", [*RECIPES, ROOT / "docs/how-to/production.md"], ids=str)
def test_every_setting_that_a_recipe_names_is_one(path: Path) -> None:
    named = set(re.findall(r"EVERGRANT_[A-Z_]+[A-Z]", path.read_text()))
    assert named <= KNOWN


@pytest.mark.parametrize("path", [each for each in RECIPES if each.suffix == ".service"], ids=str)
def test_every_unit_starts_a_command_that_is_there(path: Path) -> None:
    [start] = re.findall(r"^ExecStart=/opt/evergrant/bin/evergrant (.*)$", path.read_text(), re.M)
    words = start.replace("%i", "1").split()
    command = build().commands[words[0]]
    given = command.make_context("serve", words[1:]).params
    assert given["host"] == "127.0.0.1"
    roles = {"evergrant": "all", "evergrant-web@": "web", "evergrant-worker@": "worker"}
    assert given["role"] == roles[path.stem]


def test_every_alert_asks_for_metrics_that_are_told() -> None:
    source = (ROOT / "src/evergrant/api/metrics.py").read_text()
    told = set(re.findall(r'"(evergrant_[a-z_]+)"', source))
    asked = set(re.findall(r"\b(evergrant_[a-z_]+)", (ROOT / "deploy/alerts.yml").read_text()))
    assert asked
    assert asked <= told


def test_the_image_is_built_from_files_that_are_there() -> None:
    lines = (ROOT / "deploy/Containerfile").read_text().splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--" not in line]
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists(), name
