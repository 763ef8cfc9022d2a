"""The commands, in the order in which somebody meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from typer.main import get_group

from evergrant.cli import authorize, connections, demo, diagnose, drill, emulator, explain, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer.core import TyperGroup

HELP = """Keep Salesforce OAuth integrations connected.

Exit codes: 0 yes or done, 1 a finding or not proven, 2 bad input, 3 not known, 4 could not look,
130 interrupted, 70 a bug of ours.
"""

COMMANDS: dict[str, Callable[..., None]] = {
    "diagnose": diagnose.diagnose,
    "explain": explain.explain,
    "demo": demo.demo,
    "connect": authorize.connect,
    "status": connections.status,
    "check": connections.check,
    "reauthorize": authorize.reauthorize,
    "release": connections.release,
    "pause": connections.pause,
    "resume": connections.resume,
    "remove": connections.remove,
    "serve": serve.serve,
    "drill": drill.drill,
}
EMULATOR_COMMANDS: dict[str, Callable[..., None]] = {
    "serve": emulator.serve,
    "scenarios": emulator.scenarios,
}


def build() -> TyperGroup:
    """The whole command line."""
    app = _group(HELP, COMMANDS)
    app.callback()(_root)
    inner = _group("A local Salesforce org to rehearse in.", EMULATOR_COMMANDS)
    app.add_typer(inner, name="emulator")
    return get_group(app)


def _group(text: str, commands: dict[str, Callable[..., None]]) -> typer.Typer:
    # No markup: what people paste into arguments comes back in messages as it is.
    made = typer.Typer(help=text, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    for name, command in commands.items():
        made.command(name)(command)
    return made


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"evergrant {version('evergrant')}")
        raise typer.Exit


def _root(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="print the version"),
    ] = False,
) -> None:
    from evergrant import log, settings

    log.configure(settings.load().log_level)
