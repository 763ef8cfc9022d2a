"""The documentation says what the code does: generated pages never drift, examples work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from evergrant.cli.app import build

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
OURS = re.compile(r"`evergrant (?:emulator )?([a-z][a-z-]*)")


@pytest.mark.slow
def test_what_is_generated_reads_as_it_would_today() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "build.py", "--check"],
        capture_output=True, text=True, timeout=250, check=False,
    )  # fmt: skip
    told = f"run `make docs`; it would change:\n{done.stdout}{done.stderr}"
    assert done.returncode == 0, told


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_of_a_page_leads_somewhere(path: Path) -> None:
    for name, anchor in LINK.findall(path.read_text("utf-8")):
        target = path.parent / name if name else path
        assert target.exists(), f"{path.name}: {name}"
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), f"{path.name}: {name}#{anchor}"


def anchors(text: str) -> set[str]:
    """The anchors that a reader of Markdown makes of headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_that_a_page_names_exists(path: Path) -> None:
    emulator = build().commands["emulator"]
    assert isinstance(emulator, click.Group)
    known = {*build().commands, *emulator.commands}
    assert set(OURS.findall(path.read_text("utf-8"))) <= known


def test_the_readme_says_what_it_is_in_one_sentence_and_what_it_is_not() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    first = text.split("\n\n")[1]
    assert "Salesforce OAuth" in first
    assert first.count(". ") == 0
    assert "not affiliated with Salesforce" in text
    assert "verified against a live org" in text
    assert all(f"`{name}" in text or name in text for name in ("make run", "make test"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_prose_has_one_sentence_a_line(path: Path) -> None:
    prose = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.S)
    lines = [line for line in prose.splitlines() if not line.lstrip().startswith(("|", "- ", "<"))]
    crowded = [line for line in lines if re.search(r"[a-z`)]\. [A-Z`*]", line)]
    assert crowded == []
