"""`evergrant emulator`: a local Salesforce org."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from evergrant.cli.output import Format, FormatOption, emit, progress, say
from evergrant.cli.serve import until_stopped
from evergrant.errors import BadInput, NotFound, PortInUse

PortOption = Annotated[
    int, typer.Option(min=0, max=65535, help="port of the org; 0 takes a free one")
]
ControlPortOption = Annotated[
    int, typer.Option(min=0, max=65535, help="port to steer it; 0 takes a free one")
]


def serve(
    port: PortOption = 8080,
    control_port: ControlPortOption = 8081,
    scenario: Annotated[str, typer.Option(help="begin with a scenario already broken")] = "",
    seed: Annotated[int, typer.Option(help="same seed, same ids and keys")] = 7,
    state: Annotated[Path | None, typer.Option(help="keep the org in this file")] = None,
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """Serve an emulated Salesforce org until interrupted. Nothing of it is Salesforce.

    Ends with 0 on Ctrl-C or SIGTERM.
    """
    with ExitStack() as held:
        with progress("Starting the emulated org"):
            url, control = _started(held, port, control_port, scenario, seed, state)
        _ready(url, control, format)
        sys.stdout.flush()
        until_stopped()


def _started(
    held: ExitStack, port: int, control_port: int, scenario: str, seed: int, state: Path | None
) -> tuple[str, str]:
    from evergrant.emulator.scenario import BadScenario
    from evergrant.emulator.server import Emulator
    from evergrant.emulator.server import PortInUse as Taken

    kept = str(state) if state else ":memory:"
    try:
        org = Emulator(
            port=port, control_port=control_port, scenario=scenario or None, seed=seed, state=kept
        )
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
            f"cannot keep the org in {kept}", why=str(error), next_step="name another file with "
            "--state", whose="you",
        ) from error  # fmt: skip
    return org.url, org.control_url


def _unknown(scenario: str) -> NotFound:
    from difflib import get_close_matches

    from evergrant.emulator.scenario import scenarios as known

    near = get_close_matches(scenario, list(known()))
    return NotFound(
        f"no scenario is called {scenario!r}",
        why=f"near: {', '.join(near)}" if near else "",
        next_step="`evergrant emulator scenarios` lists them",
        whose="you",
    )


def _ready(url: str, control: str, format: Format) -> None:  # noqa: A002
    if format is Format.JSON:
        emit("emulator", {"url": url, "control_url": control})
        return
    say(f"Emulated org   {url}   (not Salesforce)")
    say(f"Control port   {control}   (its API: {control}/openapi.json)")
    say(f"Look around    curl '{control}/world'")
    say(f"Break it       curl -X POST {control}/scenario/demo")
    say("Press Ctrl-C to stop.")


def scenarios(format: FormatOption = Format.TEXT) -> None:  # noqa: A002 - the option's name
    """List the scenarios: what breaks, and what it shows."""
    from evergrant.emulator.scenario import scenarios as known

    if format is Format.JSON:
        rows = [
            {"id": each.id, "title": each.title, "cause": each.cause} for each in known().values()
        ]
        emit("scenarios", {"scenarios": rows})
        return
    for each in known().values():
        say(f"{each.id:40} {each.title}")
