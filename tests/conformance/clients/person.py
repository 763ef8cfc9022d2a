"""The browser that Salesforce CLI opens: a person who signs in and presses a button."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from evergrant.testing.robot import Person, browser, walk

CALLBACK = "http://localhost:1717/OauthRedirect"
PATIENCE_S = 20.0


def _wait_for_end(opener: int) -> None:
    """The command listens for the callback once what opened the browser has ended."""
    give_up = time.monotonic() + PATIENCE_S
    while Path(f"/proc/{opener}").exists() and time.monotonic() < give_up:
        time.sleep(0.01)


def main(link: str) -> None:
    """Go on in a process of its own, as browsers do, and follow the link."""
    opener = os.getppid()
    if os.fork():
        return
    _wait_for_end(opener)
    who = Person(*(os.environ[f"PERSON_{each}"] for each in ("USERNAME", "PASSWORD", "ANSWER")))
    with browser() as profile:
        walk(link, who, CALLBACK, browser=profile)


if __name__ == "__main__":
    main(sys.argv[1])
