"""`evergrant diagnose`: why is it broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, columns, emit, format_option, line, progress, say
from evergrant.cli.reading import read_text
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.catalog import Catalog
    from evergrant.diagnosis import Diagnosis

AT_MOST = 5
NOT_KNOWN = 3


@click.command()
@click.argument("file", default="-")
@click.option("--flow", default="unknown", help="how the client came: web_server, jwt_bearer …")
@click.option("--context", default="", help="what else is known, in your words")
@click.option("--cases", default="", help="JSON lines with id, symptom, and context, flow if known")
@click.option("--connection", default="", help="diagnose a connection instead of a text")
@click.option("--session", default="", help="an admin's session as JSON, to look into the org")
@format_option
def diagnose(
    file: str,
    flow: str,
    context: str,
    cases: str,
    connection: str,
    session: str,
    form: Format,
) -> None:
    """Say why a Salesforce connection fails, with evidence.

    FILE holds the error as it was pasted; standard input is read where it is left out or -.

    Ends with 0 when a cause is named, 3 when none stands out, 2 when the input cannot be read.
    With --cases, each case is answered with one JSON line, and it ends with 0 when all were read.
    """
    _only_one(file, cases, connection, session)
    if cases:
        return _cases(cases)
    if connection:
        diagnosis, catalog = _of_connection(connection, session)
    else:
        diagnosis, catalog = _of_text(read_text(file), flow, context)
    _render(diagnosis, catalog, form)
    if not diagnosis.is_named:
        raise Exit(NOT_KNOWN)
    return None


def _only_one(file: str, cases: str, connection: str, session: str) -> None:
    if sum((file != "-", bool(cases), bool(connection))) > 1:
        raise BadInput(
            "a file, --cases and --connection exclude each other",
            next_step="give one of them",
            whose="you",
        )
    if session and not connection:
        raise BadInput(
            "--session looks into the org of a connection",
            next_step="name the connection with --connection",
            whose="you",
        )


def _of_text(text: str, flow: str, context: str) -> tuple[Diagnosis, Catalog]:
    from evergrant.catalog import load

    catalog = load()
    return _judged(text, flow, context, catalog), catalog


def _judged(text: str, flow: str, context: str, catalog: Catalog) -> Diagnosis:
    from evergrant import diagnosis, evidence

    facts = evidence.of_text(text, flow=_flow(flow), context=context)
    return diagnosis.diagnose(facts, catalog, limit=AT_MOST)


def _of_connection(name: str, session: str) -> tuple[Diagnosis, Catalog]:
    from evergrant.cli.session import read_session
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


def _render(diagnosis: Diagnosis, catalog: Catalog, form: Format) -> None:
    from evergrant.diagnosis.explain import render

    if form is Format.JSON:
        emit("diagnosis", {**ranking(diagnosis), "diagnosis": diagnosis})
    else:
        say(render(diagnosis, catalog, width=columns()).rstrip())


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
    from evergrant.catalog import load
    from evergrant.cli.cases import read_cases

    catalog, known = load(), read_cases(name)
    with progress(f"Diagnosing {len(known)} cases"):
        for each in known:
            found = _judged(each.symptom, each.flow, each.context, catalog)
            line({"id": each.id, **ranking(found)})
