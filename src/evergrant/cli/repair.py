"""`evergrant repair`: from a finding to the smallest change that mends it, tried and told."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from evergrant.cli import repair_apply, repair_back, repair_migrate
from evergrant.cli.output import Format, emit, format_option, progress, say
from evergrant.cli.repair_found import plans_of
from evergrant.cli.repair_shown import client_options, flow_lines, habits_of, proof_lines, wrapped
from evergrant.cli.repaired import Wish, files_of, ready, session_of, wishing, written
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.drills.simulated import Simulated
    from evergrant.repair.model import Plan

NOT_PROVEN = 1


@click.command(name="plan")
@wishing
@format_option
def plan(wish: Wish, form: Format) -> None:
    """List what would mend each finding: steps in order, who, permission, side effects, way back.

    PATH is a folder, file or zip with metadata; with an org, its own metadata is looked at. A rule
    that is named with --rule is planned also where no file shows its finding.
    """
    from evergrant.repair.draft import dangers
    from evergrant.repair.told import document, lines

    session = session_of(wish)
    files = files_of(wish, session)
    found = [(each, dangers(each, files)) for each in plans_of(wish, files, session)]
    if form is Format.JSON:
        emit("repair-plan", {"plans": [document(*each) for each in found]})
    elif not found:
        say("Nothing was found that a repair is known for.")
    else:
        say("\n\n".join("\n".join(wrapped(lines(*each))) for each in found))


@click.command(name="diff")
@wishing
@click.option("--write", is_flag=True, help="edit the files instead of printing a patch")
@format_option
def diff(wish: Wish, write: bool, form: Format) -> None:
    """Print what the repairs change in the files, as a patch that `git apply` takes.

    Secrets are masked in it, so what takes a secret out of a file is done with --write. Plans that
    still miss a value, and those that are refused as dangerous, are left out.
    """
    from evergrant.repair.draft import dangers, together
    from evergrant.repair.draft import diff as shown

    session = session_of(wish)
    if write and session is not None:
        raise BadInput("--write edits files, and an org is named", next_step="see `repair apply`")
    files = files_of(wish, session)
    ready = [p for p in plans_of(wish, files, session) if p.is_ready and not dangers(p, files)]
    found = [each for each in together(ready, files) if each.changes]
    paths = [str(written(each)) if write else each.after.path for each in found]
    if form is Format.JSON:
        files_told = [
            {"path": path, "new": each.is_new, "patch": shown(each)}
            for path, each in zip(paths, found, strict=True)
        ]
        emit("repair-diff", {"written": write, "files": files_told})
    elif write:
        say("\n".join(f"edited: {path}" for path in paths))
    elif found:
        say("".join(map(shown, found)).rstrip("\n"))


@click.command(name="simulate")
@wishing
@client_options
@format_option
def simulate(wish: Wish, form: Format, **habits: object) -> None:
    """Try a repair in an emulated org, and replay the client's flow before, across and after it.

    Ends with 0 when a new connection works afterwards and all is as planned, else with 1.
    """
    from evergrant.drills.simulated import simulate as tried

    session = session_of(wish)
    files = files_of(wish, session)
    results = []
    for each in ready(plans_of(wish, files, session)):
        with progress(f"Simulating {each.problem.code}"):
            results.append((each, tried(each.problem, files, wish.given, habits_of(habits))))
    if form is Format.JSON:
        emit("repair-simulation", {"results": [_data(*each) for each in results]})
    else:
        for shown in results:
            _show(*shown)
    if not all(seen.is_repaired for _, seen in results):
        raise Exit(NOT_PROVEN)


def _data(plan: Plan, seen: Simulated) -> dict[str, Any]:
    ends = {"repaired": seen.is_repaired, "must_reauthorize": seen.must_reauthorize}
    return {"code": plan.problem.code, **ends, **asdict(seen)}


def _show(plan: Plan, seen: Simulated) -> None:
    end = "repaired" if seen.is_repaired else "NOT repaired"
    say(f"{plan.problem.code} in an emulated org: {end}")
    for line in (
        *flow_lines("a new connection before", seen.before),
        *(f"  {done}" for done in seen.done),
        *flow_lines("the connection that stood", seen.standing),
        *flow_lines("a new connection after", seen.after),
        *proof_lines(seen.proofs),
    ):
        say(line)


COMMANDS: tuple[click.Command, ...] = (
    plan,
    diff,
    simulate,
    repair_apply.apply,
    repair_apply.verify,
    repair_back.undo,
    repair_migrate.migrate,
)
