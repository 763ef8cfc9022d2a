"""`connect` and `reauthorize`: an org's yes, asked for by browser or directly, and proven."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from evergrant.cli.directly import bringing, subject_token_option, token_for
from evergrant.cli.output import Format, columns, emit, format_option, progress, say
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrant.keeper import Keeper
    from evergrant.model import Connection, Integration, Proof
    from evergrant.settings import Settings

NOT_PROVEN = 1
host_option = click.option("--login-host", default="", help="production, sandbox or a My Domain")
browser_option = click.option(
    "--browser/--no-browser", default=True, help="open the link in a browser (as if left out)"
)
PROOF_WORDS = {True: "proven", False: "NOT PROVEN", None: "unproven"}


@click.command()
@click.argument("name")
@click.option("--integration", required=True, help="integration file (TOML), or a known one's id")
@host_option
@browser_option
@subject_token_option
@format_option
def connect(
    name: str, integration: str, login_host: str, browser: bool, subject_token: str, form: Format
) -> None:
    """Connect an org and prove it.

    NAME is what you call the customer's org.
    The flow is the integration's: a link to open, a code to enter elsewhere, or nobody at all.
    Proven are identity, a good call, and the Success row in Login History.
    Ends with 1 when it was refused or not all of that was proven.
    """
    from evergrant.keeper import connect_directly, open_keeper
    from evergrant.settings import load

    settings = load()
    with open_keeper(settings) as keeper:
        wanted = _integration(keeper, integration, settings)
        host = _host(login_host, settings) if login_host else wanted.login_host
        token = token_for(wanted.flow, subject_token)
        if wanted.flow == "web_server":
            body = {"integration": wanted.id, "name": name, "login_host": host}
            return _through_browser(settings, body, browser, form)
        with bringing(wanted.flow, token, f"Connecting {name}", form) as brought:
            connection, proofs = connect_directly(keeper, wanted, name, host, brought=brought)
    return _told(connection, proofs, form)


@click.command()
@click.argument("connection")
@host_option
@click.option("--login-hint", default="", help="username to suggest at Salesforce's login")
@click.option("--force-login", is_flag=True, help="ask for a login even if one is open")
@browser_option
@subject_token_option
@format_option
def reauthorize(
    connection: str,
    login_host: str,
    login_hint: str,
    force_login: bool,
    browser: bool,
    subject_token: str,
    form: Format,
) -> None:
    """Authorize a connection anew, in place, and prove it.

    CONNECTION is its id or name.
    Its settings stay; proven are identity, a good call, and the Success row in Login History.
    Ends with 1 when it was refused or not all of that was proven.
    """
    from evergrant.keeper import open_keeper, reauthorize_directly
    from evergrant.settings import load
    from evergrant.store import connections

    settings = load()
    with open_keeper(settings) as keeper:
        with keeper.reading() as tx:
            known = connections.get(tx, connection)
            used = keeper.vault.integration(tx, known.integration)
        token = token_for(used.flow, subject_token)
        if used.flow == "web_server":
            body = {
                "integration": used.id,
                "connection": known.id,
                "login_host": _host(login_host, settings) if login_host else "",
                "login_hint": login_hint,
                "force_login": force_login,
            }
            return _through_browser(settings, body, browser, form)
        if login_hint or force_login:
            raise BadInput(
                f"{used.flow} opens no login page here",
                next_step="leave out --login-hint and --force-login",
                whose="you",
            )
        host = _host(login_host, settings) if login_host else known.login_host
        with bringing(used.flow, token, f"Reauthorizing {known.name}", form) as brought:
            after, proofs = reauthorize_directly(keeper, known.id, login_host=host, brought=brought)
    return _told(after, proofs, form)


def _integration(keeper: Keeper, name: str, settings: Settings) -> Integration:
    from evergrant.cli.expectations import read_expectations
    from evergrant.cli.integration import read_integration
    from evergrant.keeper import expect

    if not (Path(name).is_file() or name.endswith(".toml")):
        with keeper.reading() as tx:
            return keeper.vault.integration(tx, name)
    told = read_integration(name, settings)
    with keeper.writing() as tx:
        keeper.vault.save_integration(tx, told)
    expect(keeper, told.id, read_expectations(name))
    return told


def _host(text: str, settings: Settings) -> str:
    from evergrant.oauth import login_host

    return login_host(
        text,
        allowed=settings.allowed_hosts,
        production=settings.login_host_production,
        sandbox=settings.login_host_sandbox,
    )


def _through_browser(
    settings: Settings,
    body: dict[str, Any],
    browser: bool,
    form: Format,
) -> None:
    from evergrant.cli.service import Service

    service = Service(settings)
    begun = service.begin(body)
    sys.stderr.write(f"Open this link in the browser of whoever authorizes:\n  {begun.link}\n")
    sys.stderr.flush()
    if browser:
        webbrowser.open(begun.link)
    with progress("Waiting for Salesforce to call back (Ctrl-C to stop)"):
        end = service.wait(begun.id)
    if form is Format.JSON:
        emit("flow", end)
    else:
        say(_flow_text(end))
    if end["status"] != "done" or any(p["proven"] is not True for p in end["outcome"]["proofs"]):
        raise Exit(NOT_PROVEN)


def _flow_text(end: dict[str, Any]) -> str:
    outcome = end["outcome"]
    if end["status"] == "done":
        proofs = (_proof_line(**proof) for proof in outcome["proofs"])
        missing = (each for each in outcome.get("needs", ()) if each["standing"] == "missing")
        needs = (f"  missing in the org: {each['title']} ({each['told']})" for each in missing)
        return "\n".join(["Connected.", *proofs, *needs])
    if end["status"] == "on_hold":
        return _held(end["connection"])
    cause = outcome.get("cause")
    told = f"{end['status']}: {outcome.get('error', 'no callback came')}"
    return f"{told}\nIt looks like {cause}. See: evergrant explain {cause}" if cause else told


def _held(connection_id: str) -> str:
    return (
        "On hold: another org or user came back. Nothing was replaced.\n"
        f"Decide with: evergrant release {connection_id} --keep (or --switch)"
    )


def _proof_line(kind: str, proven: bool | None, detail: str) -> str:
    head = f"  {kind.replace('_', ' '):14} {PROOF_WORDS[proven]:11} "
    return fill(detail, columns(), initial_indent=head, subsequent_indent=" " * len(head))


def _told(connection: Connection, proofs: Sequence[Proof], form: Format) -> None:
    if form is Format.JSON:
        emit("connection", {"connection": connection, "proofs": proofs})
    else:
        say(_held(connection.id) if not proofs else f"{connection.name}: {connection.state}")
        for proof in proofs:
            say(_proof_line(proof.kind, proof.proven, proof.detail))
    if not proofs or any(proof.proven is not True for proof in proofs):
        raise Exit(NOT_PROVEN)
