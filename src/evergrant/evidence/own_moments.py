"""A connection's own events by time, and how the integration's other connections fare.

Each use of a refresh token names its generation: the first is that of the authorization, each
rotation begins another; tokens are told apart by fingerprint only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from evergrant.evidence.gathered import Gathered, Moment, Standing, short
from evergrant.evidence.own_history import AUTHORIZED, RENEWED, SOURCE, WORKED
from evergrant.health import BROKEN, State
from evergrant.model import Connection, Event, Integration

CHANGED = frozenset({"configured", "keep-alive policy"})
"""Events that changed something on our side."""


def read(
    connection: Connection,
    integration: Integration,
    events: Sequence[Event],
    siblings: Iterable[Connection] = (),
) -> Gathered:
    """The moments of a connection, and the standings of all connections of its integration."""
    ordered = sorted(events, key=lambda event: event.at)
    return Gathered(
        moments=tuple(_moments(connection, integration, ordered)),
        standings=tuple(_standings(integration, siblings)),
    )


def _moments(
    connection: Connection, integration: Integration, events: Sequence[Event]
) -> Iterator[Moment]:
    org, user = _whose(connection)
    generation = 0
    for event in events:
        if event.kind in AUTHORIZED:
            generation = 1
        elif event.kind in RENEWED and event.data.get("rotated") is True:
            generation += 1
        if (what := _what(event)) is not None:
            told = f"{event.kind}: {event.text}{_generation(event, generation)}"
            act = f"our settings ({event.kind})" if what == "change" else ""
            yield Moment(event.at, what, short(told), integration.app_label, user, org, act=act,
                         source=SOURCE)  # fmt: skip


def _what(event: Event) -> Literal["failure", "success", "change"] | None:
    if event.kind in WORKED:
        return "success"
    if event.kind == "refused":
        return "failure"
    return "change" if event.kind in CHANGED else None


def _generation(event: Event, generation: int) -> str:
    spent = event.data.get("spent")
    if not spent or not generation:
        return ""
    worker = event.data.get("worker")
    by = f" by {worker}" if worker else ""
    return f" (refresh token {str(spent)[:6]}, generation {generation}{by})"


def _standings(integration: Integration, siblings: Iterable[Connection]) -> Iterator[Standing]:
    for each in siblings:
        org, user = _whose(each)
        if org and each.state in (State.CONNECTED, State.EXPIRING_SOON, *BROKEN):
            works = each.state not in BROKEN
            yield Standing(integration.app_label, user, org, works)


def _whose(connection: Connection) -> tuple[str, str]:
    who = connection.identity
    return (who.org_id[:15], who.username or who.user_id) if who else ("", "")
