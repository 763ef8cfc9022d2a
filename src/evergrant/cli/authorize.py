"""`connect` and `reauthorize`: an org's yes, asked for by browser or directly, and proven."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from evergrant.cli.browsing import NOT_PROVEN, held_text, part_line, proof_line, through_browser
from evergrant.cli.directly import bringing, subject_token_option, token_for
from evergrant.cli.output import Format, emit, format_option, say
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrant.keeper import Keeper, Walked
    from evergrant.model import Connection, Integration, Proof
    from evergrant.settings import Settings

host_option = click.option("--login-host", default="", help="production, sandbox or a My Domain")
browser_option = click.option(
    "--browser/--no-browser", default=True, help="open the link in a browser (as if left out)"
)


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
    from evergrant.keeper import connect_directly, open_keeper, walk_on
    from evergrant.settings import load
    from evergrant.store.parts import MAIN

    settings = load()
    with open_keeper(settings) as keeper:
        wanted = _integration(keeper, integration, settings)
        host = _host(login_host, settings) if login_host else wanted.login_host
        token = token_for(wanted.flow, subject_token)
        if wanted.flow == "web_server":
            body = {"integration": wanted.id, "name": name, "login_host": host}
            return through_browser(settings, body, browser, form)
        with bringing(wanted.flow, token, f"Connecting {name}", form) as brought:
            connection, proofs = connect_directly(keeper, wanted, name, host, brought=brought)
        rest = walk_on(keeper, connection.id, MAIN)
        connection = _as_it_is(keeper, connection)
    return _told_parts(settings, connection, proofs, rest, browser, form)


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
    from evergrant.keeper import open_keeper, reauthorize_directly, start_of, walk_on
    from evergrant.keeper.flows import integration_of
    from evergrant.settings import load
    from evergrant.store import connections

    settings = load()
    with open_keeper(settings) as keeper:
        part, _ = start_of(keeper, connection)
        with keeper.reading() as tx:
            known = connections.get(tx, connection)
            whole = keeper.vault.integration(tx, known.integration)
            used = integration_of(tx, whole, part)
        token = token_for(used.flow, subject_token)
        if used.flow == "web_server":
            body = {
                "integration": used.id,
                "connection": known.id,
                "login_host": _host(login_host, settings) if login_host else "",
                "login_hint": login_hint,
                "force_login": force_login,
            }
            return through_browser(settings, body, browser, form)
        if login_hint or force_login:
            raise BadInput(
                f"{used.flow} opens no login page here",
                next_step="leave out --login-hint and --force-login",
                whose="you",
            )
        host = _host(login_host, settings) if login_host else known.login_host
        with bringing(used.flow, token, f"Reauthorizing {known.name}", form) as brought:
            after, proofs = reauthorize_directly(
                keeper, known.id, login_host=host, brought=brought, part=part
            )
        rest = walk_on(keeper, known.id, part)
        after = _as_it_is(keeper, after)
    return _told_parts(settings, after, proofs, rest, browser, form)


def _integration(keeper: Keeper, name: str, settings: Settings) -> Integration:
    from evergrant.cli.declared import taken_in

    if not (Path(name).is_file() or name.endswith(".toml")):
        with keeper.reading() as tx:
            return keeper.vault.integration(tx, name)
    return taken_in(keeper, name, settings)


def _host(text: str, settings: Settings) -> str:
    from evergrant.oauth import login_host

    return login_host(
        text,
        allowed=settings.allowed_hosts,
        production=settings.login_host_production,
        sandbox=settings.login_host_sandbox,
    )


def _as_it_is(keeper: Keeper, connection: Connection) -> Connection:
    from evergrant.store import connections

    with keeper.reading() as tx:
        return connections.by_id(tx, connection.id)


def _told_parts(
    settings: Settings,
    connection: Connection,
    proofs: Sequence[Proof],
    rest: Walked,
    browser: bool,
    form: Format,
) -> None:
    """What came of a part where nobody called back, and of the parts behind it."""
    for each in rest.passed:
        sys.stderr.write(part_line(each.part, each.title, each.how, each.told) + "\n")
    if rest.at and proofs:
        body = {"integration": connection.integration, "connection": connection.id}
        through_browser(settings, body, browser, form)
    else:
        _told(connection, proofs, form)
    if any(each.how in ("refused", "waits") for each in rest.passed):
        raise Exit(NOT_PROVEN)


def _told(connection: Connection, proofs: Sequence[Proof], form: Format) -> None:
    if form is Format.JSON:
        emit("connection", {"connection": connection, "proofs": proofs})
    else:
        say(held_text(connection.id) if not proofs else f"{connection.name}: {connection.state}")
        for proof in proofs:
            say(proof_line(proof.kind, proof.proven, proof.detail))
    if not proofs or any(proof.proven is not True for proof in proofs):
        raise Exit(NOT_PROVEN)
