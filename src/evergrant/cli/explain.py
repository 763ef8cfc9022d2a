"""`evergrant explain`: what a word of Salesforce's means, and what to do about it."""

from __future__ import annotations

from typing import Annotated

import typer

from evergrant.cli.output import Format, FormatOption, emit, say

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
    from evergrant.diagnosis.explain import explain_term, near_misses

    catalog = load()
    found = explain_term(term, catalog)
    if found is None:
        close = near_misses(term, catalog)
        if format is Format.JSON:
            emit("explanation", {"term": term, "known": False, "near": close})
        else:
            say(f"Not known: {term}")
            say(f"Near: {', '.join(close)}" if close else "Nothing comes near.")
        raise typer.Exit(NOT_KNOWN)
    if format is Format.JSON:
        emit("explanation", {"term": term, "known": True, "explanation": found})
    else:
        say(found.text)
