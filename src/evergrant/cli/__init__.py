"""The command line: parse, call one verb, render, end with a documented exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence

INTERRUPTED = 130
_SELDOM = 100_000
"""Objects made before garbage is looked for: modules and catalog are many, and none is garbage."""


def main() -> None:
    """Entry point of `evergrant`; never shows a traceback unless EVERGRANT_DEBUG is set."""
    gc.set_threshold(_SELDOM)
    if os.environ.get("EVERGRANT_DEBUG"):
        # What nobody expected is then shown whole.
        sys.exit(run(sys.argv[1:], expected_only=True))
    sys.exit(run(sys.argv[1:]))


def run(words: Sequence[str], *, expected_only: bool = False) -> int:
    """Carry out one command line; what it ends with."""
    from evergrant.cli.trouble import report, translated

    try:
        try:
            return _carried_out(words)
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`| head`): nothing to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        told = translated(error)
        if told is None and expected_only:
            raise
        return report(told or error, words)


def _carried_out(words: Sequence[str]) -> int:
    from click.exceptions import Abort, Exit

    from evergrant.cli.app import build

    _prepare()
    try:
        with build().make_context("evergrant", list(words)) as context:
            context.command.invoke(context)
    except Exit as end:
        return end.exit_code
    except Abort as end:
        raise KeyboardInterrupt from end
    return 0


def _prepare() -> None:
    """Terminate as cleanly as on Ctrl-C, and let no character stop an answer on its way out."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # real streams
