"""docs/reference/integration-file.md: the members of an integration file."""

from __future__ import annotations

from collections.abc import Iterator

from evergrant.cli.integration import MEMBERS, NEEDS
from generator.markdown import bullets, code, table
from generator.markdown import page as whole


def page() -> str:
    """The whole page."""
    return whole(
        "Integration file",
        "A TOML file that says what your app is and how it comes to Salesforce; `evergrant connect "
        "--integration FILE` reads it.\n"
        "It names secrets by file or variable and never holds one; files are relative to its "
        "folder.",
        table(["member", "needed", "kind", "meaning"], _rows()),
        "## What a flow needs besides",
        bullets(f"{code(flow)}: {_words(groups)}" for flow, groups in NEEDS.items()),
    )


def _rows() -> Iterator[tuple[str, str, str, str]]:
    for name, each in MEMBERS.items():
        kind = "list of texts" if each.many else "text"
        yield code(name), "yes" if each.required else "", kind, each.means


def _words(groups: tuple[tuple[str, ...], ...]) -> str:
    return ", and ".join(" or ".join(map(code, group)) for group in groups) or "nothing"
