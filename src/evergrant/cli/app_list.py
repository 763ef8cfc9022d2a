"""`evergrant app list`: the register of apps, drawn up from an org."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evergrant.cli.audited import given_text
from evergrant.cli.output import Format, emit, format_option, progress, say, table
from evergrant.cli.repaired import ORG_OPTIONS, Wish, needed_session, notice
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.audit.inventory import Listed

TITLES = ("app", "standing", "owner", "users", "last used", "scopes")
STYLES = {"sanctioned": "green", "unreviewed": "yellow", "banned": "red"}


@click.command("list")
@click.option("--org", default="", metavar="CONNECTION", help="the org of this connection")
@ORG_OPTIONS[0]
@ORG_OPTIONS[1]
@click.option("--register", default="", metavar="FILE", help="what people decided so far")
@click.option("--write", default="", metavar="FILE", help="write the register there")
@format_option
def list_(
    org: str, target_org: str, session: str, register: str, write: str, form: Format
) -> None:  # fmt: skip
    """List the apps that can reach an org: who authorized each, its last use, its scopes.

    With --register FILE their standing (sanctioned, unreviewed, banned) and owner come from there.
    With --write FILE the register is written; what is new is added as unreviewed, and what stood in
    it stays as it was. `evergrant audit --register FILE` judges by it.
    """
    from evergrant.audit.inventory import inventory, register_text
    from evergrant.audit.register import read_register
    from evergrant.clock import SystemClock
    from evergrant.keeper.audit import look_with

    before = given_text(register) if register else ""
    known = read_register(register, before) if register else ()
    if write and write != register and Path(write).exists():
        raise BadInput(f"{write} is there already", next_step=f"add --register {write}")
    lent = needed_session(Wish((), target_org=target_org, session=session, org=org))
    with progress("Looking into the org"):
        rows = look_with(lent)
        found = inventory(rows, known, SystemClock().now())
    for hidden, permission in rows.hidden.items():
        notice(f"{hidden} is not seen: the session lacks {permission}")
    if write:
        _write(Path(write), register_text(found, before))
    if form is Format.JSON:
        emit("apps", {"apps": found, "hidden": rows.hidden, "written": write})
    else:
        _show(found, write)


def _show(found: list[Listed], write: str) -> None:
    table(TITLES, [_row(each) for each in found], STYLES)
    counts = Counter(each.standing for each in found)
    say(f"{len(found)} apps: {', '.join(f'{n} {name}' for name, n in sorted(counts.items()))}.")
    if write:
        say(f"The register is in {write}.")


def _row(each: Listed) -> tuple[str, ...]:
    users = "?" if each.users is None else str(len(each.users))
    used = f"{each.last_used:%Y-%m-%d}" if each.last_used else "not seen"
    scopes = "?" if each.scopes is None else ", ".join(each.scopes)
    return each.app, each.standing, each.owner, users, used, scopes


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadInput(f"cannot write {path}", why=why, whose="you") from error
