"""docs/reference/integration-file.md: the members of an integration file."""

from __future__ import annotations

from collections.abc import Iterator

from evergrant.cli.declared_parts import PART
from evergrant.cli.expectations import EXPECTED, KINDS
from evergrant.cli.integration import MEMBERS, NEEDS
from evergrant.oauth import FLOWS
from evergrant.org.needs import COMPONENTS
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
        "## What it needs of an org",
        "All of it is optional; the guided reauthorization checks it one by one and tells of it.",
        table(["member", "meaning"], [(code(name), means) for name, means in EXPECTED.items()]),
        "A `[[requires]]` table names one of "
        + ", ".join(code(each) for each in KINDS)
        + ".\n`access` is `read` (as if left out), `create`, `edit` or `delete`, `why` says what "
        "for, and `optional = true` lets it be missing.\n"
        "A `[[steps]]` table has `name` and `do`; `where`, `link`, `who` and `evidence` may "
        "follow.\n"
        "`evidence` names what the step leaves behind, such as `NamedCredential Orbit_Cloud`: "
        + ", ".join(code(each) for each in COMPONENTS)
        + ".\nWithout it, a person says that the step was done.",
        "## Several credentials",
        "Each `[[parts]]` table is one part, in the order in which they are authorized; "
        "[how they work together](../how-to/connect.md#several-credentials) is told apart.",
        table(["member", "meaning"], [(code(name), means) for name, means in PART.items()]),
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
