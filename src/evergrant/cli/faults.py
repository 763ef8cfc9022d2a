"""`evergrant emulator faults` and `fault`: trouble for the clients of a served emulator."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from evergrant.cli.output import Format, emit, format_option, say
from evergrant.errors import BadInput

NOTHING = "none"
"""The name that lifts every fault."""


@click.command()
@format_option
def faults(form: Format) -> None:
    """List the faults that can be laid by name: what each does, and how well it is known."""
    from evergrant.emulator.trouble.presets import PRESETS

    if form is Format.JSON:
        rows = [
            {"id": each.id, "does": each.does, "source": each.source, "mark": each.mark}
            for each in PRESETS.values()
        ]
        emit("faults", {"faults": rows})
        return
    for each in PRESETS.values():
        say(f"{each.id}  ({each.mark or 'the network'})")
        say(f"  {each.does}")


@click.command()
@click.argument("name")
@click.option(
    "--control",
    default="http://127.0.0.1:8081",
    show_default=True,
    help="control port of the emulator, or of one org of several",
)
@click.option("--times", type=click.IntRange(1), default=1, show_default=True, help="how often")
@click.option(
    "--chance",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="how likely it happens to a request",
)
@click.option("--seed", default=7, show_default=True, help="of the dice")
@click.option("--path", default="", help="other requests than the fault is made for; * ends it")
@click.option("--grant-type", default="", help="only this grant")
@click.option("--app", default="", help="only this app, by its API name")
@click.option("--user", default="", help="only this user")
@format_option
def fault(name: str, control: str, form: Format, **how: Any) -> None:
    """Lay a fault on a served emulator, beside those laid before; NAME none lifts them all."""
    from evergrant.drills.control import Control

    with closing(Control(control)) as steering:
        if name == NOTHING:
            steering.act("lift_faults")
        else:
            _known(name)
            words = {key: value for key, value in how.items() if value != ""}
            steering.act("lay_fault", preset=name, **words)
        laid = steering.ask("GET", "/faults")
    if form is Format.JSON:
        emit("laid", {"faults": laid})
        return
    for each in laid:
        say(f"{each['preset'] or each['path']}: still {each['times']} times")
    if not laid:
        say("No fault is laid.")


def _known(name: str) -> None:
    from evergrant.emulator.trouble.presets import PRESETS

    if name not in PRESETS:
        raise BadInput(
            f"no fault is named {name!r}",
            next_step="`evergrant emulator faults` lists them",
            whose="you",
        )
