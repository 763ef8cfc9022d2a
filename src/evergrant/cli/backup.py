"""`backup`, `restore`: copies of the store, and what a restored one makes of its tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from evergrant.cli.output import Format, emit, format_option, progress, say
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.keeper import Restored
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
    if file is not None:
        from evergrant.keeper import require_stopped

        require_stopped(settings)
    if not yes:
        click.confirm("No other service goes on with these tokens?", abort=True)
    with progress("Restoring"):
        done = _restored_here(settings) if file is None else _from_file(settings, file)
    kept = str(done.set_aside or "")
    if form is Format.JSON:
        counts = {"connections": done.connections, "doubtful": done.doubtful}
        emit("restore", {**counts, "set_aside": kept})
        return
    say(f"{done.connections} connections are restored and are checked one after another.")
    say(f"{done.doubtful} refresh tokens are in doubt, and are tried one at a time when needed.")
    if kept:
        say(f"The store before: {kept}")


def _from_file(settings: Settings, file: Path) -> Restored:
    from evergrant.keeper import restore

    return restore(settings, file)


def _restored_here(settings: Settings) -> Restored:
    from evergrant.keeper import open_for_all, restored_elsewhere

    with open_for_all(settings) as keeper:
        return restored_elsewhere(keeper)
