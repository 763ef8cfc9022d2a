"""The part of the integration file that says which credentials and steps there are, in order.

[[parts]]
name = "outbound"            # one of the [[steps]]

[[parts]]
name = "main"                # the integration's own flow and scopes
label = "Reading leads"

[[parts]]
name = "writer"
label = "Writing orders"
flow = "client_credentials"  # the integration's own if left out, as the scopes are
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import tomli

from evergrant.cli.integration import NEEDS
from evergrant.cli.reading import read_text
from evergrant.errors import BadInput
from evergrant.store.parts import MAIN, Part
from evergrant.store.rows import new_id

NOTHING: Final = "nothing"
PART: Final = {
    "name": "`main`, the name of one of the `[[steps]]`, or a name of your own for a credential",
    "label": "what people call it; the name if left out",
    "flow": "how its credential is got; the integration's own if left out",
    "scopes": "list of scopes to ask for; the integration's own if left out",
    "waits_for": "the credential part that must work before this one is used: the one before it if "
    f"left out, `{NOTHING}` for none",
}
"""Members of a `[[parts]]` table, and what each means."""


def read_parts(name: str, steps: Collection[str]) -> Sequence[Part]:
    """The parts that the integration file `name` declares; `main` alone where it declares none.

    Raises `BadInput` naming what is wrong.
    """
    told = tomli.loads(read_text(name, give="describe the integration in it (TOML)"))
    tables = told.get("parts", [])
    try:
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            raise ValueError("parts must be written as [[parts]]")
        found = [_part(each, told, steps) for each in tables]
    except ValueError as error:
        raise BadInput(
            f"{name}: {error}", next_step="see docs/reference/integration-file.md", whose="you"
        ) from error
    if MAIN not in {each.name for each in found}:
        found.insert(0, Part(new_id("prt"), "", MAIN, "credential", 0))
    return _in_order(found, str(told["id"]))


def _part(told: Mapping[str, Any], whole: Mapping[str, Any], steps: Collection[str]) -> Part:
    if strange := told.keys() - PART.keys():
        raise ValueError(f"[[parts]] knows no {', '.join(sorted(strange))}")
    name, flow, scopes = str(told.get("name", "")), told.get("flow", ""), told.get("scopes", [])
    if not name:
        raise ValueError("[[parts]] wants name")
    if (name == MAIN or name in steps) and (flow or scopes):
        raise ValueError(f"part {name} has no flow and no scopes of its own")
    if not isinstance(scopes, list) or not all(isinstance(each, str) for each in scopes):
        raise ValueError(f"scopes of part {name} must be a list of texts")
    if flow:
        _fits(name, flow, whole)
    kind, label = "step" if name in steps else "credential", str(told.get("label", ""))
    after = str(told.get("waits_for", ""))
    return Part(new_id("prt"), "", name, kind, 0, label, flow, tuple(scopes), after)  # type: ignore[arg-type]


def _fits(name: str, flow: str, whole: Mapping[str, Any]) -> None:
    """See that the file has what a part's flow needs."""
    if flow not in NEEDS:
        raise ValueError(f"flow of part {name} is {flow!r}, and can be {', '.join(NEEDS)}")
    for group in NEEDS[flow]:
        if not any(each in whole for each in group):
            raise ValueError(f"part {name}: {flow} needs {' or '.join(group)}")


def _in_order(found: Sequence[Part], integration: str) -> list[Part]:
    """With positions, and with what each waits for: the credential part before it."""
    before, told = "", []
    for position, each in enumerate(found):
        after = {"": before, NOTHING: ""}.get(each.waits_for, each.waits_for)
        if each.kind == "step":
            after = ""
        else:
            before = each.name
        told.append(replace(each, integration=integration, position=position, waits_for=after))
    return told
