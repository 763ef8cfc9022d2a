"""`connect`, `status`, `check`, `reauthorize`, `remove`: the life of a connection."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evergrant.cli.output import Format, FormatOption, emit, progress, say, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrant.keeper import Keeper
    from evergrant.model import Connection, Integration, Proof
    from evergrant.settings import Settings

FINDING = 1
HostOption = Annotated[str, typer.Option(help="production, sandbox or a My Domain")]
BrowserOption = Annotated[bool, typer.Option(help="open the link in a browser")]


def connect(
    name: Annotated[str, typer.Argument(help="what you call the customer's org")],
    integration: Annotated[
        str, typer.Option(help="integration file (TOML), or the id of a known one")
    ],
    login_host: HostOption = "",
    browser: BrowserOption = True,
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """Connect an org and prove it: identity, a good call, and the Success row in Login History."""
    from evergrant.keeper import connect_directly, open_keeper
    from evergrant.settings import load

    settings = load()
    with open_keeper(settings) as keeper:
        wanted = _integration(keeper, integration, settings)
        host = _host(login_host, settings) if login_host else wanted.login_host
        if wanted.flow == "web_server":
            body = {"integration": wanted.id, "name": name, "login_host": host}
            _through_browser(settings, body, browser, format)
            return
        with progress(f"Connecting {name}"):
            connection, proofs = connect_directly(keeper, wanted, name, host)
    _told(connection, proofs, format)


def reauthorize(
    connection: Annotated[str, typer.Argument(help="id or name of the connection")],
    login_host: HostOption = "",
    login_hint: Annotated[str, typer.Option(help="username to suggest at Salesforce's login")] = "",
    force_login: Annotated[bool, typer.Option(help="ask for a login even if one is open")] = False,
    browser: BrowserOption = True,
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """Authorize a connection anew, in place: its settings stay, and the result is proven."""
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
            _through_browser(settings, body, browser, format)
            return
        with progress(f"Reauthorizing {known.name}"):
            after, proofs = reauthorize_directly(keeper, known.id)
    _told(after, proofs, format)


def status(
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """List the connections and how they are."""
    from evergrant.health import BROKEN
    from evergrant.keeper import open_keeper
    from evergrant.settings import load
    from evergrant.store import connections

    with open_keeper(load()) as keeper, keeper.reading() as tx:
        known = connections.every(tx)
    if format is Format.JSON:
        emit("status", {"connections": known})
    elif not known:
        say("No connections yet. Begin with: evergrant connect NAME --integration FILE")
    else:
        show(_table(known))
    if any(each.state in BROKEN for each in known):
        raise typer.Exit(FINDING)


def check(
    connection: Annotated[
        str, typer.Argument(help="id or name; all that are watched if left out")
    ] = "",
    renew: Annotated[
        bool, typer.Option(help="ask for a new access token even if one works")
    ] = False,
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """Look whether connections work now."""
    from evergrant import keeper as verbs
    from evergrant.health import WATCHED
    from evergrant.settings import load
    from evergrant.store import connections

    with verbs.open_keeper(load()) as keeper:
        with keeper.reading() as tx:
            named = [connections.get(tx, connection)] if connection else connections.every(tx)
        wanted = [each for each in named if connection or each.state in WATCHED]
        with progress(f"Checking {len(wanted)} connection(s)"):
            found = [verbs.check(keeper, each.id, renew=renew) for each in wanted]
    if format is Format.JSON:
        emit("check", {"checks": [_checked(each) for each in found]})
    else:
        for each in found:
            say(_check_line(each))
    if any(each.failure for each in found):
        raise typer.Exit(FINDING)


def remove(
    connection: Annotated[str, typer.Argument(help="id or name of the connection")],
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """Revoke a connection's tokens at Salesforce, destroy them here, and end the connection."""
    from evergrant import keeper as verbs
    from evergrant.settings import load

    if not yes:
        typer.confirm(f"Remove {connection}? Its tokens are revoked and destroyed", abort=True)
    with verbs.open_keeper(load()) as keeper, progress(f"Removing {connection}"):
        gone = verbs.remove(keeper, connection)
    if format is Format.JSON:
        emit("removed", {"connection": gone})
    else:
        say(f"{gone.name} is removed.")


def _integration(keeper: Keeper, name: str, settings: Settings) -> Integration:
    from evergrant.cli.inputs import read_integration

    if not Path(name).is_file():
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
    typer.echo(f"Open this link in the browser of whoever authorizes:\n  {begun.link}", err=True)
    if browser:
        webbrowser.open(begun.link)
    with progress("Waiting for Salesforce to call back (Ctrl-C to stop)"):
        end = service.wait(begun.id)
    if format is Format.JSON:
        emit("flow", end)
    else:
        say(_flow_text(end))
    if end["status"] != "done" or any(p["proven"] is not True for p in end["outcome"]["proofs"]):
        raise typer.Exit(FINDING)


def _flow_text(end: dict[str, Any]) -> str:
    outcome = end["outcome"]
    if end["status"] == "done":
        return "\n".join(["Connected.", *(_proof_line(**proof) for proof in outcome["proofs"])])
    if end["status"] == "on_hold":
        return "On hold: another org or user came back. Nothing was replaced."
    cause = outcome.get("cause")
    told = f"{end['status']}: {outcome.get('error', 'no callback came')}"
    return f"{told}\nLikely: {cause}. See: evergrant explain {cause}" if cause else told


def _proof_line(kind: str, proven: bool | None, detail: str) -> str:
    word = {True: "proven", False: "NOT PROVEN", None: "unproven"}[proven]
    return f"  {kind.replace('_', ' '):14} {word:11} {detail}"


def _told(connection: Connection, proofs: Sequence[Proof], format: Format) -> None:  # noqa: A002
    if format is Format.JSON:
        emit("connection", {"connection": connection, "proofs": proofs})
    else:
        say(f"{connection.name}: {connection.state}")
        for proof in proofs:
            say(_proof_line(proof.kind, proof.proven, proof.detail))
    if any(proof.proven is not True for proof in proofs):
        raise typer.Exit(FINDING)


def _checked(found: Any) -> dict[str, Any]:
    first = found.diagnosis.cause if found.diagnosis else ""
    return {
        "connection": found.connection,
        "works": found.failure is None,
        "error": found.failure.what if found.failure else "",
        "cause": first,
    }


def _check_line(found: Any) -> str:
    told = f"{found.connection.name}: {found.connection.state}"
    if found.failure is None:
        return told
    first = found.diagnosis.cause if found.diagnosis else ""
    return f"{told}\n  {found.failure.what}" + (f"\n  likely {first}" if first else "")


def _table(known: Sequence[Connection]) -> object:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("connection", "state", "since", "org", "id"):
        table.add_column(title, overflow="fold")
    for each in known:
        since = f"{each.since:%Y-%m-%d %H:%M}" if each.since else ""
        org = each.identity.org_id if each.identity else ""
        table.add_row(each.name, str(each.state), since, org, each.id)
    return table
