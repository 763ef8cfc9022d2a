"""Writing down what was learned: state, event, incident, notice and due row in one transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from evergrant.health import BROKEN, LIVE, WORKING, Signal, State
from evergrant.keeper.awaiting import SYNC, begin_to_wait
from evergrant.keeper.deeds import did
from evergrant.keeper.flapping import CHANGED, SETTLED, damped, settled
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.parts import Followed, follow, is_watched, titled
from evergrant.model import Connection, Event, Notice, as_json
from evergrant.notify import channels
from evergrant.store import Tx, connections, due, events, incidents, outbox
from evergrant.store.parts import MAIN

AUTHORIZED = frozenset({"connected", "reauthorized"})
"""Kinds of the events of a new authorization."""
CHECK = "check"
"""Kind of the due rows that watch walks."""
AUDIT = "audit"
"""Kind of the due rows at whose time a connection's org is audited."""
_STAYS = (SETTLED, SYNC, AUDIT)
"""Kinds of due rows that a connection keeps while it is broken."""
_WORKS = (Signal.PROVED, Signal.EXPIRY_NEAR)
"""What is learned from a call that succeeded."""
AUDIT_AFTER = timedelta(minutes=1)
"""So long after an authorization: the first syncs go first."""


def note(keeper: Keeper, tx: Tx, connection_id: str, kind: str, text: str, **data: Any) -> None:
    """Append one line to the connection's history, and to the audit log if somebody acts."""
    events.add(tx, connection_id, Event(keeper.clock.now(), kind, text, as_json(data)))
    did(keeper, tx, kind, subject=connection_id, text=text)


def learn(
    keeper: Keeper,
    tx: Tx,
    connection: Connection,
    signal: Signal,
    *,
    why: str = "",
    part: str = MAIN,
) -> Connection:
    """Apply one signal: the state that follows, its event, its notice and the next check.

    It is about one part; the connection is as healthy as the worst of them.  The state is read
    anew: while a check was on its way, somebody may have paused or removed it.
    """
    connection = connections.by_id(tx, connection.id)
    now = keeper.clock.now()
    followed = follow(tx, connection, part, signal, now)
    state = followed.state
    changes: dict[str, Any] = {}
    if signal in _WORKS:
        changes["last_success"] = now
    if state is not connection.state:
        changes |= {"state": state, "since": now}
        note(keeper, tx, connection.id, CHANGED, f"{connection.state} → {state}", why=why)
        if connection.state not in WORKING and state in WORKING:
            begin_to_wait(tx, connection, now)
        if connection.state not in LIVE:
            due.schedule(tx, AUDIT, connection.id, now + AUDIT_AFTER)
        if _is_news(tx, connection, followed, signal):
            _tell(keeper, tx, connection, state, titled(tx, connection, part, why))
    elif followed.has_broken:
        title, told = f"{connection.name}: {followed.after}", titled(tx, connection, part, why)
        tell(keeper, tx, connection, "broken", title, told, state=state.value, part=part)
    if changes:
        connection = connections.update(tx, connection.id, **changes)
    plan(keeper, tx, connection)
    return connection


def _is_news(tx: Tx, connection: Connection, followed: Followed, signal: Signal) -> bool:
    """Whether people are told: a part that was never authorized has not broken, and does not
    recover."""
    if signal not in _WORKS:
        return True
    is_open = incidents.open_for(tx, connection.id) is not None
    return followed.state not in BROKEN and (is_open or not followed.is_first_proof)


def plan(keeper: Keeper, tx: Tx, connection: Connection) -> None:
    """Schedule the next look, or none for a connection that nobody may look at."""
    if is_watched(tx, connection):
        wait = timedelta(seconds=keeper.settings.check_interval_s)
        due.schedule(tx, CHECK, connection.id, keeper.clock.now() + wait)
    else:
        # A dead connection is not looked at, and yet there may be something to tell of it.
        due.drop(tx, connection.id, but=_STAYS if connection.state in LIVE else ())


def _tell(keeper: Keeper, tx: Tx, before: Connection, state: State, why: str) -> None:
    kind = damped(keeper, tx, before.id, _notice_kind(before.state, state))
    if not kind:
        return
    title = f"{before.name}: {kind if kind == 'flapping' else state}"
    data = {"state": state.value, "was": before.state.value}
    tell(keeper, tx, before, kind, title, why, **data)


def settle(keeper: Keeper, tx: Tx, connection_id: str) -> None:
    """Tell in which state a connection that flapped has settled."""
    kind, why = settled(tx, connection_id)
    connection = connections.by_id(tx, connection_id)
    note(keeper, tx, connection_id, SETTLED, why)
    title, state = f"{connection.name}: {connection.state}", connection.state.value
    tell(keeper, tx, connection, kind, title, why, state=state, was="flapping")


def tell(
    keeper: Keeper, tx: Tx, connection: Connection, kind: str, title: str, why: str, **data: str
) -> None:
    """Put a notice about a connection in the outbox, for every channel."""
    told = {**data, "integration": connection.integration, "tenant": connection.tenant}
    notice = Notice(connection.id, kind, title, why, keeper.clock.now(), told)
    for channel in channels(keeper.settings):
        outbox.put(tx, notice, channel=channel, tenant=connection.tenant)


def _notice_kind(was: State, now: State) -> str:
    if now is State.ON_HOLD:
        return "on hold"
    if now in BROKEN:
        return "broken"
    is_well = now in (State.CONNECTED, State.EXPIRING_SOON)
    return "recovered" if was in BROKEN and is_well else ""
