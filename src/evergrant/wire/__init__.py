"""Conversations with Salesforce and their drivers: `run` (threads), `arun` (loop), `rehearse`.

The drivers over httpx2 and aiohttp are imported when they are first used: pasting an error into
`evergrant diagnose` needs neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evergrant.wire.conversation import (
    Answer,
    Conversation,
    Pause,
    Probe,
    Probed,
    Rehearsal,
    Reply,
    Request,
    Seen,
    Step,
    drive,
    host_of,
    probe,
    rehearse,
    send,
)

if TYPE_CHECKING:
    from evergrant.wire.loop import arun, session
    from evergrant.wire.threads import client, run

_LAZY = {"run": "threads", "client": "threads", "arun": "loop", "session": "loop"}

__all__ = [
    "Answer",
    "Conversation",
    "Pause",
    "Probe",
    "Probed",
    "Rehearsal",
    "Reply",
    "Request",
    "Seen",
    "Step",
    "arun",
    "client",
    "drive",
    "host_of",
    "probe",
    "rehearse",
    "run",
    "send",
    "session",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(name)
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"evergrant.wire.{_LAZY[name]}"), name)
    return found
