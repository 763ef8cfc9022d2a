"""`evergrant emulator`: a local Salesforce org."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evergrant.cli.output import Format, FormatOption, emit, say
from evergrant.errors import NotFound, PortInUse


def serve(
    port: Annotated[int, typer.Option(help="port of the org; 0 takes a free one")] = 8080,
    control_port: Annotated[int, typer.Option(help="port to steer it; 0 takes a free one")] = 8081,
    scenario: Annotated[str, typer.Option(help="begin with a scenario already broken")] = "",
    seed: Annotated[int, typer.Option(help="same seed, same ids and keys")] = 7,
    state: Annotated[Path | None, typer.Option(help="keep the org in this file")] = None,
    format: FormatOption = Format.TEXT,  # noqa: A002 - the option's name
) -> None:
    """Serve an emulated Salesforce org until interrupted. Nothing of it is Salesforce."""
    from evergrant.emulator import server
    from evergrant.emulator.scenario import BadScenario

    try:
        server.serve(
            port,
            control_port,
            scenario=scenario or None,
            seed=seed,
            state=str(state) if state else None,
            started=lambda up: _ready(up.url, up.control_url, format),
        )
    except server.PortInUse as error:
        raise PortInUse(
            error.strerror or str(error),
            next_step="choose other ports with --port and --control-port",
            whose="you",
        ) from error
    except BadScenario as error:
        raise _unknown(scenario) from error


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
