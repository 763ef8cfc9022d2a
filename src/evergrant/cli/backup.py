"""`backup`, `restore`: copies of the store, and what a restored one makes of its tokens."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evergrant.cli.output import Format, emit, format_option, progress, say
from evergrant.errors import BadInput, Misuse

if TYPE_CHECKING:
    from evergrant.settings import Settings


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@format_option
def backup(file: Path, form: Format) -> None:
    """Copy the store into a new FILE while the service runs.

    The master key is not in it: keep that elsewhere. PostgreSQL has tools of its own for this.
    """
    from evergrant.keeper import back_up, open_for_all
    from evergrant.settings import load

    with open_for_all(load()) as keeper, progress("Copying"):
        key = back_up(keeper, file)
    if form is Format.JSON:
        emit("backup", {"file": str(file), "master_key": key})
    else:
        say(f"Copied to {file}. It is sealed with master key {key}, which is not in it.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--restored", is_flag=True,
              help="PostgreSQL was restored by its own tools: put its tokens in doubt")  # fmt: skip
@click.option("--yes", is_flag=True, help="do not ask")
@format_option
def restore(file: Path | None, restored: bool, yes: bool, form: Format) -> None:
    """Put the backup FILE in the place of the store; stop the service before.

    The store that was there is kept beside it. Access tokens are used up first; then each refresh
    token is tried once, one at a time: one that was used since the backup is spent. Never restore
    beside a service that goes on with the same tokens: each would end the other's.
    """
    from evergrant.settings import load

    if (file is None) is not restored:
        raise BadInput("either a backup file, or --restored", next_step="see --help", whose="you")
    settings = load()
    _require_stopped(settings)
    if not yes:
        click.confirm("No other service goes on with these tokens?", abort=True)
    with progress("Restoring"):
        told = _restored_here(settings) if file is None else _from_file(settings, file)
    if form is Format.JSON:
        emit("restore", told)
        return
    say(f"{told['connections']} connections are restored and are checked one after another.")
    say(f"{told['doubtful']} refresh tokens are in doubt, and are tried one at a time when needed.")
    if told["set_aside"]:
        say(f"The store before: {told['set_aside']}")


def _from_file(settings: Settings, file: Path) -> dict[str, Any]:
    from evergrant.keeper import restore

    done = restore(settings, file)
    kept = str(done.set_aside) if done.set_aside else ""
    return {"connections": done.connections, "doubtful": done.doubtful, "set_aside": kept}


def _restored_here(settings: Settings) -> dict[str, Any]:
    from evergrant.keeper import mark_restored, open_for_all

    with open_for_all(settings) as keeper, keeper.writing() as tx:
        found, doubtful = mark_restored(tx, keeper.clock.now())
    return {"connections": found, "doubtful": doubtful, "set_aside": ""}


def _require_stopped(settings: Settings) -> None:
    """Refuse while the service runs: it would go on with the store that is taken away."""
    from evergrant.cli.serve import need_server_extra

    need_server_extra()
    from evergrant.api.address import running

    if (pid := running(settings)) and pid != os.getpid():
        raise Misuse(
            f"the service is running (process {pid})",
            next_step="stop it, restore, and start it again",
            whose="operator",
        )
