"""Errors as a person or a program reads them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from evergrant.errors import EvergrantError, OurBug
from evergrant.log import mask


def our_bug(error: Exception) -> OurBug:
    """What nobody expected, told without a traceback."""
    return OurBug(
        f"something went wrong inside Evergrant: {type(error).__name__}: {error}",
        why="this is a defect of Evergrant, not a mistake of yours",
        next_step="run again with EVERGRANT_DEBUG=1 and report what it prints",
        whose="Evergrant",
    )


def report(error: EvergrantError, argv: Sequence[str]) -> int:
    """Print an error, masked, and give the exit code."""
    if _wants_json(argv):
        told = {
            "schema": "evergrant.error/1",
            "error": type(error).__name__,
            "what": mask(error.what),
            "why": mask(error.why),
            "next_step": mask(error.next_step),
            "whose": error.whose,
            "exit_code": error.exit_code,
        }
        print(json.dumps(told, ensure_ascii=False), file=sys.stdout)  # noqa: T201 - the face prints
    else:
        print(mask(error.diagnostics()), file=sys.stderr)  # noqa: T201 - the face prints
    return error.exit_code


def _wants_json(argv: Sequence[str]) -> bool:
    pairs = zip(argv, [*argv[1:], ""], strict=True)
    return any((a, b) == ("--format", "json") or a == "--format=json" for a, b in pairs)
