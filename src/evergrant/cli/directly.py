"""Flows in which nobody calls back, at the terminal: what is brought along, shown, warned of."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import click

from evergrant.cli.output import Format, harmless, progress
from evergrant.cli.reading import read_text
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.keeper import Brought
    from evergrant.model import FlowId, Secret
    from evergrant.oauth.device import DeviceCode

WAITING = "Waiting for the person to approve (Ctrl-C to stop)"
subject_token_option = click.option(
    "--subject-token",
    default="",
    metavar="FILE",
    help="file with the token to exchange, - for standard input (token_exchange)",
)


@contextmanager
def bringing(
    flow: FlowId, subject_token: Secret | None, doing: str, form: Format
) -> Iterator[Brought]:
    """What the flow is given; while the block runs, it is said what is being waited for."""
    from evergrant.keeper import Brought

    warn(flow)
    with ExitStack() as shown:

        def show(begun: DeviceCode) -> None:
            tell(begun, form)
            shown.enter_context(progress(WAITING))

        if flow != "device":
            shown.enter_context(progress(doing))
        yield Brought(show, subject_token)


def warn(flow: FlowId) -> None:
    """Say on standard error why nobody should begin with a flow, where that is so."""
    from evergrant.oauth import FLOWS

    if why := FLOWS[flow].legacy:
        sys.stderr.write(f"Warning: {flow} is legacy. {why}\n")
        sys.stderr.flush()


def tell(begun: DeviceCode, form: Format) -> None:
    """Show a person where to approve, and with which code: on standard error, for standard output
    is for what came of it; one JSON line for programs."""
    code, address = begun.user_code.reveal(), begun.verification_uri
    told = f"Open this address on any device:\n  {address}\nand enter the code:\n  {code}\n"
    if form is Format.JSON:
        words = {"user_code": code, "verification_uri": address, "expires_in": begun.lifetime_s}
        told = json.dumps({"schema": "evergrant.device/1", **words}) + "\n"
    sys.stderr.write(harmless(told))
    sys.stderr.flush()


def token_for(flow: FlowId, name: str) -> Secret | None:
    """The token in the file that was given.

    Raises `BadInput` for one that is missing, cannot be read, or is of no use to the flow.
    """
    from evergrant.model import Secret

    if flow == "token_exchange" and not name:
        raise BadInput(
            "token_exchange needs the token that is exchanged",
            next_step="give the file that holds it with --subject-token, or - and pipe it",
            whose="you",
        )
    if flow != "token_exchange" and name:
        raise BadInput(f"{flow} exchanges no token", next_step="leave out --subject-token")
    give = "put the token into it, and nothing else"
    return Secret(read_text(name, give=give).strip()) if name else None
