"""`evergrant contain`: the hour after a token theft."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, progress, say
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.keeper import Keeper
    from evergrant.keeper.contain import Contained

NOT_DONE = 1
NEXT = (
    "Rotate the consumer secret: `evergrant rotate` for an external client app of an org of yours;"
    " a connected app by its Manage Consumer Details page in Setup",
    "Put a secret that was rotated by hand where the integration file takes it from, then send"
    " every customer a reconnect link",
    "Tell the customers: they may block the app and revoke its tokens on Connected Apps OAuth"
    " Usage, and should look for logins of the app from foreign addresses in Login History",
)
"""What only people can do, in order."""


@click.command()
@click.argument("integration")
@click.option("--yes", is_flag=True, help="do not ask")
@format_option
def contain(integration: str, yes: bool, form: Format) -> None:
    """Stop INTEGRATION in all orgs: refresh nothing, and revoke every token that is held.

    Every connection must be authorized again afterwards. What Salesforce does not confirm at once
    is revoked by the service; running it again goes on where it was. Ends with 0 when every token
    is revoked, with 1 when some are not yet, or the question is answered with no.
    """
    from evergrant.keeper import open_keeper
    from evergrant.settings import load

    if not yes and not _is_wanted(integration):
        say("Nothing was changed.")
        raise Exit(NOT_DONE)
    with open_keeper(load()) as keeper:
        end = _contained(keeper, integration)
    if form is Format.JSON:
        emit("containment", {"integration": integration, "done": end.is_done, "state": end,
                             "next": NEXT})  # fmt: skip
    else:
        say("\n".join(_lines(end)))
    if not end.is_done:
        raise Exit(NOT_DONE)


def _contained(keeper: Keeper, integration: str) -> Contained:
    from evergrant.keeper.contain import contain as verb

    with progress(f"Containing {integration}"):
        *_, end = verb(keeper, integration)
    return end


def _lines(end: Contained) -> list[str]:
    told = [
        f"{end.stopped} of {end.connections} connections stopped: none of them is refreshed.",
        f"{end.revoked} tokens revoked now, {end.waiting} not confirmed yet.",
    ]
    told += [f"  Salesforce answers: {each}" for each in end.trouble]
    if end.busy:
        told.append(f"Busy, run it again: {', '.join(end.busy)}")
    return [*told, "Next, by people:", *(f"  {n}. {each}" for n, each in enumerate(NEXT, start=1))]


def _is_wanted(integration: str) -> bool:
    if not sys.stdin.isatty():
        raise BadInput(
            "this disconnects every customer and needs a yes", next_step="add --yes", whose="you"
        )
    return click.confirm(f"Revoke every token of {integration}? Every customer must reconnect")
