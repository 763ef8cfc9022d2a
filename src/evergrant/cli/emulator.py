"""`evergrant emulator`: a local Salesforce org."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import ExitStack

import click

from evergrant.cli.output import Format, emit, format_option, progress, say
from evergrant.cli.serve import PORT, until_stopped
from evergrant.errors import BadInput, NotFound, PortInUse


@click.command()
@click.option("--port", type=PORT, default=8080, show_default=True, help="port of the org")
@click.option("--control-port", type=PORT, default=8081, show_default=True, help="to steer it")
@click.option("--scenario", default="", metavar="ID", help="begin with a scenario already broken")
@click.option("--seed", default=7, show_default=True, help="same seed, same ids and keys")
@click.option("--state", default="", metavar="FILE", help="keep the org in this file")
@format_option
def serve(port: int, control_port: int, scenario: str, seed: int, state: str, form: Format) -> None:
    """Serve an emulated Salesforce org until interrupted.

    Nothing of it is Salesforce. Port 0 takes a free one. Ends with 0 on Ctrl-C or SIGTERM.
    """
    with ExitStack() as held:
        with progress("Starting the emulated org"):
            url, control = _started(held, port, control_port, scenario, seed, state)
        _ready(url, control, form)
        sys.stdout.flush()
        until_stopped()


def _started(
    held: ExitStack, port: int, control_port: int, scenario: str, seed: int, state: str
) -> tuple[str, str]:
    from evergrant.emulator.scenario import BadScenario
    from evergrant.emulator.server import Emulator
    from evergrant.emulator.server import PortInUse as Taken

    kept, begin = state or ":memory:", scenario or None
    try:
        org = Emulator(seed=seed, scenario=begin, port=port, control_port=control_port, state=kept)
        held.enter_context(org)
    except Taken as error:
        raise PortInUse(
            error.strerror or str(error),
            next_step="choose other ports with --port and --control-port",
            whose="you",
        ) from error
    except BadScenario as error:
        raise _unknown(scenario) from error
    except (sqlite3.Error, OSError) as error:
        raise BadInput(
            f"cannot keep the org in {state}",
            why=str(error),
            next_step="name another file with --state, or leave it out",
            whose="you",
        ) from error
    return org.url, org.control_url


def _unknown(scenario: str) -> NotFound:
    from difflib import get_close_matches

    from evergrant.emulator.scenario import scenarios as known

    near = get_close_matches(scenario, list(known()))
    return NotFound(
        f"no scenario is called {scenario!r}",
        why=f"Near: {', '.join(near)}." if near else "",
        next_step="`evergrant emulator scenarios` lists them",
        whose="you",
    )


def _ready(url: str, control: str, form: Format) -> None:
    if form is Format.JSON:
        emit("emulator", {"url": url, "control_url": control})
        return
    say(f"Emulated org   {url}   (not Salesforce)")
    say(f"Control port   {control}   (its API: {control}/openapi.json)")
    say(f"Look around    curl '{control}/world'")
    say(f"Break it       curl -X POST {control}/scenario/demo")
    say("Press Ctrl-C to stop.")


@click.command()
@format_option
def scenarios(form: Format) -> None:
    """List the scenarios: what breaks, and what it shows."""
    from evergrant.emulator.scenario import scenarios as known

    if form is Format.JSON:
        rows = [
            {"id": each.id, "title": each.title, "cause": each.cause} for each in known().values()
        ]
        emit("scenarios", {"scenarios": rows})
        return
    for each in known().values():
        say(each.id)
        say(f"  {each.title}")
