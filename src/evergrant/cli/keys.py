"""`keys`: the master keys that seal the store."""

from __future__ import annotations

import sys

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, line, say, table

DAMAGED = 1


@click.command("list")
@format_option
def list_(form: Format) -> None:
    """List the master keys by their ids, and how much each has sealed."""
    from evergrant.keeper import master_keys, open_for_all
    from evergrant.settings import load

    with open_for_all(load()) as keeper:
        found = master_keys(keeper)
    if form is Format.JSON:
        emit("master-keys", {"keys": found})
        return
    rows = [(each.id, _role(each.is_current, each.is_known), str(each.rows)) for each in found]
    table(("master key", "role", "rows"), rows, {"missing": "red", "seals": "green"})


def _role(is_current: bool, is_known: bool) -> str:
    if is_current:
        return "seals"
    return "opens" if is_known else "missing"


@click.command()
@format_option
def rotate(form: Format) -> None:
    """Make a new master key and seal everything with it, while the service runs.

    The former key stays in the key file and opens what is not sealed anew yet. Interrupted, it
    goes on where it was. Where the key comes from EVERGRANT_MASTER_KEY or a command, put a new
    one before it there, separated by a comma, restart the service, and rotate then. Ends with 1
    when a row cannot be opened.
    """
    from evergrant.keeper import open_for_all, rotate
    from evergrant.settings import load

    with open_for_all(load()) as keeper:
        former = keeper.vault.key_id
        for last in rotate(keeper):
            if form is Format.JSON:
                line({"done": last.done, "total": last.total, "damaged": last.damaged})
            elif sys.stderr.isatty():
                click.echo(f"\r{last.done} of {last.total} rows", err=True, nl=False)
        current = keeper.vault.key_id
    if form is Format.TEXT:
        say(f"{last.done} rows are sealed with key {current} now.")
        if former != current:
            say(f"Key {former} still opens; backups made before need it.")
            say("Drop it later with: evergrant keys forget")
    if last.damaged:
        say(f"{last.damaged} rows could not be opened and are left as they are; see the log.")
        raise Exit(DAMAGED)


@click.command()
@format_option
def forget(form: Format) -> None:
    """Drop former master keys from the key file, once they open nothing any more.

    A backup made before the rotation cannot be restored without them: keep a copy beside it.
    """
    from evergrant.keeper import forget_keys, open_for_all
    from evergrant.settings import load

    with open_for_all(load()) as keeper:
        gone = forget_keys(keeper)
    if form is Format.JSON:
        emit("master-keys-forgotten", {"keys": gone})
    else:
        say("\n".join(f"{each} is dropped" for each in gone) or "There is no former key.")


COMMANDS: tuple[click.Command, ...] = (list_, rotate, forget)
