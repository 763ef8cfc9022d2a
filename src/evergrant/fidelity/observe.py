"""Asking one side: every behaviour that may be asked, and why the others were not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import httpx2

from evergrant.errors import CouldNotLook, Malformed, Refused, WireError
from evergrant.fidelity.behaviour import NEEDS, PERMISSIONS, Behaviour, Need, Observation, Writes
from evergrant.fidelity.side import Side
from evergrant.wire import run

_PATIENCE = 2
"""Behaviours in a row that the network may spoil before the rest is left alone."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a behaviour showed."""

    aspects: Observation = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotSeen:
    """Why a behaviour showed nothing."""

    reason: str


Outcome: TypeAlias = Seen | NotSeen
Watch: TypeAlias = Callable[[Behaviour], None]


def observe(
    asked: Iterable[Behaviour],
    side: Side,
    allowed: frozenset[Writes],
    *,
    via: httpx2.Client,
    watch: Watch = lambda _: None,
) -> dict[str, Outcome]:
    """Ask a side, one behaviour after another; what may not be asked is not.

    A network that failed twice in a row is not tried again.
    """
    found: dict[str, Outcome] = {}
    failures = 0
    for each in asked:
        if failures >= _PATIENCE:
            found[each.id] = NotSeen("the org could not be reached any more")
        elif reason := hindrance(each, side, allowed):
            found[each.id] = NotSeen(reason)
        else:
            watch(each)
            found[each.id], is_failure = _ask(each, side, via)
            failures = failures + 1 if is_failure else 0
    return found


def hindrance(each: Behaviour, side: Side, allowed: frozenset[Writes]) -> str:
    """Why a behaviour cannot be asked of this side; empty where it can."""
    if missing := next((need for need in sorted(each.needs) if not _has(side, need)), None):
        return NEEDS[missing]
    if each.writes not in allowed:
        return f"it was not allowed to write ({each.writes.value})"
    return ""


def possible(asked: Iterable[Behaviour], side: Side) -> Iterator[Behaviour]:
    """The behaviours that only consent may stand against."""
    return (each for each in asked if not hindrance(each, side, frozenset(Writes)))


def _has(side: Side, need: Need) -> bool:
    if need in PERMISSIONS:
        return PERMISSIONS[need] in side.permissions
    app = side.app
    held: Mapping[Need, object] = {
        "app": app,
        "connected_app": app and app.kind == "connected_app",
        "external_client_app": app and app.kind == "external_client_app",
        "client_credentials": app and app.mints,
        "secret": app and app.app.consumer_secret,
        "key": app and app.app.private_key,
        "refresh_token": app and app.refresh_token,
    }
    return bool(held[need])


def _ask(each: Behaviour, side: Side, via: httpx2.Client) -> tuple[Outcome, bool]:
    try:
        return Seen(dict(run(each.ask(side), via=via, clock=side.clock))), False
    except WireError as error:
        return NotSeen(f"the network failed: {side.names.clean(error.what)}"), True
    except Refused as error:
        words = f"{error.error} {error.description}".strip()
        return NotSeen(f"a query it needs was refused: {side.names.clean(words)}"), False
    except (CouldNotLook, Malformed) as error:
        return NotSeen(side.names.clean(error.what)), False
