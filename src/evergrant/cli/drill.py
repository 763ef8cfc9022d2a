"""`evergrant drill`: play scenarios from break to proof, and see whether the doctor is right."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, progress, say, table
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrant.drills import Row

FINDING = 1
STYLES = {"✓": "green", "NO": "red"}


@click.command()
@click.argument("scenario", default="")
@click.option("--all", "every", is_flag=True, help="every scenario")
@format_option
def drill(scenario: str, every: bool, form: Format) -> None:
    """Break an emulated org, diagnose, heal and prove it.

    The diagnosis is made at three levels of evidence; the truth is taken from the emulator's own
    policy trace. Ends with 1 when a drill was not reproduced, fixed or proven, or when its cause
    was not named first at level admin.
    """
    from evergrant.drills import drill as play
    from evergrant.drills import ids

    if bool(scenario) == every:
        raise BadInput(
            "name one scenario, or use --all", next_step="see `evergrant emulator scenarios`"
        )
    rows: list[Row] = []
    for number, each in enumerate(wanted := ids() if every else [scenario], start=1):
        with progress(f"Drill {number} of {len(wanted)}: {each}"):
            rows += play(each)
    if form is Format.JSON:
        emit("drill", {"rows": [asdict(row) for row in rows]})
    else:
        titles = ("scenario", "level", "first", "conf", "repro", "fixed", "proven")
        table(titles, [_cells(row) for row in rows], STYLES)
        say(_summary(rows))
    if not all_well(rows):
        raise Exit(FINDING)


def all_well(rows: Sequence[Row]) -> bool:
    """Whether every story held from break to proof, and the admin's look named the cause."""
    return all(
        row.reproduced
        and row.fixed
        and row.proven
        and (row.level != "admin" or row.first == row.cause)
        for row in rows
    )


def _summary(rows: Sequence[Row]) -> str:
    told = []
    for level in ("text", "own", "admin"):
        at = [row for row in rows if row.level == level]
        told.append(f"{level} {sum(row.first == row.cause for row in at)}/{len(at)}")
    return "Cause named first: " + ", ".join(told)


def _cells(row: Row) -> tuple[str, ...]:
    right = row.first == row.cause
    return (
        row.id if row.level == "text" else "",
        row.level,
        "✓" if right else row.first or "none",
        f"{row.confidence:.2f}",
        *("yes" if each else "NO" for each in (row.reproduced, row.fixed, row.proven)),
    )
