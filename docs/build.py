"""Writes the reference, and the real output into the other pages; `--check` only compares.

Everything under docs/reference is drawn from the code and the catalog; in every other page, a
console block after the comment `<!-- real output -->` is filled by running what it says.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from generator import (
    causes,
    cli,
    clients,
    emulator,
    errors,
    integration_file,
    marks,
    pages,
    paste,
    rules,
    settings,
    skill,
    transcripts,
)

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = {
    "cli.md": cli.page,
    "clients.md": clients.page,
    "causes.md": causes.page,
    "emulator.md": emulator.page,
    "errors.md": errors.page,
    "integration-file.md": integration_file.page,
    "pages.md": pages.page,
    "settings.md": settings.page,
}


def written() -> Iterator[tuple[Path, str]]:
    """Every page that holds something generated, and what it should read."""
    for name, page in REFERENCE.items():
        yield ROOT / "docs" / "reference" / name, page()
    for name, text in rules.pages():
        yield ROOT / "docs" / "reference" / name, text
    yield ROOT / "docs" / "paste-an-error.html", paste.page()
    for path, text in skill.pages():
        yield ROOT / path, text
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = path.read_text("utf-8")
        if transcripts.MARK in text:
            yield path, marks.filled(transcripts.filled(text))


def main(arguments: list[str]) -> int:
    """Write what differs; with `--check`, name it and end with 1."""
    differing = [
        (path, text)
        for path, text in written()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    for path, text in differing:
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return 1 if differing and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
