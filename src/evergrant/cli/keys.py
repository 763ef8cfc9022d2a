"""`keys`: the master keys that seal the store."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, line, say, table

if TYPE_CHECKING:
    from evergrant.keeper.rotating import KeyStanding

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
    rows = [(each.id, _role(each), str(each.rows)) for each in found]
    table(("master key", "role", "rows"), rows, {"missing": "red", "seals": "green"})


def _role(key: KeyStanding) -> str:
    if key.is_current:
        return "seals"
    if key.is_next:
        return "next"
    return "opens" if key.is_known else "missing"


@click.command()
@format_option
def rotate(form: Format) -> None:
    """Make a new master key and seal everything with it, while the service runs.

    The new key only opens until every process of the service has it; one that reads a copy of the
    key file is named, and nothing is sealed anew before it was restarted. The former key stays in
    the key file. Interrupted, it goes on where it was. Where the key comes from
    EVERGRANT_MASTER_KEY or a command, put a new one before it there, separated by a comma, restart
    the service, and rotate then. Ends with 1 when a row cannot be opened: it is named, and stops
    nothing.
    """
    from evergrant.keeper import open_for_all, rotate
    from evergrant.settings import load

    with open_for_all(load()) as keeper:
        former = keeper.vault.key_id
        for last in rotate(keeper):
            if form is Format.JSON:
                lost = {"damaged": len(last.unreadable), "unreadable": last.unreadable}
                line({"done": last.done, "total": last.total, **lost})
            elif sys.stderr.isatty():
                click.echo(f"\r{last.done} of {last.total} rows", err=True, nl=False)
        current = keeper.vault.key_id
    if form is Format.TEXT:
        say(f"{last.done} rows are sealed with key {current} now.")
        if former != current:
            say(f"Key {former} still opens; backups made before need it.")
            say("Drop it later with: evergrant keys forget")
    if last.unreadable:
        if form is Format.TEXT:
            say(f"{len(last.unreadable)} rows cannot be opened and are left as they are:")
            for each in last.unreadable:
                say(f"  {each.what}{f' of {each.of}' if each.of else ''}: {each.next_step}")
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
