"""The parts of a connection: how each stands, what it waits for, and the worst of them.

A connection with one credential stands as that one does, and no row says so a second time.  With
several, each has a row of its own, and the connection is as healthy as its worst part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from evergrant import health
from evergrant.errors import NotFound
from evergrant.health import BROKEN, LIVE, WATCHED, Signal, State, worst
from evergrant.keeper.renew import needs_person
from evergrant.model import Connection, Event, Integration
from evergrant.store import Tx, events, integrations, part_standings, parts
from evergrant.store.part_standings import PartStanding
from evergrant.store.parts import MAIN, Part

CHANGED = "part state changed"
"""Kind of the event when a part of several changes its state; the text reads `was → is`."""
_OF_PARTS = frozenset(
    {
        Signal.PROVED,
        Signal.EXPIRY_NEAR,
        Signal.TROUBLED,
        Signal.CREDENTIAL_DEAD,
        Signal.REFUSED_BY_POLICY,
    }
)
"""Signals that speak of one credential; the others speak of the whole connection."""


@dataclass(frozen=True, slots=True)
class PartHealth:
    """How one credential of a connection stands."""

    part: Part
    state: State
    since: datetime | None = None
    last_success: datetime | None = None
    waits: str = ""
    """Title of the broken part that it waits for; '' while it waits for none."""
    is_known: bool = True
    """Whether anything was learned about it yet."""

    @property
    def is_watched(self) -> bool:
        """Whether it is looked at when a check is due."""
        return self.state in WATCHED and not self.waits


@dataclass(frozen=True, slots=True)
class Followed:
    """What a signal came to."""

    state: State
    """How the whole connection stands."""
    part: PartHealth
    """How the part stood that it is about."""
    after: State
    """How that part stands now."""
    is_one_of_several: bool = True

    @property
    def has_broken(self) -> bool:
        """Whether a part of several broke just now that had worked."""
        return self.is_one_of_several and self.part.state not in BROKEN and self.after in BROKEN

    @property
    def is_first_proof(self) -> bool:
        """Whether a part of several works that never had: it was no break, and is no recovery."""
        return self.is_one_of_several and self.part.last_success is None


def health_of(tx: Tx, connection: Connection) -> tuple[PartHealth, ...]:
    """How each credential stands, in the order of authorization; one alone as its connection."""
    known = parts.credentials_of(tx, connection.integration)
    if len(known) == 1:
        return (PartHealth(known[0], connection.state, connection.since, connection.last_success),)
    rows = part_standings.of(tx, connection.id)
    found: dict[str, PartHealth] = {}
    for each in known:
        row = rows.get(each.name)
        stands = _of_row(each, row) if row else _unknown(tx, connection, each)
        before = found.get(each.waits_for)
        found[each.name] = replace(stands, waits=_waits(before) if before else "")
    return tuple(found.values())


def _waits(before: PartHealth) -> str:
    """What keeps those waiting that come after this part."""
    return before.waits or (before.part.title if before.state in BROKEN else "")


def part_of(tx: Tx, connection: Connection, name: str) -> PartHealth:
    """How one credential stands.  Raises `NotFound`."""
    for each in health_of(tx, connection):
        if each.part.name == name:
            return each
    raise NotFound(f"{connection.name} has no part {name!r}", next_step="see its integration file")


def first_part(tx: Tx, connection: Connection, integration: Integration, flow: str = "") -> str:
    """Where a new authorization begins: at the first part that needs one, else at the main part.

    `flow`: only parts that are authorized by it count.
    """
    for each in health_of(tx, connection):
        if each.state in BROKEN and flow in ("", each.part.view(integration).flow):
            return each.part.name
    return MAIN


def as_part(tx: Tx, connection: Connection, name: str) -> Connection:
    """The connection as one part of it stands: what is judged about the part is judged by that."""
    if connection.state not in LIVE:
        return connection
    found = part_of(tx, connection, name)
    return replace(connection, state=found.state, last_success=found.last_success)


def follow(tx: Tx, connection: Connection, name: str, signal: Signal, now: datetime) -> Followed:
    """Let one part follow what was learned about it, and the connection the worst of them."""
    found = health_of(tx, connection)
    about = next((each for each in found if each.part.name == name), found[0])
    if len(found) == 1 or signal not in _OF_PARTS or connection.state not in LIVE:
        state = health.after(connection.state, signal)
        return Followed(state, about, state, is_one_of_several=False)
    states = [_followed(tx, connection, each, name, signal, now) for each in found]
    return Followed(worst(states), about, states[found.index(about)])


def _followed(
    tx: Tx, connection: Connection, stands: PartHealth, name: str, signal: Signal, now: datetime
) -> State:
    part, state, success = stands.part, stands.state, stands.last_success
    if part.name == name:
        state = health.after(stands.state, signal)
        success = now if signal in (Signal.PROVED, Signal.EXPIRY_NEAR) else success
        if state is not stands.state:
            told = f"{part.title}: {stands.state} → {state}"
            events.add(tx, connection.id, Event(now, CHANGED, told, parts.named(name)))
    elif stands.is_known:
        return state
    since = stands.since if state is stands.state and stands.since else now
    part_standings.put(tx, PartStanding(connection.id, part.name, state, since, success))
    return state


def is_watched(tx: Tx, connection: Connection) -> bool:
    """Whether a check of the connection would look at anything."""
    if connection.state not in LIVE:
        return False
    return any(each.is_watched for each in health_of(tx, connection))


def broken_besides(tx: Tx, connection: Connection, name: str) -> str:
    """Title of a part that is broken, other than this one; '' where none is."""
    found = health_of(tx, connection)
    others = [each for each in found if each.part.name != name] if len(found) > 1 else []
    return next((each.part.title for each in others if each.state in BROKEN), "")


def titled(tx: Tx, connection: Connection, name: str, told: str) -> str:
    """What was told, with the title of the part it is about where there are several."""
    found = health_of(tx, connection)
    title = next((each.part.title for each in found if each.part.name == name), "")
    return f"{title}: {told}" if len(found) > 1 and title and told else told


def is_of(event: Event, name: str) -> bool:
    """Whether an event says something about this part: its own, or nobody's in particular."""
    whose = event.data.get("part", "")
    return whose == name or (not whose and (name == MAIN or event.kind not in _OF_A_PART))


_OF_A_PART = frozenset(
    {
        "connected",
        "reauthorized",
        "refused",
        "renewed",
        "renewal sent",
        "renewal unknown",
        "call succeeded",
    }
)
"""Kinds of events that speak of one credential: without a part they speak of `MAIN`."""


def _of_row(part: Part, row: PartStanding) -> PartHealth:
    return PartHealth(part, row.state, row.since, row.last_success)


def _unknown(tx: Tx, connection: Connection, part: Part) -> PartHealth:
    """A part of which nothing was learned: it is as it was alone, or was never authorized."""
    state = State.DEGRADED
    if part.name == MAIN:
        state = connection.state if connection.state in LIVE else state
        return PartHealth(part, state, None, connection.last_success, is_known=False)
    own = integrations.get(tx, connection.integration).flow
    if needs_person(part.flow or own):
        state = State.NEEDS_REAUTHORIZATION
    return PartHealth(part, state, is_known=False)
