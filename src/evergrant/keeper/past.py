"""A connection's past as spans of its states, and what it holds now, part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from evergrant.health import State
from evergrant.keeper.declaring import in_order
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.life import ends_at
from evergrant.keeper.parts import PartHealth, health_of
from evergrant.keeper.record import AUTHORIZED
from evergrant.model import Connection, Event, Incident
from evergrant.store import (
    connections,
    events,
    expectations,
    incidents,
    keep_alive,
    lifetimes,
    usage,
)
from evergrant.store.parts import Part
from evergrant.vault import Kept

REMEMBERED: Final = 500
"""Events that are looked at; what lies before them is not drawn."""
_ARROW: Final = " → "


@dataclass(frozen=True, slots=True)
class Span:
    """A time during which a connection was in one state."""

    state: State
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Past:
    """What a timeline is drawn from; spans and marks in order, oldest first."""

    spans: tuple[Span, ...]
    authorized: tuple[datetime, ...]
    refused: tuple[datetime, ...]
    incidents: tuple[Incident, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """One part of a connection, and what is known of its ends; None where nobody knows."""

    part: str
    kind: Literal["credential", "step"]
    title: str = ""
    """What people call the part."""
    state: State | None = None
    """How it stands by itself; None for a step, and where there is one credential only."""
    waits: str = ""
    """Title of the broken part that it waits for."""
    is_live: bool = False
    issued_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    has_refresh: bool = False
    life: timedelta | None = None
    """How long an access token is good for, as it was learned."""
    life_by: str = ""
    ends: datetime | None = None
    idle_ends: datetime | None = None
    """When the refresh token dies if nobody uses it."""
    idle_days: int = 0
    certificate_ends: datetime | None = None
    used_at: datetime | None = None


def past_of(keeper: Keeper, connection_id: str) -> Past:
    """How a connection has been.  Raises `NotFound`."""
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        told = list(reversed(events.recent(tx, connection.id, limit=REMEMBERED)))
        known = tuple(reversed(incidents.of(tx, connection.id)))
    return Past(
        tuple(_spans(connection, told, keeper.clock.now())),
        tuple(each.at for each in told if each.kind in AUTHORIZED),
        tuple(each.at for each in told if each.kind == "refused"),
        known,
    )


def _spans(connection: Connection, told: Sequence[Event], now: datetime) -> list[Span]:
    """From the changes of state; before the first of them it was as the first one says."""
    changes = [(each.at, _states(each)) for each in told if each.kind == "state changed"]
    if not changes:
        begins = connection.since or (told[0].at if told else now)
        return [Span(connection.state, begins, now)]
    spans = [Span(changes[0][1][0], told[0].at, changes[0][0])]
    ends = [*(at for at, _ in changes[1:]), now]
    spans += [Span(to, at, end) for (at, (_, to)), end in zip(changes, ends, strict=True)]
    return [span for span in spans if span.ends > span.begins]


def _states(change: Event) -> tuple[State, State]:
    """What it was and what it became."""
    was, _, became = change.text.partition(_ARROW)
    return State(was), State(became)


def holdings_of(keeper: Keeper, connection_id: str) -> tuple[Holding, ...]:
    """Every part of a connection in the order of authorization.  Raises `NotFound`."""
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        known = in_order(tx, connection.integration)
        health = {each.part.name: each for each in health_of(tx, connection)}
        live = {each.name: keeper.vault.live(tx, connection.id, part=each.name)
                for each in known if each.kind == "credential"}  # fmt: skip
        org = connection.identity.org_id if connection.identity else ""
        life = lifetimes.get(tx, connection.integration, org)
        policy = keep_alive.policy(tx, connection.integration)
        certificate = expectations.of(tx, connection.integration).certificate_ends
        used = usage.last(tx, connection.id)
    idle_days = policy.idle_limit_days if policy else 0
    held = {each.name: _holding(each, live.get(each.name), life, idle_days, certificate, used)
            for each in known if each.kind == "credential"}  # fmt: skip
    return tuple(
        _as_it_stands(held.get(each.name) or Holding(each.name, "step"), each, health)
        for each in known
    )


def _as_it_stands(holding: Holding, part: Part, health: Mapping[str, PartHealth]) -> Holding:
    """With its name for people and, where there are several credentials, how it stands."""
    stands = health.get(part.name) if len(health) > 1 else None
    told = replace(holding, title=part.title)
    return replace(told, state=stands.state, waits=stands.waits) if stands else told


def _holding(
    part: Part,
    kept: Kept | None,
    life: lifetimes.Lifetime,
    idle_days: int,
    certificate: str,
    used: datetime | None,
) -> Holding:
    until = datetime.combine(date.fromisoformat(certificate), time(), UTC) if certificate else None
    if kept is None:
        return Holding(part.name, part.kind, certificate_ends=until, used_at=used)
    issued, has_refresh = kept.credential.issued_at, kept.credential.refresh_token is not None
    idle = issued + timedelta(days=idle_days) if issued and idle_days and has_refresh else None
    return Holding(
        part.name,
        part.kind,
        is_live=True,
        issued_at=issued,
        scopes=kept.credential.scopes,
        has_refresh=has_refresh,
        life=life.life,
        life_by=life.told_by or ("refusals" if life.observed_s else ""),
        ends=ends_at(kept.credential, life.life),
        idle_ends=idle,
        idle_days=idle_days,
        certificate_ends=until,
        used_at=used,
    )
