"""`evergrant preflight`: the day before go-live."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from evergrant.cli.directly import bringing, subject_token_option, token_for
from evergrant.cli.output import Format, emit, format_option
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.keeper import Keeper
    from evergrant.keeper.preflight import With
    from evergrant.keeper.preflight_checks import Row
    from evergrant.model import Integration, Secret, Session
    from evergrant.settings import Settings

ENDS = {"pass": 0, "warn": 0, "fail": 1, "could not look": 4}
"""Outcome of the whole table → exit code."""
MARKS = {"pass": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "red"),
         "could not look": ("?", "yellow")}  # fmt: skip


@click.command()
@click.argument("connection", default="")
@click.option(
    "--integration",
    default="",
    metavar="FILE",
    help="check this integration instead: connect, check, revoke, keep nothing",
)
@click.option(
    "--target-org",
    default="",
    metavar="ALIAS",
    help="look at policies with this login of the Salesforce CLI",
)
@click.option("--session", default="", metavar="FILE", help="or with an admin's session as JSON")
@click.option(
    "--certificate",
    default="",
    metavar="FILE",
    help="PEM certificate that is registered in the app",
)
@click.option("--egress", default="", metavar="IP", help="address that requests must come from")
@subject_token_option
@format_option
def preflight(
    connection: str,
    integration: str,
    target_org: str,
    session: str,
    certificate: str,
    egress: str,
    subject_token: str,
    form: Format,
) -> None:
    """Try today what could fail tomorrow.

    CONNECTION is an id or a name. Checked are the way to Salesforce, the clock, every part, two
    renewals in a row, identity, a call, the row in Login History, the address that Salesforce saw,
    scopes, certificate, and with an admin's login the policies and their dates.

    Ends with 0 when nothing fails, 1 when something does, 4 when something could not be seen.
    """
    from evergrant.cli.doctor import lent_session
    from evergrant.settings import load

    if bool(connection) == bool(integration):
        raise BadInput(
            "name a connection, or an integration file",
            next_step="evergrant preflight NAME, or --integration FILE",
            whose="you",
        )
    settings = load()
    given = _given(lent_session(target_org, session), certificate, egress)
    if connection:
        rows = _of_connection(settings, connection, given, form)
    else:
        rows = _of_integration(settings, integration, given, subject_token, form)
    _end(rows, form)


def _given(session: Session | None, certificate: str, egress: str) -> With:
    from evergrant.cli.reading import read_text
    from evergrant.keeper.preflight import With

    pem = read_text(certificate, give="give a PEM certificate").encode() if certificate else b""
    return With(session, pem, egress)


def _of_connection(settings: Settings, name: str, given: With, form: Format) -> tuple[Row, ...]:
    from evergrant.keeper import open_keeper
    from evergrant.keeper.preflight import preflight as check_all

    with open_keeper(settings) as keeper:
        return check_all(keeper, name, given, _watch(form))


def _of_integration(
    settings: Settings, file: str, given: With, subject_token: str, form: Format
) -> tuple[Row, ...]:
    """Connect every part in a store that vanishes, check, and give everything back."""
    from evergrant.cli.declared import taken_in
    from evergrant.keeper import connect_directly, remove, walk_on
    from evergrant.keeper.preflight import preflight as check_all
    from evergrant.store.parts import MAIN

    wanted = _without_person(file, settings)
    token: Secret | None = token_for(wanted.flow, subject_token)
    with _passing(settings) as keeper:
        taken_in(keeper, file, settings)
        with bringing(wanted.flow, token, f"Connecting {wanted.name}", form) as brought:
            made, _ = connect_directly(
                keeper, wanted, "preflight", wanted.login_host, brought=brought
            )
        try:
            walk_on(keeper, made.id, MAIN)
            return check_all(keeper, made.id, given, _watch(form))
        finally:
            remove(keeper, made.id)


def _without_person(file: str, settings: Settings) -> Integration:
    """The integration of a file whose parts need nobody at a browser; raises `BadInput`."""
    from evergrant.cli.declared import parts_in
    from evergrant.cli.integration import read_integration

    wanted = read_integration(file, settings)
    held = (each for each in parts_in(file) if each.kind == "credential")
    for part in held:
        if part.view(wanted).flow == "web_server":
            raise BadInput(
                f"part {part.name} needs a person who authorizes (web_server)",
                next_step=f"evergrant connect NAME --integration {file}, then evergrant preflight"
                " NAME",
                whose="you",
            )
    return wanted


@contextmanager
def _passing(settings: Settings) -> Iterator[Keeper]:
    """A keeper whose store and key are gone afterwards."""
    import secrets
    from base64 import b64encode
    from tempfile import TemporaryDirectory

    from evergrant.keeper import open_keeper

    key = {"EVERGRANT_MASTER_KEY": b64encode(secrets.token_bytes(32)).decode()}
    with TemporaryDirectory(prefix="evergrant-preflight-") as folder:
        own = settings.but(data_dir=Path(folder), database_url="", webhook_url="")
        with open_keeper(own, environ=key) as keeper:
            yield keeper


def _watch(form: Format) -> Callable[[Row], None]:
    """Prints each row as it is known."""
    from evergrant.cli.visited import print_line

    def watch(row: Row) -> None:
        if form is Format.TEXT:
            mark, colour = MARKS[row.outcome]
            print_line(row.told, mark=mark, colour=colour, label=f"{row.check:<15} ")
            if row.next_step:
                print_line(f"→ {row.next_step}", indent=18)

    return watch


def _end(rows: tuple[Row, ...], form: Format) -> None:
    from evergrant.cli.visited import print_line
    from evergrant.keeper.preflight import outcome_of

    outcome = outcome_of(rows)
    if form is Format.JSON:
        emit("preflight", {"outcome": outcome, "rows": rows})
    else:
        counts = {each: sum(row.outcome == each for row in rows) for each in ENDS}
        print_line("")
        print_line(", ".join(f"{count} {each}" for each, count in counts.items() if count))
    if code := ENDS[outcome]:
        raise Exit(code)
