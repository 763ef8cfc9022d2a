"""`evergrant explain`: what a word of Salesforce's means, and what to do about it."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evergrant.cli.output import Format, FormatOption, columns, emit, say

if TYPE_CHECKING:
    from evergrant.catalog import Catalog
    from evergrant.diagnosis.explain import Explanation

NOT_KNOWN = 3


def explain(
    term: Annotated[
        str, typer.Argument(help="an error, a description, a login status, a cause id")
    ],
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """Explain an error code, its description, a Login History status or a cause.

    Ends with 3 when the term is not known; near misses are then suggested.
    """
    from evergrant.catalog import load
    from evergrant.diagnosis.explain import explain_term

    catalog = load()
    found = explain_term(term, catalog)
    is_known = found is not None and found.kind != "near miss"
    if format is Format.JSON:
        emit("explanation", {"term": term, "known": is_known, **_as_json(found, catalog)})
    else:
        say(_text(term, found, catalog).rstrip())
    if not is_known:
        raise typer.Exit(NOT_KNOWN)


def _as_json(found: Explanation | None, catalog: Catalog) -> dict[str, Any]:
    if found is None:
        return {"near": []}
    causes = [{"id": each.cause, "title": each.title} for each in found.causes]
    told = {"kind": found.kind, "says": found.says, "causes": causes, "near": found.near}
    return {**told, "cause": catalog.causes[found.cause]} if found.cause else told


def _text(term: str, found: Explanation | None, catalog: Catalog) -> str:
    from evergrant.diagnosis.explain import render_cause

    if found is None:
        return f"Nobody knows {term!r}, and nothing comes near."
    if found.cause:
        return render_cause(catalog.causes[found.cause], catalog, width=columns())
    lines = [found.term, "", _wrapped(found.says)]
    if found.causes:
        lines += ["", "It may stand for" if found.kind == "never sent" else "Causes that show it"]
        lines += [_wrapped(f"{each.title} ({each.cause})", "  - ") for each in found.causes]
        lines += ["", f"More: evergrant explain {found.causes[0].cause}"]
    return "\n".join(lines)


def _wrapped(text: str, lead: str = "") -> str:
    return fill(
        text,
        columns(),
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_on_hyphens=False,
    )
