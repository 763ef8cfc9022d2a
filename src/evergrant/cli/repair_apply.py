"""`evergrant repair apply` and `verify`: what is done to an org, and the proof of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, say
from evergrant.cli.repair_found import plans_of
from evergrant.cli.repair_shown import proof_lines
from evergrant.cli.repaired import (
    Wish,
    files_of,
    needed_session,
    ready,
    said,
    wishing,
)
from evergrant.errors import BadInput

NOT_PROVEN, NOT_KNOWN = 1, 3


@click.command(name="apply")
@wishing
@click.option("--yes", is_flag=True, help="say yes to everything that is shown")
@click.option("--records", is_flag=True, help="allow changes of records by this session, too")
@click.option("--backup", default=".", metavar="FOLDER", help="where the present state is kept")
@format_option
def apply(wish: Wish, yes: bool, records: bool, backup: str, form: Format) -> None:
    """Carry the repairs of a rule out in an org: shown, backed up, checked, deployed, read back.

    Name each rule with --rule, or one change of a fix with --change. What is dangerous is refused.
    Ends with 0 when it is proven, with 1 when it is not, or when the org or a person said no. With
    --format json nobody is asked, so --yes must be there.
    """
    from evergrant.cli.repair_course import Course
    from evergrant.repair.draft import dangers
    from evergrant.repair.plan import plan as planned

    session = needed_session(wish)
    if not (wish.rules or wish.changes):
        raise BadInput("name what is to be repaired with --rule or --change", whose="you")
    if form is Format.JSON and not yes:
        raise BadInput("nobody can be asked in JSON", next_step="add --yes", whose="you")
    told = say if form is Format.TEXT else _silent
    course = Course(session, told, yes=yes, records=records, folder=Path(backup))
    for each in ready(plans_of(wish, files_of(wish, session), session)):
        # NOTE: looked at anew each time: the repair before may have changed the same component.
        files = files_of(wish, session)
        plan = planned(each.problem, files, wish.given)
        if refused := dangers(plan, files):
            raise BadInput(f"{plan.problem.code} is refused: {'; '.join(refused)}")
        course.apply(plan, files)
    if form is Format.JSON:
        emit("repair-applied", {"plans": course.done})
    if not course.is_proven:
        raise Exit(NOT_PROVEN)


@click.command(name="verify")
@wishing
@click.option("--since", default="", metavar="TIME", help="and a login of the app since then")
@format_option
def verify(wish: Wish, since: str, form: Format) -> None:
    """Read back from the org what repairs were to make of it, and look for the app's next login.

    Ends with 0 when all of it is so, 1 when something is not, 3 when something cannot be seen.
    """
    from evergrant.repair.apply import verify as looked

    session = needed_session(wish)
    if not (wish.rules or wish.changes):
        raise BadInput("name what was repaired with --rule or --change", whose="you")
    plans = ready(plans_of(wish, files_of(wish, session), session))
    proofs = [
        p for each in plans for p in said(looked(session, each, _time(since)), "Reading back")
    ]
    if form is Format.JSON:
        emit("repair-proof", {"proofs": proofs})
    else:
        say("\n".join(proof_lines(proofs)))
    if any(each.is_so is False for each in proofs):
        raise Exit(NOT_PROVEN)
    if any(each.is_so is None for each in proofs):
        raise Exit(NOT_KNOWN)


def _silent(_text: str = "") -> None:
    """In place of words for people."""


def _time(text: str) -> datetime | None:
    from evergrant.evidence.exports.times import read_time

    if not text:
        return None
    found = read_time(text)
    if found is None:
        raise BadInput(f"{text!r} is no time", next_step="write it as 2026-11-22T09:00Z")
    return found - timedelta(seconds=1)
