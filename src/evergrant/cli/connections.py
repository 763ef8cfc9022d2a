"""`status`, `check`, `pause`, `resume`, `release`, `remove`: the life of a connection."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evergrant.cli.output import Format, FormatOption, emit, progress, say, table
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrant.keeper import Checked
    from evergrant.model import Connection

FINDING = 1
NOT_DONE = 1
NameArgument = Annotated[str, typer.Argument(help="id or name of the connection")]
STATE_STYLES = {
    "connected": "green",
    "expiring soon": "yellow",
    "degraded": "yellow",
    "needs reauthorization": "red",
    "blocked by admin": "red",
    "on hold": "red",
}


def status(
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """List the connections and how they are.

    Ends with 1 when one of them needs a person.
    """
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
        titles = ("connection", "state", "since", "org", "id")
        table(titles, [_row(each) for each in known], STATE_STYLES)
    if any(each.state in BROKEN for each in known):
        raise typer.Exit(FINDING)


def _row(connection: Connection) -> Sequence[str]:
    since = f"{connection.since:%Y-%m-%d %H:%M}" if connection.since else ""
    org = connection.identity.org_id if connection.identity else ""
    return (connection.name, str(connection.state), since, org, connection.id)


def check(
    connection: Annotated[
        str, typer.Argument(help="id or name; all that are watched if left out")
    ] = "",
    renew: Annotated[
        bool, typer.Option(help="ask for a new access token even if one works")
    ] = False,
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """Look whether connections work now.

    Ends with 1 when one does not.
    """
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
        say("\n".join(_check_text(each) for each in found) or "Nothing to check.")
    if any(each.failure for each in found):
        raise typer.Exit(FINDING)


def _checked(found: Checked) -> dict[str, Any]:
    return {
        "connection": found.connection,
        "works": found.failure is None,
        "error": found.failure.what if found.failure else "",
        "cause": _cause(found),
    }


def _check_text(found: Checked) -> str:
    told = f"{found.connection.name}: {found.connection.state}"
    if found.failure is None:
        return told
    why = f"\n  likely {_cause(found)}" if _cause(found) else ""
    return f"{told}\n  {found.failure.what}{why}"


def _cause(found: Checked) -> str:
    return found.diagnosis.cause if found.diagnosis else ""


def pause(connection: NameArgument, format: FormatOption = Format.TEXT) -> None:  # noqa: A002
    """Leave a connection alone until it is resumed."""
    from evergrant import keeper as verbs
    from evergrant.settings import load

    with verbs.open_keeper(load()) as keeper:
        _told(verbs.pause(keeper, connection), format)


def resume(connection: NameArgument, format: FormatOption = Format.TEXT) -> None:  # noqa: A002
    """Watch a paused connection again."""
    from evergrant import keeper as verbs
    from evergrant.settings import load

    with verbs.open_keeper(load()) as keeper:
        _told(verbs.resume(keeper, connection), format)


def release(
    connection: NameArgument,
    switch: Annotated[
        bool, typer.Option("--switch/--keep", help="take the org or user that came back, or not")
    ],
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """End a hold: another org or user came back from a reauthorization, and a person decides."""
    from evergrant import keeper as verbs
    from evergrant.settings import load

    with verbs.open_keeper(load()) as keeper:
        _told(verbs.release(keeper, connection, switch=switch), format)


def remove(
    connection: NameArgument,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """Revoke a connection's tokens at Salesforce, destroy them here, and end the connection.

    Ends with 1 when the question is answered with no.
    """
    from evergrant import keeper as verbs
    from evergrant.settings import load

    with verbs.open_keeper(load()) as keeper:
        if not yes and not _is_wanted(connection):
            say("Nothing was removed.")
            raise typer.Exit(NOT_DONE)
        with progress(f"Removing {connection}"):
            gone = verbs.remove(keeper, connection)
    _told(gone, format)


def _is_wanted(connection: str) -> bool:
    if not sys.stdin.isatty():
        raise BadInput(
            "removing a connection needs a yes", next_step="add --yes to mean it", whose="you"
        )
    return typer.confirm(f"Remove {connection}? Its tokens are revoked and destroyed", err=True)


def _told(connection: Connection, format: Format) -> None:  # noqa: A002
    if format is Format.JSON:
        emit("connection", {"connection": connection})
    else:
        say(f"{connection.name}: {connection.state}")
