"""`evergrant tokens`: the approvals of apps in an org, and revoking those that nobody needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, progress, say, table
from evergrant.cli.repaired import ORG_OPTIONS, Wish, needed_session, said
from evergrant.errors import BadInput, EvergrantError

if TYPE_CHECKING:
    from evergrant.keeper.approvals import Approval
    from evergrant.model import Session

NOT_DONE = 1
WHY = ("stale", "orphaned", "spare", "privileged")
"""As the verb has them; named here so that `--help` loads nothing."""
TITLES = ("app", "user", "last used", "uses", "why")
_OPTIONS = (
    click.option("--org", default="", metavar="CONNECTION", help="the org of this connection"),
    *ORG_OPTIONS,
    click.option("--app", default="", metavar="LABEL", help="only approvals of this app"),
    click.option(
        "--reason", "reasons", multiple=True, type=click.Choice(WHY),
        help="only for this reason (all but privileged, if left out)",
    ),
    click.option(
        "--stale-days", default=90, type=click.IntRange(min=1), help="when one counts as stale"
    ),
)  # fmt: skip


def _looking(command: Callable[..., Any]) -> Callable[..., Any]:
    for decorate in reversed(_OPTIONS):
        command = decorate(command)
    return command


@click.command("list")
@_looking
@format_option
def list_(
    org: str, target_org: str, session: str, app: str, reasons: tuple[str, ...], stale_days: int,
    form: Format,
) -> None:  # fmt: skip
    """List the approvals in an org that can go, with the reasons; those of our connections never.

    The session must see everybody's: Customize Application. Ends with 0.
    """
    _, found, wanted = _look(Wish((), (), app, None, target_org, session, org), reasons, stale_days)
    if form is Format.JSON:
        kept = [each for each in found if each.ours]
        emit("approvals", {"seen": len(found), "can_go": wanted, "ours": kept})
    else:
        _show(found, wanted)


@click.command("clean")
@_looking
@click.option("--yes", is_flag=True, help="do not ask")
@format_option
def clean(
    org: str, target_org: str, session: str, app: str, reasons: tuple[str, ...], stale_days: int,
    yes: bool, form: Format,
) -> None:  # fmt: skip
    """Revoke the approvals in an org that can go, after a yes, and see that they are gone.

    One that a connection of ours may live by is never revoked, and none that was used since it was
    looked at. Ends with 0 when all of them are gone, with 1 when some are not or the answer is no.
    """
    if form is Format.JSON and not yes:
        raise BadInput("nobody can be asked in JSON", next_step="add --yes", whose="you")
    wish = Wish((), (), app, None, target_org, session, org)
    lent, found, wanted = _look(wish, reasons, stale_days)
    if form is Format.TEXT:
        _show(found, wanted)
    if wanted and not (yes or click.confirm(f"Revoke these {len(wanted)}? There is no way back")):
        raise Exit(NOT_DONE)
    ends = _revoked(lent, wanted)
    there = _left(lent, wanted)
    if form is Format.JSON:
        told = [{"approval": each, "end": end} for each, end in zip(wanted, ends, strict=True)]
        emit("approvals-cleaned", {"approvals": told, "left": there})
    elif wanted:
        counts = ", ".join(f"{n} {end}" for end, n in Counter(ends).items())
        say(f"{len(wanted)} approvals: {counts}. {len(wanted) - len(there)} are gone.")
    if there:
        raise Exit(NOT_DONE)


def _look(
    wish: Wish, reasons: Sequence[str], stale_days: int
) -> tuple[Session, list[Approval], list[Approval]]:
    """The session, every approval that it shows, and those that can go."""
    from evergrant.keeper import open_keeper
    from evergrant.keeper.approvals import USUAL, approvals, chosen, ours_in
    from evergrant.keeper.audit import look_with
    from evergrant.settings import load

    session = needed_session(wish)
    with progress("Looking at the org's approvals"):
        rows = look_with(session)
    with open_keeper(load()) as keeper:
        stale = timedelta(days=stale_days)
        found = approvals(rows, ours_in(keeper, rows), keeper.clock.now(), stale)
    return session, found, chosen(found, reasons or USUAL, wish.app)  # type: ignore[arg-type]


def _show(found: Sequence[Approval], wanted: Sequence[Approval]) -> None:
    from evergrant.keeper.approvals import MOST_ROWS

    if wanted:
        table(TITLES, [_row(each) for each in wanted], {})
    ours = sum(bool(each.ours) for each in found)
    say(f"{len(found)} approvals, {len(wanted)} can go, {ours} may be of connections of ours.")
    if len(found) >= MOST_ROWS:
        say(f"Salesforce tells {MOST_ROWS} at most: look again once some are gone.")


def _row(each: Approval) -> tuple[str, ...]:
    used = f"{each.last_used:%Y-%m-%d}" if each.last_used else "never"
    return each.app, each.username, used, str(each.uses), ", ".join(each.reasons)


def _revoked(session: Session, wanted: Sequence[Approval]) -> list[str]:
    """How each ended; one that fails stops none."""
    from evergrant.keeper.approvals import revoke_approval

    ends = []
    for number, each in enumerate(wanted, start=1):
        try:
            words = f"Revoking {number} of {len(wanted)}"
            ends.append(str(said(revoke_approval(session, each), words)))
        except EvergrantError as error:
            ends.append(f"failed ({error.what})")
    return ends


def _left(session: Session, wanted: Sequence[Approval]) -> list[Approval]:
    from evergrant.keeper.approvals import left

    return list(said(left(session, wanted), "Looking again")) if wanted else []


COMMANDS: tuple[click.Command, ...] = (list_, clean)
