"""`audit-log`: who did what, for people and as JSON lines."""

from __future__ import annotations

import getpass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from evergrant.cli.output import Format, format_option, line, say, table
from evergrant.cli.spans import span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrant.store.audit_log import Deed

TITLES = ("what", "when (UTC)", "who", "to")


def myself() -> str:
    """Who types, as the audit log calls them."""
    try:
        return f"command line {getpass.getuser()}"
    except (OSError, KeyError):
        return "command line"


@click.command("audit-log")
@click.option("--since", default="", callback=span, metavar="SPAN", help="such as 7d, 12h, 30m")
@format_option
def audit_log(since: timedelta | None, form: Format) -> None:
    """Show who did what, oldest first; the log is append-only.

    As JSON it is one line a deed, to be kept elsewhere.
    """
    from evergrant import keeper as verbs
    from evergrant.settings import load

    with verbs.open_keeper(load()) as keeper:
        begin: datetime | None = keeper.clock.now() - since if since else None
        found = verbs.deeds(keeper, since=begin)
        if form is Format.JSON:
            for each in found:
                line({"schema": "evergrant.deed/1", **_told(each)})
        elif rows := [_row(each) for each in found]:
            table(TITLES, rows, {})
        else:
            say("Nobody did anything yet.")


def _told(deed: Deed) -> dict[str, object]:
    return {
        "seq": deed.seq,
        "at": deed.at,
        "actor": deed.actor,
        "act": deed.act,
        "subject": deed.subject,
        "text": deed.text,
    }


def _row(deed: Deed) -> Sequence[str]:
    what = f"{deed.act}: {deed.text}" if deed.text else deed.act
    return (what, f"{deed.at:%Y-%m-%d %H:%M:%S}", deed.actor, deed.subject)
