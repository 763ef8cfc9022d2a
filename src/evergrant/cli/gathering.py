"""Evidence from files, as commands gather and show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from evergrant.cli.output import say
from evergrant.cli.reading import documents
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.evidence import Evidence, Wanted
    from evergrant.evidence.gathered import Reading

PASTED = frozenset({"text"})
"""Sources of which nothing needs to be said when they were read whole."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose failure is asked about, as the command line has it."""

    flow: str = "unknown"
    context: str = ""
    app: str = ""
    user: str = ""
    at: str = ""


def asking(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say whose failure it is."""
    for option in (
        click.option("--at", default="", help="when it failed (2026-11-22T09:00Z)"),
        click.option("--user", default="", help="username or id of the user that fails"),
        click.option("--app", default="", help="label of the app that fails, as in Setup"),
        click.option("--context", default="", help="what else is known, in your words"),
        click.option(
            "--flow", default="unknown", help="how the client came: web_server, jwt_bearer …"
        ),
    ):
        command = option(command)
    return command


def wanted(asked: Asked) -> Wanted:
    """The question for the sources of evidence.

    Raises `BadInput` for a flow or a time that is none.
    """
    from evergrant.clock import SystemClock
    from evergrant.evidence import Wanted
    from evergrant.evidence.exports.times import read_time

    at = read_time(asked.at) if asked.at else None
    if asked.at and at is None:
        raise BadInput(
            f"{asked.at!r} is no time", next_step="write it as 2026-11-22T09:00Z", whose="you"
        )
    return Wanted(asked.app, asked.user, at, SystemClock().now(), _flow(asked.flow), asked.context)


def gathered(names: Sequence[str], asked: Asked) -> Evidence:
    """Everything that the files show, standard input where none is named."""
    from evergrant import evidence

    question = wanted(asked)
    return evidence.of_documents(documents(names or ("-",)), question)


def _flow(name: str) -> str:
    from evergrant.model import FLOW_IDS

    if name not in FLOW_IDS:
        raise BadInput(
            f"no flow is called {name!r}", next_step=f"one of {', '.join(FLOW_IDS)}", whose="you"
        )
    return name


def show(evidence: Evidence, width: int) -> None:
    """The timeline and what was read, where there is more to say than of one pasted error."""
    from evergrant.diagnosis.layout import Section, laid_out
    from evergrant.evidence import timeline

    readings = evidence.gathered.readings
    told = tuple(_read(each) for each in readings if _is_worth_telling(each))
    is_more = told or not readings or len(evidence.timeline.moments) > 1
    by_time = tuple(timeline.lines(evidence.timeline)) if is_more else ()
    sections = [
        each
        for each in (Section("Timeline", by_time), Section("What was read", told))
        if each.lines
    ]
    if sections:
        say()
        say(laid_out(sections, width).rstrip())


def _is_worth_telling(reading: Reading) -> bool:
    return reading.source not in PASTED or bool(reading.skipped or reading.notes)


def _read(reading: Reading) -> str:
    return "; ".join(_parts(reading))


def _parts(reading: Reading) -> Iterator[str]:
    yield f"{reading.name} ({reading.source.replace('_', ' ')}): {reading.read} {reading.unit} read"
    if reading.skipped:
        yield f"{reading.skipped} could not be read"
    yield from reading.notes


def as_data(evidence: Evidence) -> dict[str, Any]:
    """The timeline and what was read, for programs."""
    line = evidence.timeline
    return {
        "readings": evidence.gathered.readings,
        "timeline": {
            "first_failure": line.first_failure,
            "last_success": line.last_success,
            "last_change": line.last_change,
            "reach": line.reach,
            "moments": line.moments,
        },
    }
