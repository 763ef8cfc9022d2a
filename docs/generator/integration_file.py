"""docs/reference/integration-file.md: the members of an integration file."""

from __future__ import annotations

from collections.abc import Iterator

from evergrant.cli.integration import MEMBERS, NEEDS
from evergrant.oauth import FLOWS
from generator.markdown import code, table
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
        table(["flow", "needs", "the access token is renewed by"], _needs()),
        "## Legacy flows",
        "\n".join(_legacy()),
    )


def _rows() -> Iterator[tuple[str, str, str, str]]:
    for name, each in MEMBERS.items():
        kind = "list of texts" if each.many else "text"
        yield code(name), "yes" if each.required else "", kind, each.means


RENEWED = {"refresh": "the refresh token", "mint": "doing it again, without a person"}


def _needs() -> Iterator[tuple[str, str, str]]:
    for flow in FLOWS.values():
        if flow.id in NEEDS:
            name = f"{code(flow.id)} (legacy)" if flow.legacy else code(flow.id)
            yield name, _words(NEEDS[flow.id]), RENEWED[flow.renewed_by]


def _legacy() -> Iterator[str]:
    for flow in FLOWS.values():
        if flow.legacy and flow.id in NEEDS:
            yield f"{code(flow.id)} works where the org still allows it."
            yield f"{flow.legacy}"


def _words(groups: tuple[tuple[str, ...], ...]) -> str:
    return ", and ".join(" or ".join(map(code, group)) for group in groups) or "nothing"
