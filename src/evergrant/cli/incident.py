"""`evergrant incident list|report`: what broke, why, and what was done about it."""

from __future__ import annotations

import sys

import click

from evergrant.cli.output import Format, emit, format_option, progress, say, table

TITLES = ("connection", "opened (UTC)", "ended (UTC)", "cause", "id")


@click.command("list")
@click.argument("connection", default="")
@format_option
def list_(connection: str, form: Format) -> None:
    """List incidents, the newest first.

    CONNECTION is an id or a name; all are listed where it is left out.
    """
    from evergrant.keeper import list_incidents, open_keeper
    from evergrant.settings import load

    with open_keeper(load()) as keeper:
        found = list_incidents(keeper, connection)
    if form is Format.JSON:
        emit("incidents", {"incidents": [incident for incident, _ in found]})
        return
    if not found:
        say("No incidents.")
        return
    rows = []
    for incident, of in found:
        ended = f"{incident.closed_at:%Y-%m-%d %H:%M}" if incident.closed_at else "open"
        opened = f"{incident.opened_at:%Y-%m-%d %H:%M}"
        rows.append((of.name, opened, ended, incident.cause or "not known", incident.id))
    table(TITLES, rows, {"open": "red"})


@click.command()
@click.argument("incident")
@click.option(
    "--session",
    default="",
    metavar="FILE",
    help="an admin's session as JSON, to read the audit trail",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["md", "html", "json"]),
    default="md",
    show_default=True,
    help="Markdown, one HTML page, or JSON for programs",
)
def report(incident: str, session: str, form: str) -> None:
    """Write the report of an incident: error, cause, fix, changes, proof.

    INCIDENT is an id of `evergrant incident list`, open or closed.
    With --session the org's audit trail tells which settings and assignments were changed.
    """
    from evergrant.cli.incident_report import FORMS
    from evergrant.cli.session import read_session
    from evergrant.keeper import open_keeper
    from evergrant.keeper import report as reported
    from evergrant.settings import load

    lent = read_session(session) if session else None
    with open_keeper(load()) as keeper, progress("Looking"):
        found = reported(keeper, incident, lent)
    if form == "json":
        emit("incident-report", {"report": found})
    else:
        sys.stdout.write(FORMS[form](found))
