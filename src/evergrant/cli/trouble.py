"""Errors as a person or a program reads them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from click import ClickException, UsageError
from click.exceptions import NoArgsIsHelpError

from evergrant.cli.output import harmless
from evergrant.errors import BadInput, EvergrantError, OurBug
from evergrant.log import mask


def translated(error: Exception) -> EvergrantError | None:
    """What somebody raised on purpose, as one of our errors; None for what nobody expected."""
    match error:
        case EvergrantError():
            return error
        case ClickException():
            return _misused(error)
        case _:
            return None


def report(error: Exception, words: Sequence[str]) -> int:
    """Print an error, masked, and give the exit code; what is not ours counts as our bug."""
    known = error if isinstance(error, EvergrantError) else _our_bug(error)
    if wants_json(words):
        sys.stdout.write(harmless(json.dumps(_as_json(known), ensure_ascii=False)) + "\n")
        sys.stdout.flush()
    else:
        sys.stderr.write(harmless(mask(known.diagnostics())) + "\n")
    return known.exit_code


def wants_json(words: Sequence[str]) -> bool:
    """Whether the command line asks for JSON; it may be too broken to be parsed."""
    return "--format=json" in words or ("--format", "json") in pairwise(words)


def _as_json(error: EvergrantError) -> dict[str, Any]:
    return {
        "schema": "evergrant.error/1",
        "error": type(error).__name__,
        "what": mask(error.what),
        "why": mask(error.why),
        "next_step": mask(error.next_step),
        "whose": error.whose,
        "exit_code": error.exit_code,
    }


def _misused(error: ClickException) -> BadInput:
    """A wrong command line, in the words of the parser; help alone is help."""
    context = error.ctx if isinstance(error, UsageError) else None
    if context is None or isinstance(error, NoArgsIsHelpError):
        return BadInput(error.format_message())
    return BadInput(
        error.format_message(), next_step=f"see `{context.command_path} --help`", whose="you"
    )


def _our_bug(error: Exception) -> OurBug:
    return OurBug(
        f"something went wrong inside Evergrant: {type(error).__name__}: {error}",
        why="This is a defect of Evergrant, not a mistake of yours.",
        next_step="run again with EVERGRANT_DEBUG=1 and report what it prints",
        whose="you",
    )
