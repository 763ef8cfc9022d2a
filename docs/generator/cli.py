"""docs/reference/cli.md: every command as its `--help` has it, and the exit codes."""

from __future__ import annotations

from collections.abc import Iterator

import click

from evergrant import errors
from evergrant.cli.app import build
from generator.markdown import code, table
from generator.markdown import page as whole

COLUMNS = 78
"""As wide as help is on a terminal of 80 columns."""
CODES = {
    0: "yes, or done; of `diagnose`: a cause is named; of `serve`: stopped by Ctrl-C or SIGTERM",
    1: "a finding, or not proven",
    2: "bad input",
    3: "not known",
    4: "could not look",
    130: "interrupted before it was done",
    70: "a bug of Evergrant's",
}


def page() -> str:
    """The whole page."""
    return whole(
        "Command line",
        "Every command takes `--format json`; each answer then names its `schema`.\n"
        "Progress and errors go to standard error; with `--format json` an error is a document on "
        "standard output, too.\n"
        "`NO_COLOR` turns colour off; without a terminal there is none, and lines end at 80 "
        "columns.",
        "## Exit codes",
        table(["code", "meaning", "errors that end so"], _codes()),
        *(f"## {name}\n\n```text\n{text}\n```" for name, text in _helps()),
    )


def _codes() -> Iterator[tuple[str, str, str]]:
    for number, meaning in CODES.items():
        raised = sorted(each.__name__ for each in _errors() if each.exit_code == number)
        yield code(number), meaning, ", ".join(raised)


def _errors() -> Iterator[type[errors.EvergrantError]]:
    """The tree's branches; of its root nothing is raised."""
    waiting = errors.EvergrantError.__subclasses__()
    while waiting:
        each = waiting.pop()
        waiting += each.__subclasses__()
        if each.__module__ == errors.__name__:
            yield each


def _helps() -> Iterator[tuple[str, str]]:
    waiting = [("evergrant", build())]
    while waiting:
        name, command = waiting.pop(0)
        context = click.Context(command, info_name=name, terminal_width=COLUMNS)
        yield name, command.get_help(context)
        if isinstance(command, click.Group):
            inner = [(f"{name} {each}", command.commands[each]) for each in command.commands]
            waiting[:0] = inner
