"""`evergrant drill`: play scenarios from break to proof, and see whether the doctor is right."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from evergrant.cli.output import Format, emit, format_option, hush, progress, say, table
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evergrant.drills import Row

FINDING = 1
TITLES = ("scenario", "text", "own", "admin", "repro", "fixed", "proven")
LOOKALIKES = "Look-alikes: the client is told the same, an admin's look tells them apart."
SURE = 0.9
"""Posterior from which a cause is called certain."""
STYLES = {"yes": "green", "NO": "red"}


@click.command()
@click.argument("scenario", default="")
@click.option("--all", "every", is_flag=True, help="every scenario")
@format_option
def drill(scenario: str, every: bool, form: Format) -> None:
    """Break an emulated org, diagnose, heal and prove it.

    Scenarios joined by a plus stand one behind another: the first closed gate is named and opened,
    then the next. The diagnosis is made at three levels of evidence; the truth is taken from the
    emulator's own policy trace. Ends with 1 when a drill was not reproduced, fixed or proven, or
    when its cause was not named first at level admin.
    """
    from evergrant.drills import drill as play
    from evergrant.drills import ids

    if bool(scenario) == every:
        raise BadInput(
            "name one scenario, or use --all", next_step="see `evergrant emulator scenarios`"
        )
    hush()
    rows: list[Row] = []
    for number, each in enumerate(wanted := ids() if every else [scenario], start=1):
        with progress(f"Drill {number} of {len(wanted)}: {each}"):
            rows += play(each)
    if form is Format.JSON:
        emit("drill", {"rows": [asdict(row) for row in rows]})
    else:
        table(TITLES, list(_lines(rows)), STYLES)
        say("\n".join([*_misses(rows), _summary(rows)]))
        if every:
            say("\n".join([_sure(rows), "", LOOKALIKES, *_lookalikes(rows)]))
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


def _sure(rows: Sequence[Row]) -> str:
    looked = [row for row in rows if row.level == "admin"]
    sure = sum(row.first == row.cause and row.confidence >= SURE for row in looked)
    return f"At {SURE:.2f} or more by an admin's look: {sure}/{len(looked)}"


def _lookalikes(rows: Sequence[Row]) -> Iterator[str]:
    """The scenarios whose client was told the same words, with what came second."""
    looked = sorted((row for row in rows if row.level == "admin" and row.said), key=_words)
    for said, group in groupby(looked, key=_words):
        alike = list(group)
        if len(alike) > 1:
            yield f"\n{said}"
            for row in alike:
                yield f"  {row.confidence:.2f} {row.cause}"
                yield f"       then {row.rival_confidence:.2f} {row.rival}"


def _words(row: Row) -> str:
    return row.said.lower()


def _lines(rows: Sequence[Row]) -> Iterator[Sequence[str]]:
    """One line a drill: whether each level named the cause, how sure, and how the story went."""
    for id_, levels in groupby(rows, key=lambda row: row.id):
        told = list(levels)
        last = told[-1]
        story = ("yes" if each else "NO" for each in (last.reproduced, last.fixed, last.proven))
        yield (id_, *map(_level, told), *story)


def _level(row: Row) -> str:
    return f"{'✓' if row.first == row.cause else '✗'} {row.confidence:.2f}"


def _misses(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        if row.first != row.cause:
            yield f"  {row.id}, {row.level}: {row.first or 'nothing'} instead"
