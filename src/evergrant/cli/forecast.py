"""`evergrant forecast`: what will break, which client, on which date."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

import click

from evergrant.cli.audit import print_or_deliver
from evergrant.cli.audited import Given, audited, given
from evergrant.cli.output import as_document, deliver
from evergrant.cli.reviewing import ensure_looked, foreseen

if TYPE_CHECKING:
    from evergrant.keeper.clients import Clients


class Form(StrEnum):
    """How a forecast is written."""

    TEXT = "text"
    JSON = "json"
    CALENDAR = "ics"
    PICTURE = "svg"


@click.command()
@given
@click.option(
    "--format",
    "form",
    type=click.Choice([each.value for each in Form]),
    default=Form.TEXT.value,
    callback=lambda _context, _option, value: Form(value),
    help="a table (as if left out), JSON, a calendar, or a picture over time",
)
@click.option("-o", "--output", default="-", metavar="FILE", help="write to this file instead")
@click.option("--connections", is_flag=True, help="with the connections that Evergrant keeps")
def forecast(what: Given, form: Form, output: str, connections: bool) -> None:
    """Say what will break, which client, on which date, by which rule.

    PATH is as for audit. Dates come from certificates, from what Salesforce ends, and, with an org,
    from the age of each grant against the app's refresh token policy; --connections adds the age
    and the flow of what Evergrant keeps. What has no date is told with the occasion on which it
    breaks.

    Ends with 0 whatever is foreseen.
    """
    own = _own() if connections else None
    looked = audited(replace(what, paths=()) if own and what.is_default else what)
    if own is None:
        ensure_looked(looked.report)
    found = foreseen(looked, own)
    match form:
        case Form.TEXT:
            from evergrant.audit.output.dates import text

            print_or_deliver(partial(text, found), output)
        case Form.JSON:
            from evergrant.audit.output.dates import data

            deliver(output, as_document("forecast", data(found)))
        case Form.CALENDAR:
            from evergrant.audit.output.calendar import ics
            from evergrant.clock import SystemClock

            deliver(output, ics(found, SystemClock().now()))
        case Form.PICTURE:
            from evergrant.audit.output.picture import svg

            deliver(output, svg(found))


def _own() -> Clients:
    from evergrant.keeper import open_keeper
    from evergrant.keeper.clients import clients
    from evergrant.settings import load

    with open_keeper(load()) as keeper:
        return clients(keeper)
