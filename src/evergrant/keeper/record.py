"""Writing down what was learned: state, event, incident, notice and due row in one transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from evergrant import health
from evergrant.health import BROKEN, WATCHED, Signal, State
from evergrant.keeper.keeper import Keeper
from evergrant.model import Connection, Event, Notice, as_json
from evergrant.notify import channels
from evergrant.store import Tx, connections, due, events, outbox

AUTHORIZED = frozenset({"connected", "reauthorized"})
"""Kinds of the events of a new authorization."""
CHECK = "check"
"""Kind of the due rows that watch walks."""


def note(keeper: Keeper, tx: Tx, connection_id: str, kind: str, text: str, **data: Any) -> None:
    """Append one line to the connection's history."""
    events.add(tx, connection_id, Event(keeper.clock.now(), kind, text, as_json(data)))


def learn(
    keeper: Keeper, tx: Tx, connection: Connection, signal: Signal, *, why: str = ""
) -> Connection:
    """Apply one signal: the state that follows, its event, its notice and the next check.

    The state is read anew: while a check was on its way, somebody may have paused or removed it.
    """
    connection = connections.by_id(tx, connection.id)
    now, state = keeper.clock.now(), health.after(connection.state, signal)
    changes: dict[str, Any] = {}
    if signal in (Signal.PROVED, Signal.EXPIRY_NEAR):
        changes["last_success"] = now
    if state is not connection.state:
        changes |= {"state": state, "since": now}
        note(keeper, tx, connection.id, "state changed", f"{connection.state} → {state}", why=why)
        _tell(keeper, tx, connection, state, why)
    if changes:
        connection = connections.update(tx, connection.id, **changes)
    plan(keeper, tx, connection)
    return connection


def plan(keeper: Keeper, tx: Tx, connection: Connection) -> None:
    """Schedule the next look, or none for a connection that nobody may look at."""
    if connection.state in WATCHED:
        wait = timedelta(seconds=keeper.settings.check_interval_s)
        due.schedule(tx, CHECK, connection.id, keeper.clock.now() + wait)
    else:
        due.drop(tx, connection.id)


def _tell(keeper: Keeper, tx: Tx, before: Connection, state: State, why: str) -> None:
    kind = _notice_kind(before.state, state)
    if not kind:
        return
    title = f"{before.name}: {state}"
    data = {"state": state.value, "was": before.state.value, "integration": before.integration}
    notice = Notice(before.id, kind, title, why, keeper.clock.now(), data)
    for channel in channels(keeper.settings):
        outbox.put(tx, notice, channel=channel)


def _notice_kind(was: State, now: State) -> str:
    if now is State.ON_HOLD:
        return "on hold"
    if now in BROKEN:
        return "broken"
    return "recovered" if was in BROKEN and now is State.CONNECTED else ""
