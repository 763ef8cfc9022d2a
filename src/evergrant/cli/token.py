"""`token`, `api-keys`: access tokens for scripts, and the keys of applications that read them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from evergrant.cli.output import Format, emit, format_option, progress, say, table

if TYPE_CHECKING:
    from datetime import datetime

    from evergrant.keeper import Keeper, Token
    from evergrant.store.api_keys import ApiKey

FINGERPRINT = "--not-token"


def _fingerprint(_context: click.Context, _option: click.Parameter, told: str) -> str:
    if told and not re.fullmatch(r"[0-9a-f]{12}", told):
        raise click.BadParameter("a fingerprint is twelve hex digits, as the broker gives it")
    return told


@click.command()
@click.argument("connection")
@click.option(
    FINGERPRINT,
    default="",
    callback=_fingerprint,
    help="fingerprint of a token that Salesforce refused",
)
@click.option("--part", default="", help="which credential, where the integration has several")
@format_option
def token(connection: str, not_token: str, part: str, form: Format) -> None:
    """Print an access token of CONNECTION that works now.

    For scripts: curl -H "Authorization: Bearer $(evergrant token acme)" …  Where EVERGRANT_URL and
    EVERGRANT_API_KEY are set the service there is asked, otherwise the store on this machine.
    Which token was read is written down. Ends with 4 when it cannot be had just now.
    """
    if os.environ.get("EVERGRANT_URL") and os.environ.get("EVERGRANT_API_KEY"):
        told = _from_service(connection, not_token, part)
    else:
        told = _from_store(connection, not_token, part)
    if form is Format.JSON:
        emit("token", told)
    else:
        say(told["access_token"])


def _from_service(connection: str, not_token: str, part: str) -> dict[str, Any]:
    from evergrant.client import TokenSource

    with TokenSource(connection, part=part) as source, progress("Reading the token"):
        found = source.token(refused=not_token)
    return _told(found.access_token.reveal(), found.instance_url, found.expires_hint, found.stale)


def _from_store(connection: str, not_token: str, part: str) -> dict[str, Any]:
    from evergrant.keeper import fresh_token, open_keeper
    from evergrant.settings import load
    from evergrant.store.parts import MAIN

    with open_keeper(load()) as keeper:
        with progress("Reading the token"):
            found = fresh_token(keeper, connection, not_token=not_token, part=part or MAIN)
        _write_down(keeper, found)
    return _told(found.access_token.reveal(), found.instance_url, found.expires_hint, found.stale)


def _write_down(keeper: Keeper, found: Token) -> None:
    from evergrant.keeper import OPERATOR, TokenLog

    log = TokenLog(keeper)
    if (line := log.note(OPERATOR, found)) is not None:
        line.result()
    log.close()


def _told(
    access_token: str, instance_url: str, ends: datetime | None, stale: str
) -> dict[str, Any]:
    return {
        "access_token": access_token,
        "instance_url": instance_url,
        "expires_hint": ends,
        "stale": stale,
    }


# --- keys ----------------------------------------------------------------------------------------


@click.command("create")
@click.argument("name")
@click.option("--connection", "connections", multiple=True, help="a connection that it opens")
@click.option("--integration", "integrations", multiple=True, help="an integration, likewise")
@click.option("--all", "everything", is_flag=True, help="it opens every connection")
@click.option("--days", type=click.IntRange(1, 3660), default=90, show_default=True,
              help="how long it is good")  # fmt: skip
@click.option("--per-minute", type=click.IntRange(1, 1_000_000), default=600, show_default=True,
              help="how often it may read")  # fmt: skip
@format_option
def create(
    name: str,
    connections: Sequence[str],
    integrations: Sequence[str],
    everything: bool,
    days: int,
    per_minute: int,
    form: Format,
) -> None:
    """Make an API key for an application, and show it once.

    It reads access tokens of the connections that it opens, and nothing else.
    """
    from evergrant.keeper import create_key, open_keeper
    from evergrant.settings import load

    with open_keeper(load()) as keeper:
        word, key = create_key(
            keeper,
            name,
            of_connections=connections,
            of_integrations=integrations,
            everything=everything,
            days=days,
            per_minute=per_minute,
        )
    if form is Format.JSON:
        emit("api-key", {**_of_key(key), "api_key": word.reveal()})
    else:
        say(word.reveal())
        say(f"It is shown only now, and good until {key.expires_at:%Y-%m-%d}.")


@click.command("list")
@format_option
def list_(form: Format) -> None:
    """List the API keys that were made; none is shown."""
    from evergrant.keeper import list_keys, open_keeper
    from evergrant.settings import load

    with open_keeper(load()) as keeper:
        keys, now = list_keys(keeper), keeper.clock.now()
    if form is Format.JSON:
        emit("api-keys", {"keys": [_of_key(each) for each in keys]})
    elif not keys:
        say("No API keys yet. Make one with: evergrant api-keys create NAME --connection NAME")
    else:
        rows = [(each.name, _standing(each, now), each.id) for each in keys]
        table(("key", "state", "id"), rows, {"revoked": "red", "expired": "red"})


@click.command()
@click.argument("key")
@format_option
def revoke(key: str, form: Format) -> None:
    """End a key, by its id or its name, from the next request on."""
    from evergrant.keeper import open_keeper, revoke_key
    from evergrant.settings import load

    with open_keeper(load()) as keeper:
        gone = revoke_key(keeper, key)
    if form is Format.JSON:
        emit("api-keys-revoked", {"keys": gone})
    else:
        say("\n".join(f"{each} is revoked" for each in gone))


@click.command()
@click.option("--connection", default="", help="of this connection only")
@click.option("--key", default="", help="by this key only: its id, or `operator`")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True,
              help="how many lines, newest first")  # fmt: skip
@format_option
def log(connection: str, key: str, limit: int, form: Format) -> None:
    """Show which key read which token when."""
    from evergrant.keeper import open_keeper, token_log
    from evergrant.settings import load

    with open_keeper(load()) as keeper:
        lines = token_log(keeper, connection=connection, key=key, limit=limit)
    if form is Format.JSON:
        emit("token-log", {"lines": lines})
    else:
        rows = [
            (each.key, each.connection, each.fingerprint, str(each.times), f"{each.last_at:%F %T}")
            for each in lines
        ]
        table(("key", "connection", "token", "times", "last (UTC)"), rows, {})


COMMANDS: tuple[click.Command, ...] = (create, list_, revoke, log)


def _of_key(key: ApiKey) -> dict[str, Any]:
    """A key without its hash."""
    names = ("id", "name", "opens", "per_minute", "created_at", "expires_at", "revoked_at")
    return {name: getattr(key, name) for name in names}


def _standing(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if now >= key.expires_at else f"until {key.expires_at:%Y-%m-%d}"
