"""`evergrant diagnose`: why is it broken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evergrant.cli.inputs import read_session, read_text
from evergrant.cli.output import Format, FormatOption, emit, line, progress, say
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.catalog import Catalog
    from evergrant.diagnosis import Diagnosis

AT_MOST = 5
NOT_KNOWN = 3


def diagnose(
    file: Annotated[
        str, typer.Argument(help="the error, pasted into a file; - for standard input")
    ] = "-",
    flow: Annotated[
        str, typer.Option(help="how the client came: web_server, jwt_bearer …")
    ] = "unknown",
    context: Annotated[str, typer.Option(help="what else is known, in your words")] = "",
    cases: Annotated[str, typer.Option(help="JSON lines with id, symptom, context, flow")] = "",
    connection: Annotated[str, typer.Option(help="diagnose a connection instead of a text")] = "",
    session: Annotated[
        str, typer.Option(help="an admin's session as JSON (file or -), to look into the org")
    ] = "",
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """Say why a Salesforce connection fails, with the evidence for and against.

    Ends with 0 when a cause is named, 3 when none is likely, 2 when the input cannot be read.
    """
    if cases:
        return _cases(cases)
    if connection:
        diagnosis, catalog = _of_connection(connection, session)
    else:
        diagnosis, catalog = _of_text(read_text(file), flow, context)
    _render(diagnosis, catalog, format)
    if not diagnosis.cause:
        raise typer.Exit(NOT_KNOWN)
    return None


def _of_text(text: str, flow: str, context: str) -> tuple[Diagnosis, Catalog]:
    from evergrant import diagnosis, evidence
    from evergrant.catalog import load

    catalog = load()
    facts = evidence.of_text(text, flow=_flow(flow), context=context)
    return diagnosis.diagnose(facts, catalog, limit=AT_MOST), catalog


def _of_connection(name: str, session: str) -> tuple[Diagnosis, Catalog]:
    from evergrant.keeper import examine, open_keeper
    from evergrant.settings import load

    lent = read_session(session) if session else None
    with open_keeper(load()) as keeper, progress("Looking"):
        return examine(keeper, name, lent), keeper.catalog


def _flow(name: str) -> Any:
    from evergrant.model import FLOW_IDS

    if name not in FLOW_IDS:
        raise BadInput(
            f"no flow is called {name!r}", next_step=f"one of {', '.join(FLOW_IDS)}", whose="you"
        )
    return name


def _render(diagnosis: Diagnosis, catalog: Catalog, format: Format) -> None:  # noqa: A002
    from evergrant.diagnosis.explain import render

    if format is Format.JSON:
        emit("diagnosis", {**ranking(diagnosis), "diagnosis": diagnosis})
    else:
        say(render(diagnosis, catalog))


def ranking(diagnosis: Diagnosis) -> dict[str, Any]:
    """The ranking as the contract of `--cases` has it."""
    return {
        "causes": [
            {"id": each.cause, "refined": each.refined, "confidence": round(each.confidence, 4)}
            for each in diagnosis.ranked[:AT_MOST]
        ],
        "none_of_these": round(diagnosis.none_of_these, 4),
    }


def _cases(name: str) -> None:
    from evergrant import diagnosis, evidence
    from evergrant.catalog import load

    catalog = load()
    for number, row in _rows(read_text(name), name):
        flow = row.get("flow") or "unknown"
        facts = evidence.of_text(row["symptom"], flow=_flow(flow), context=row.get("context") or "")
        line(
            {
                "id": row.get("id", number),
                **ranking(diagnosis.diagnose(facts, catalog, limit=AT_MOST)),
            }
        )


def _rows(text: str, name: str) -> list[tuple[int, dict[str, Any]]]:
    """All rows, read before the first is judged: a bad row loses nothing and hides nothing."""
    rows = []
    for number, each in enumerate(text.splitlines(), start=1):
        if not each.strip():
            continue
        try:
            row = json.loads(each)
            if not isinstance(row["symptom"], str):
                raise TypeError("symptom is not a text")
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"{name}, line {number}: not a case",
                why=f"{type(error).__name__}: {error}",
                next_step='each line is a JSON object with "id" and "symptom"',
                whose="you",
            ) from error
        rows.append((number, row))
    return rows
