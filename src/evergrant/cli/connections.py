"""`status`, `check`, `release`, `pause`, `resume`, `remove`: the life of a connection."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, progress, say, table
from evergrant.errors import BadInput, CouldNotLook, Malformed, WireError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrant.keeper import Checked, Keeper
    from evergrant.model import Connection

FINDING, COULD_NOT_LOOK = 1, 4
NOT_DONE = 1
TITLES = ("connection", "state", "since (UTC)", "id")
NOT_SEEN = (CouldNotLook, Malformed, WireError)
"""Failures that say nothing about whether the connection works."""
STYLES = {
    "connected": "green",
    "expiring soon": "yellow",
    "degraded": "yellow",
    "needs reauthorization": "red",
    "blocked by admin": "red",
    "on hold": "red",
}


@click.command()
@click.argument("connection", default="")
@format_option
def status(connection: str, form: Format) -> None:
    """List the connections and how they are.

    CONNECTION is an id or a name: then its open incident and what audits found in its org are told,
    too. Ends with 1 when one of them needs a person.
    """
    from evergrant.health import BROKEN
    from evergrant.keeper import open_keeper
    from evergrant.keeper.ending import endings
    from evergrant.keeper.secret_age import secret_ages
    from evergrant.settings import load
    from evergrant.store import connections

    if connection:
        from evergrant.cli.standing import tell

        with open_keeper(load()) as keeper:
            needs_a_person = tell(keeper, connection, form)
        raise Exit(FINDING if needs_a_person else 0)
    with open_keeper(load()) as keeper, keeper.reading() as tx:
        known, ages = connections.every(tx), list(secret_ages(keeper, tx))
        ends = list(endings(keeper, tx, known))
    if form is Format.JSON:
        emit("status", {"connections": known, "secrets": ages, "ending": ends})
    elif not known:
        say("No connections yet. Begin with: evergrant connect NAME --integration FILE")
    else:
        table(TITLES, [_row(each) for each in known], STYLES)
        for each in ends:
            say(each)
        for reminder in filter(None, (each.reminder for each in ages)):
            say(reminder)
    if any(each.state in BROKEN for each in known):
        raise Exit(FINDING)


def _row(connection: Connection) -> Sequence[str]:
    since = f"{connection.since:%Y-%m-%d %H:%M}" if connection.since else ""
    return (connection.name, str(connection.state), since, connection.id)


@click.command()
@click.argument("connection", default="")
@click.option("--renew", is_flag=True, help="ask for a new access token even if one works")
@format_option
def check(connection: str, renew: bool, form: Format) -> None:
    """Look whether connections work now.

    CONNECTION is an id or a name; all that are watched are checked where it is left out. Ends
    with 1 when one does not work, with 4 when that could not be seen.
    """
    from evergrant import keeper as verbs
    from evergrant.settings import load
    from evergrant.store import connections

    with verbs.open_keeper(load()) as keeper:
        with keeper.reading() as tx:
            named = [connections.get(tx, connection)] if connection else connections.every(tx)
            wanted = [each for each in named if connection or verbs.is_watched(tx, each)]
        with progress(f"Checking {len(wanted)} connection(s)"):
            found = [_looked(keeper, each, renew, not connection) for each in wanted]
    if form is Format.JSON:
        emit("check", {"checks": [_checked(each) for each in found]})
    else:
        say("\n".join(_check_text(each) for each in found) or "Nothing to check.")
    if failures := [each.failure for each in found if each.failure]:
        is_seen = any(not isinstance(each, NOT_SEEN) for each in failures)
        raise Exit(FINDING if is_seen else COULD_NOT_LOOK)


def _looked(keeper: Keeper, connection: Connection, renew: bool, by_itself: bool) -> Checked:
    """A check that is never in the way of the others."""
    from evergrant import keeper as verbs
    from evergrant.health import Signal

    try:
        return verbs.check(keeper, connection.id, renew=renew, by_itself=by_itself)
    except CouldNotLook as failure:
        return verbs.Checked(connection, Signal.TROUBLED, failure)


def _checked(found: Checked) -> dict[str, Any]:
    return {
        "connection": found.connection,
        "works": found.failure is None,
        "error": found.failure.what if found.failure else "",
        "cause": _cause(found),
        "part": found.part,
    }


def _check_text(found: Checked) -> str:
    told = f"{found.connection.name}: {found.connection.state}"
    if found.failure is None:
        return told
    first = found.diagnosis.first if found.diagnosis and found.diagnosis.is_named else None
    why = f"\n  {first.word}: {first.refined or first.cause}" if first else ""
    return f"{told}\n  {found.failure.what}{why}"


def _cause(found: Checked) -> str:
    return found.diagnosis.cause if found.diagnosis else ""


@click.command()
@click.argument("connection")
@click.option(
    "--switch/--keep",
    required=True,
    default=None,
    help="take the org or user that came back, or the one before",
)
@format_option
def release(connection: str, switch: bool, form: Format) -> None:
    """End a hold: take who came back, or keep the one before."""
    from evergrant import keeper as verbs
    from evergrant.settings import load

    with verbs.open_keeper(load()) as keeper:
        _told(verbs.release(keeper, connection, switch=switch), form)


@click.command()
@click.argument("connection")
@format_option
def pause(connection: str, form: Format) -> None:
    """Leave a connection alone until it is resumed."""
    from evergrant import keeper as verbs
    from evergrant.settings import load

    with verbs.open_keeper(load()) as keeper:
        _told(verbs.pause(keeper, connection), form)


@click.command()
@click.argument("connection")
@format_option
def resume(connection: str, form: Format) -> None:
    """Watch a paused connection again."""
    from evergrant import keeper as verbs
    from evergrant.settings import load

    with verbs.open_keeper(load()) as keeper:
        _told(verbs.resume(keeper, connection), form)


@click.command()
@click.argument("connection")
@click.option("--yes", is_flag=True, help="do not ask")
@format_option
def remove(connection: str, yes: bool, form: Format) -> None:
    """Revoke and destroy a connection's tokens, and end it.

    Revoked at Salesforce, destroyed here. Ends with 1 when the question is answered with no.
    """
    from evergrant import keeper as verbs
    from evergrant.settings import load
    from evergrant.store import connections

    with verbs.open_keeper(load()) as keeper:
        with keeper.reading() as tx:
            known = connections.get(tx, connection)
        if not yes and not _is_wanted(known):
            say("Nothing was removed.")
            raise Exit(NOT_DONE)
        with progress(f"Removing {known.name}"):
            gone = verbs.remove(keeper, known.id)
    _told(gone, form)


def _is_wanted(connection: Connection) -> bool:
    if not sys.stdin.isatty():
        raise BadInput(
            "removing a connection needs a yes", next_step="add --yes to mean it", whose="you"
        )
    return click.confirm(f"Remove {connection.name}? Its tokens are revoked and destroyed")


def _told(connection: Connection, form: Format) -> None:
    if form is Format.JSON:
        emit("connection", {"connection": connection})
    else:
        say(f"{connection.name}: {connection.state}")
