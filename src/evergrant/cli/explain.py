"""`evergrant explain`: what a word of Salesforce's means, and what to do about it."""

from __future__ import annotations

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, say, say_sections

NOT_KNOWN = 3


@click.command()
@click.argument("term")
@format_option
def explain(term: str, form: Format) -> None:
    """Explain an error, a Login History status or a cause.

    TERM is an error code, its description, a status or the id of a cause.
    Ends with 3 when the term is not known; near misses are then suggested.
    """
    from evergrant.catalog import load
    from evergrant.clock import SystemClock
    from evergrant.diagnosis.explain import explain_term, near_misses

    catalog = load()
    found = explain_term(term, catalog, SystemClock().now().date())
    if found is None:
        return _not_known(term, near_misses(term, catalog), form)
    if form is Format.JSON:
        emit("explanation", {"term": term, "known": True, "explanation": found})
    else:
        say_sections(found.sections)
    return None


def _not_known(term: str, near: list[str], form: Format) -> None:
    if form is Format.JSON:
        emit("explanation", {"term": term, "known": False, "near": near})
    else:
        say(f"Not known: {term}")
        say(f"Near: {', '.join(near)}" if near else "Nothing comes near.")
        say("A whole answer or log is read by: evergrant diagnose")
    raise Exit(NOT_KNOWN)
