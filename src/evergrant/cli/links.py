"""`link`: reconnect links for the admins of customers, and how their pages look."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evergrant.cli.output import Format, emit, format_option, say, table
from evergrant.cli.spans import span
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrant.keeper.links import Standing

TITLES = ("connection", "status", "good until (UTC)", "opened (UTC)", "id")
STYLES = {"active": "green", "used": "green", "expired": "yellow", "revoked": "yellow"}
MAKE = "make"


class Links(click.Group):
    """A group in which a name that is no command is a connection: `link NAME` is `link make NAME`.

    A connection that is named as a command is: `link make list`.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command before a bare name."""
        is_bare = bool(args) and args[0] not in self.commands and not args[0].startswith("-")
        return super().parse_args(ctx, [MAKE, *args] if is_bare else args)

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names as they were added."""
        return list(self.commands)


@click.group("link", cls=Links, no_args_is_help=True)
def link() -> None:
    """Reconnect links for the admins of customers, who need no account.

    `evergrant link NAME` makes one for the connection NAME.
    """


@link.command(MAKE)
@click.argument("connection")
@click.option(
    "--expires", default="7d", callback=span, metavar="SPAN", help="7d, 12h, 30m; at most 30d"
)
@format_option
def make(connection: str, expires: timedelta, form: Format) -> None:
    """Make a link for one CONNECTION; it is shown once.

    Needs the running service, whose address the link carries.
    """
    from evergrant.cli.service import Service
    from evergrant.settings import load

    made = Service(load()).make_link(connection, int(expires.total_seconds()))
    if form is Format.JSON:
        emit("link", made)
    else:
        say(made["link"])
        say(f"  (for {connection} only, good until {made['expires_at']}; take it back with:")
        say(f"   evergrant link revoke {made['id']})")


@link.command("list")
@click.argument("connection", default="")
@format_option
def list_(connection: str, form: Format) -> None:
    """List the links of CONNECTION, or all of them; never their addresses."""
    from evergrant import keeper as verbs
    from evergrant.settings import load

    with verbs.open_keeper(load()) as keeper:
        found = verbs.links_of(keeper, connection)
    if form is Format.JSON:
        emit("links", {"links": found})
    elif not found:
        say("No links yet. Make one with: evergrant link NAME")
    else:
        table(TITLES, [_row(each) for each in found], STYLES)


def _row(each: Standing) -> Sequence[str]:
    opened = f"{each.link.opened_at:%Y-%m-%d %H:%M}" if each.link.opened_at else ""
    until = f"{each.link.expires_at:%Y-%m-%d %H:%M}"
    return (each.connection, each.status, until, opened, each.link.id)


@link.command()
@click.argument("link_id", metavar="ID")
def revoke(link_id: str) -> None:
    """Make a link worth nothing from now on."""
    from evergrant import keeper as verbs
    from evergrant.settings import load

    with verbs.open_keeper(load()) as keeper:
        gone = verbs.revoke_link(keeper, link_id)
    say(f"Revoked: {gone.id}")


@link.command()
@click.argument("integration")
@click.option("--name", default=None, help="the vendor's name as customers know it; '' for none")
@click.option("--accent", default=None, metavar="#RRGGBB", help="colour of the one button")
@click.option("--ground", default=None, metavar="#RRGGBB", help="colour of the bar at the top")
@click.option("--logo", default=None, metavar="FILE", help="PNG, JPEG or WebP; '' for none")
def brand(
    integration: str, name: str | None, accent: str | None, ground: str | None, logo: str | None
) -> None:
    """Change how the pages for customers of INTEGRATION look; what is left out stays."""
    from evergrant import keeper as verbs
    from evergrant.settings import load

    with verbs.open_keeper(load()) as keeper:
        verbs.brand(keeper, integration, name=name, accent=accent, ground=ground, logo=_read(logo))
    say("Saved.")


def _read(logo: str | None) -> bytes | None:
    if not logo:
        return None if logo is None else b""
    try:
        return Path(logo).read_bytes()
    except OSError as error:
        raise BadInput(
            f"{logo} cannot be read: {error.strerror}", next_step="give a file", whose="you"
        ) from error
