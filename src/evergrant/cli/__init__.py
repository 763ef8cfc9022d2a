"""The command line: parse, call one verb, render, end with a documented exit code."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Entry point of `evergrant`; never shows a traceback unless EVERGRANT_DEBUG is set."""
    from evergrant.cli.app import build
    from evergrant.cli.trouble import report
    from evergrant.errors import EvergrantError

    try:
        build()(standalone_mode=True)
    except EvergrantError as error:
        sys.exit(report(error, sys.argv))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader went away (`| head`): nothing to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # the last line of defense: our bug, said as such
        if os.environ.get("EVERGRANT_DEBUG"):
            raise
        from evergrant.cli.trouble import our_bug

        sys.exit(report(our_bug(error), sys.argv))
