"""`evergrant bundle`: evidence as one redacted file, to be judged by somebody else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from click.exceptions import Exit

from evergrant.cli.diagnose import NOT_KNOWN, judge
from evergrant.cli.gathering import Asked, asking, gathered, wanted
from evergrant.cli.output import Format, deliver, emit, format_option, progress, say
from evergrant.cli.reading import documents
from evergrant.errors import BadInput

if TYPE_CHECKING:
    from evergrant.evidence import Evidence, Gathered


@click.command()
@click.argument("files", metavar="[FILE]...", nargs=-1)
@click.option("--output", "-o", default="-", help="where to write it; standard output for -")
@click.option("--connection", default="", help="what is known of a connection, besides the files")
@asking
def save(
    files: tuple[str, ...], output: str, connection: str, flow: str, context: str, app: str,
    user: str, at: str,
) -> None:  # fmt: skip
    """Gather evidence and save it, redacted.

    Secrets, users, orgs, My Domain names and addresses are replaced; what was the same stays the
    same (user-1). Labels of apps, times and Salesforce's words stay. FILE is as for diagnose.
    """
    from evergrant.clock import SystemClock
    from evergrant.evidence.bundle_file import pack

    asked = Asked(flow, context, app, user, at)
    question = wanted(asked)
    evidence = _of(files, connection, asked)
    made = pack(evidence.gathered, question, made_at=SystemClock().now())
    deliver(output, json.dumps(made, ensure_ascii=False, indent=1) + "\n")


@click.command()
@click.argument("file")
@format_option
def show(file: str, form: Format) -> None:
    """Show what a bundle holds: every fact with its quote, by source."""
    evidence = _loaded(file)
    if form is Format.JSON:
        emit("facts", {"facts": evidence.facts})
        return
    for fact in evidence.facts:
        say(f"{fact.source}: {fact.name} = {_value(fact.value)}")
        if fact.quote:
            say(f"    {fact.quote}")


@click.command(name="judge")
@click.argument("file")
@format_option
def judge_bundle(file: str, form: Format) -> None:
    """Judge a bundle: the same answer that its evidence gave where it was made.

    Ends with 0 when a cause is named, 3 when none stands out.
    """
    if not judge(_loaded(file), form).is_named:
        raise Exit(NOT_KNOWN)


COMMANDS: tuple[click.Command, ...] = (save, show, judge_bundle)


def _of(files: tuple[str, ...], connection: str, asked: Asked) -> Evidence:
    if not connection:
        return gathered(files, asked)
    from evergrant import evidence

    known = _connection(connection)
    return evidence.of_documents(documents(files), wanted(asked), known=known)


def _connection(name: str) -> Gathered:
    from evergrant.keeper import by_time, examine, open_keeper
    from evergrant.settings import load

    with open_keeper(load()) as keeper, progress("Looking"):
        return by_time(keeper, name, examine(keeper, name).facts).gathered


def _loaded(file: str) -> Evidence:
    from evergrant import evidence
    from evergrant.evidence.given.kinds import kind_of

    found = documents([file])
    if len(found) != 1 or kind_of(found[0]) != "bundle":
        raise BadInput(
            f"{file} is no bundle", next_step="make one with `evergrant bundle save`", whose="you"
        )
    return evidence.of_documents(found, wanted(Asked()))


def _value(value: Any) -> str:
    from evergrant.model import Unknown

    return f"not known ({value.reason})" if isinstance(value, Unknown) else str(value)
