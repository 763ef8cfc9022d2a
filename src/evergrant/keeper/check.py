"""Look whether a connection works: call, renew once if the token ended, call again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from evergrant.diagnosis import Diagnosis
from evergrant.errors import CouldNotLook, EvergrantError, Malformed, Misuse, Refused, WireError
from evergrant.health import LIVE, Signal
from evergrant.keeper.incident import close
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.live import give_back
from evergrant.keeper.observe import observe
from evergrant.keeper.record import learn, note
from evergrant.keeper.renew import WIRE_FLOW, renewal
from evergrant.model import Connection, Credential, FlowId, Identity, Integration, Session
from evergrant.org.resources import good_call
from evergrant.store import connections, due
from evergrant.vault import Kept

TOKEN_ENDED = ("INVALID_SESSION_ID", "Session expired or invalid")
"""The one refusal of a call that a new access token can cure (jsforce draws the same line)."""


RENEW = "renew"
"""Kind of the due row whose lease is the right to spend a refresh token."""
LEASE = timedelta(minutes=2)
"""Longer than the three exchanges of a check together."""
PATIENCE_S = 30


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to."""

    connection: Connection
    signal: Signal
    failure: EvergrantError | None = None
    """What was refused, or why nothing could be learned; None when it works."""
    flow: FlowId = "rest_api_call"
    diagnosis: Diagnosis | None = None


class _Failed(Exception):
    def __init__(self, failure: EvergrantError, flow: FlowId, doing: str) -> None:
        super().__init__(failure.what)
        self.failure, self.flow, self.doing = failure, flow, doing


def check(keeper: Keeper, connection_id: str, *, renew: bool = False) -> Checked:
    """Check one connection now.

    `renew` asks for a new access token even if the present one still works.
    A connection that is paused, on hold or removed is left alone.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
    if connection.state not in LIVE:
        left = Misuse(f"not checked: {connection.name} is {connection.state}")
        return Checked(connection, Signal.PAUSE, left)
    with _alone(keeper, connection):
        with keeper.reading() as tx:
            integration = keeper.vault.integration(tx, connection.integration)
            kept = keeper.vault.live(tx, connection.id)
        try:
            _work(keeper, connection, integration, kept, renew)
        except _Failed as broken:
            return _observed(keeper, connection, broken)
        return _worked(keeper, connection)


@contextmanager
def _alone(keeper: Keeper, connection: Connection) -> Iterator[None]:
    """Hold the right to spend this connection's refresh token, over all processes."""
    me, lease = f"check-{uuid4().hex[:8]}", None
    for _ in range(PATIENCE_S * 5):
        with keeper.writing() as tx:
            lease = due.take(tx, RENEW, connection.id, keeper.clock.now(), owner=me, lease=LEASE)
        if lease is not None:
            break
        time.sleep(0.2)
    else:
        raise CouldNotLook(
            "unreachable", f"{connection.name} is being checked elsewhere", next_step="try again"
        )
    try:
        yield
    finally:
        with keeper.writing() as tx:
            due.done(tx, lease)


def _work(
    keeper: Keeper, connection: Connection, integration: Integration, kept: Kept | None, renew: bool
) -> None:
    credential = kept.credential if kept else None
    if credential is not None and not renew:
        refusal = _call(keeper, credential)
        if refusal is None:
            return
        if not _cured_by_a_new_token(refusal):
            raise _Failed(refusal, "rest_api_call", "call")
    fresh = _renew(keeper, connection, integration, kept)
    if refusal := _call(keeper, fresh):
        raise _Failed(refusal, "rest_api_call", "call with a new access token")


def _call(keeper: Keeper, credential: Credential) -> EvergrantError | None:
    try:
        keeper.say(good_call(Session(credential.instance_url, credential.access_token)))
    except (Refused, WireError, Malformed) as failure:
        return failure
    return None


def _cured_by_a_new_token(failure: EvergrantError) -> bool:
    return isinstance(failure, Refused) and (failure.error, failure.description) == TOKEN_ENDED


def _renew(
    keeper: Keeper, connection: Connection, integration: Integration, kept: Kept | None
) -> Credential:
    flow = WIRE_FLOW.get(integration.flow, integration.flow)
    try:
        fresh = keeper.say(renewal(integration, connection.login_host, kept, keeper.clock))
    except (Refused, WireError, Malformed) as failure:
        raise _Failed(failure, flow, "renewal") from failure
    with keeper.writing() as tx:
        note(
            keeper,
            tx,
            connection.id,
            "renewed",
            f"new access token by {flow}",
            **_trail(kept, fresh),
        )
        if kept is None:
            whose = connection.identity or Identity("", "")
            return keeper.vault.keep(
                tx, connection.id, fresh, identity=whose, epoch=connection.epoch
            ).credential
        stored = keeper.vault.replace(tx, kept, fresh)
        theirs = None if stored else keeper.vault.live(tx, connection.id)
    if stored is not None or theirs is None:
        return stored.credential if stored else fresh
    # Somebody was faster: theirs is the one in force, and ours was never shown to anybody.
    give_back(keeper, connection, fresh, unlike=theirs.credential)
    return theirs.credential


def _trail(kept: Kept | None, fresh: Credential) -> dict[str, str | bool]:
    """Which token was spent and which came: fingerprints, so that a replay can be seen later."""
    spent = kept.credential.refresh_token if kept else None
    came = fresh.refresh_token
    return {
        "spent": spent.fingerprint if spent else "",
        "refresh_token": came.fingerprint if came else "",
        "rotated": bool(spent and came and spent != came),
    }


def _worked(keeper: Keeper, connection: Connection) -> Checked:
    with keeper.writing() as tx:
        note(keeper, tx, connection.id, "call succeeded", "the connection works")
        close(keeper, tx, connection.id, ())
        after = learn(keeper, tx, connection, Signal.PROVED, why="a call succeeded")
    return Checked(after, Signal.PROVED)


def _observed(keeper: Keeper, connection: Connection, broken: _Failed) -> Checked:
    failure, flow = broken.failure, broken.flow
    seen = observe(keeper, connection.id, failure, flow=flow, doing=broken.doing)
    return Checked(seen.connection, seen.signal, failure, flow, seen.diagnosis)
