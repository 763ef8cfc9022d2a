"""`connect` and `reauthorize`: an org's yes, asked for through a browser or directly, and proven."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evergrant.cli.output import Format, FormatOption, emit, progress, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrant.keeper import Keeper
    from evergrant.model import Connection, Integration, Proof
    from evergrant.settings import Settings

NOT_PROVEN = 1
HostOption = Annotated[str, typer.Option(help="production, sandbox or a My Domain")]
BrowserOption = Annotated[bool, typer.Option(help="open the link in a browser")]
PROOF_WORDS = {True: "proven", False: "NOT PROVEN", None: "unproven"}


def connect(
    name: Annotated[str, typer.Argument(help="what you call the customer's org")],
    integration: Annotated[
        str, typer.Option(help="integration file (TOML), or the id of a known one")
    ],
    login_host: HostOption = "",
    browser: BrowserOption = True,
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """Connect an org and prove it: identity, a good call, and the Success row in Login History.

    Ends with 1 when it was refused or not all of that was proven.
    """
    from evergrant.keeper import connect_directly, open_keeper
    from evergrant.settings import load

    settings = load()
    with open_keeper(settings) as keeper:
        wanted = _integration(keeper, integration, settings)
        host = _host(login_host, settings) if login_host else wanted.login_host
        if wanted.flow == "web_server":
            body = {"integration": wanted.id, "name": name, "login_host": host}
            return _through_browser(settings, body, browser, format)
        with progress(f"Connecting {name}"):
            connection, proofs = connect_directly(keeper, wanted, name, host)
    return _told(connection, proofs, format)


def reauthorize(
    connection: Annotated[str, typer.Argument(help="id or name of the connection")],
    login_host: HostOption = "",
    login_hint: Annotated[str, typer.Option(help="username to suggest at Salesforce's login")] = "",
    force_login: Annotated[bool, typer.Option(help="ask for a login even if one is open")] = False,
    browser: BrowserOption = True,
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """Authorize a connection anew, in place: its settings stay, and the result is proven.

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
        if used.flow == "web_server":
            body = {
                "integration": used.id,
                "connection": known.id,
                "login_host": _host(login_host, settings) if login_host else "",
                "login_hint": login_hint,
                "force_login": force_login,
            }
            return _through_browser(settings, body, browser, format)
        with progress(f"Reauthorizing {known.name}"):
            after, proofs = reauthorize_directly(keeper, known.id)
    return _told(after, proofs, format)


def _integration(keeper: Keeper, name: str, settings: Settings) -> Integration:
    from evergrant.cli.integration import read_integration

    if not (Path(name).is_file() or name.endswith(".toml")):
        with keeper.reading() as tx:
            return keeper.vault.integration(tx, name)
    told = read_integration(name, settings)
    with keeper.writing() as tx:
        keeper.vault.save_integration(tx, told)
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
    format: Format,  # noqa: A002
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
    if format is Format.JSON:
        emit("flow", end)
    else:
        say(_flow_text(end))
    if end["status"] != "done" or any(p["proven"] is not True for p in end["outcome"]["proofs"]):
        raise typer.Exit(NOT_PROVEN)


def _flow_text(end: dict[str, Any]) -> str:
    outcome = end["outcome"]
    if end["status"] == "done":
        return "\n".join(["Connected.", *(_proof_line(**proof) for proof in outcome["proofs"])])
    if end["status"] == "on_hold":
        return (
            "On hold: another org or user came back. Nothing was replaced.\n"
            f"Decide with: evergrant release {end['connection']} --keep (or --switch)"
        )
    cause = outcome.get("cause")
    told = f"{end['status']}: {outcome.get('error', 'no callback came')}"
    return f"{told}\nLikely: {cause}. See: evergrant explain {cause}" if cause else told


def _proof_line(kind: str, proven: bool | None, detail: str) -> str:
    return f"  {kind.replace('_', ' '):14} {PROOF_WORDS[proven]:11} {detail}"


def _told(connection: Connection, proofs: Sequence[Proof], format: Format) -> None:  # noqa: A002
    if format is Format.JSON:
        emit("connection", {"connection": connection, "proofs": proofs})
    else:
        say(f"{connection.name}: {connection.state}")
        for proof in proofs:
            say(_proof_line(proof.kind, proof.proven, proof.detail))
    if any(proof.proven is not True for proof in proofs):
        raise typer.Exit(NOT_PROVEN)
