"""The one loop that every Python client is driven by: a JSON line in, a JSON line out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

Ways = dict[str, Callable[..., Any]]
"""What a client can be asked to do, by the names that the tests use."""


def serve(ways: Ways) -> None:
    """Answer until there is nothing more to do; what a client raises is what it shows."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a client prints itself is no answer
    for line in sys.stdin:
        asked = json.loads(line)
        out.write(json.dumps(_answer(ways[asked["do"]], asked["words"])) + "\n")
        out.flush()


def _answer(way: Callable[..., Any], words: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"done": way(**words)}
    except Exception as error:  # whatever it is, a person would see it
        return {"refused": {"kind": type(error).__name__, "text": _shown(error)}}


def _shown(error: Exception) -> str:
    """The message, and what some clients keep apart for their logs."""
    return "\n".join(str(each) for each in (error, getattr(error, "internal_message", "")) if each)
