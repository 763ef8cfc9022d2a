"""`evergrant diagnose`: why is it broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from evergrant.cli.gathering import Asked, as_data, asking, gathered, show
from evergrant.cli.output import Format, columns, emit, format_option, line, progress, say_sections
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.catalog import Catalog
    from evergrant.diagnosis import Diagnosis
    from evergrant.evidence import Evidence

AT_MOST = 5
NOT_KNOWN = 3


@click.command()
@click.argument("files", metavar="[FILE]...", nargs=-1)
@asking
@click.option("--cases", default="", help="JSON lines with id, symptom, and context, flow if known")
@click.option("--connection", default="", help="diagnose a connection instead of files")
@click.option("--session", default="", help="an admin's session as JSON, to look into the org")
@format_option
def diagnose(
    files: tuple[str, ...],
    flow: str,
    context: str,
    app: str,
    user: str,
    at: str,
    cases: str,
    connection: str,
    session: str,
    form: Format,
) -> None:
    """Say why a Salesforce connection fails, with evidence.

    Each FILE holds evidence and is known by its content: an error as it was pasted, a log, a HAR
    file, a curl command, a JWT, a certificate or key (PEM), what sf --json printed, Login History,
    the event log, the Identity Provider Event Log or the Setup Audit Trail (CSV or JSON), metadata
    (files, a folder, a zip), or a saved bundle. Standard input is read where none is named, or
    for -.

    Ends with 0 when a cause is named, 3 when none stands out, 2 when the input cannot be read.
    With --cases, each case is answered with one JSON line, and it ends with 0 when all were read.
    """
    _only_one(files, cases, connection, session)
    if cases:
        return _cases(cases)
    if connection:
        diagnosis = _of_connection(connection, session, form)
    else:
        diagnosis = judge(gathered(files, Asked(flow, context, app, user, at)), form)
    if not diagnosis.is_named:
        raise Exit(NOT_KNOWN)
    return None


def _only_one(files: tuple[str, ...], cases: str, connection: str, session: str) -> None:
    if sum((files not in ((), ("-",)), bool(cases), bool(connection))) > 1:
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


def judge(evidence: Evidence, form: Format) -> Diagnosis:
    """Judge what was gathered, and write the answer."""
    from evergrant.catalog import load
    from evergrant.diagnosis import diagnose as judged

    catalog = load()
    diagnosis = judged(evidence.facts, catalog, limit=AT_MOST)
    render(diagnosis, catalog, form, evidence)
    return diagnosis


def _of_connection(name: str, session: str, form: Format) -> Diagnosis:
    from evergrant.cli.session import read_session
    from evergrant.keeper import by_time, examine, open_keeper
    from evergrant.settings import load

    lent = read_session(session) if session else None
    with open_keeper(load()) as keeper, progress("Looking"):
        diagnosis = examine(keeper, name, lent)
        evidence, catalog = by_time(keeper, name, diagnosis.facts), keeper.catalog
    render(diagnosis, catalog, form, evidence)
    return diagnosis


def render(
    diagnosis: Diagnosis, catalog: Catalog, form: Format, evidence: Evidence | None = None
) -> None:
    """Write a diagnosis, with the timeline of the evidence where there is one."""
    from evergrant.diagnosis.explain import sections

    if form is Format.JSON:
        more = {"evidence": as_data(evidence)} if evidence else {}
        emit("diagnosis", {**ranking(diagnosis), "diagnosis": diagnosis, **more})
        return
    say_sections(sections(diagnosis, catalog))
    if evidence is not None:
        show(evidence, columns())


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
    from evergrant.cli.cases import read_cases

    catalog, known = load(), read_cases(name)
    with progress(f"Diagnosing {len(known)} cases"):
        for each in known:
            facts = evidence.of_text(each.symptom, flow=each.flow, context=each.context)
            found = diagnosis.diagnose(facts, catalog, limit=AT_MOST)
            line({"id": each.id, **ranking(found)})
