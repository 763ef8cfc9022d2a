"""The commands, in the order in which somebody meets them."""

from __future__ import annotations

from typing import Annotated

import typer

from evergrant.cli import connections, demo, diagnose, drill, emulator, explain, serve

HELP = """Keep Salesforce OAuth integrations connected.

Exit codes: 0 yes or done, 1 a finding or not proven, 2 bad input, 3 not known, 4 could not look,
130 interrupted, 70 a bug of ours.
"""


def build() -> typer.Typer:
    """The whole command line."""
    app = typer.Typer(
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_root)
    app.command("diagnose")(diagnose.diagnose)
    app.command("explain")(explain.explain)
    app.command("demo")(demo.demo)
    app.command("connect")(connections.connect)
    app.command("status")(connections.status)
    app.command("check")(connections.check)
    app.command("reauthorize")(connections.reauthorize)
    app.command("remove")(connections.remove)
    app.command("serve")(serve.serve)
    app.command("drill")(drill.drill)
    group = typer.Typer(help="A local Salesforce org to rehearse in.", no_args_is_help=True)
    group.command("serve")(emulator.serve)
    group.command("scenarios")(emulator.scenarios)
    app.add_typer(group, name="emulator")
    return app


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
