"""Look whether a connection works: call, renew once if the token ended, call again."""

from __future__ import annotations

from dataclasses import dataclass

from evergrant.diagnosis import Diagnosis
from evergrant.errors import CouldNotLook, EvergrantError, Malformed, Misuse, Refused, WireError
from evergrant.health import LIVE, Signal
from evergrant.keeper.incident import close
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.lease import alone
from evergrant.keeper.observe import observe
from evergrant.keeper.record import learn, note
from evergrant.keeper.renew import WIRE_FLOW, Overtaken, renew_now
from evergrant.model import Connection, FlowId, Integration, Proof, Session
from evergrant.org.resources import good_call
from evergrant.store import connections
from evergrant.vault import Kept

TOKEN_ENDED = ("INVALID_SESSION_ID", "Session expired or invalid")
"""The one refusal of a call that a new access token can cure (jsforce draws the same line)."""
LOOKS = 3
"""How often a check begins anew because a new authorization overtook it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to."""

    connection: Connection
    signal: Signal
    failure: EvergrantError | None = None
    """What was refused, or why nothing could be learned; None when it works."""
    flow: FlowId = "rest_api_call"
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    connection: Connection
    integration: Integration
    kept: Kept | None


class _Failed(Exception):
    def __init__(
        self, failure: EvergrantError, flow: FlowId, doing: str, used: Kept | None
    ) -> None:
        super().__init__(failure.what)
        self.failure, self.flow, self.doing, self.used = failure, flow, doing, used


def check(keeper: Keeper, connection_id: str, *, renew: bool = False) -> Checked:
    """Check one connection now.

    `renew` asks for a new access token even if the present one still works.
    A connection that is paused, on hold or removed is left alone.  Raises `CouldNotLook` when
    another process does not let go of it.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
    if connection.state not in LIVE:
        return _left_alone(connection)
    with alone(keeper, connection):
        for _ in range(LOOKS):
            try:
                return _look(keeper, connection.id, renew)
            except Overtaken:
                continue
    raise CouldNotLook(
        "unreachable", f"{connection.name} is being authorized anew", next_step="try again"
    )


def _left_alone(connection: Connection) -> Checked:
    why = Misuse(f"not checked: {connection.name} is {connection.state}")
    return Checked(connection, Signal.PAUSE, why)


def _look(keeper: Keeper, connection_id: str, renew: bool) -> Checked:
    case = _case(keeper, connection_id)
    if case.connection.state not in LIVE:
        return _left_alone(case.connection)
    try:
        told = _work(keeper, case, renew)
    except _Failed as broken:
        return _observed(keeper, case.connection, broken)
    return _worked(keeper, case.connection, told)


def _case(keeper: Keeper, connection_id: str) -> _Case:
    with keeper.reading() as tx:
        connection = connections.by_id(tx, connection_id)
        integration = keeper.vault.integration(tx, connection.integration, tenant=connection.tenant)
        return _Case(connection, integration, keeper.vault.live(tx, connection.id))


def _work(keeper: Keeper, case: _Case, renew: bool) -> str:
    if case.kept is not None and not renew:
        try:
            return _call(keeper, case.kept, "call")
        except _Failed as broken:
            if not _cured_by_a_new_token(broken.failure):
                raise
    return _call(keeper, _renewed(keeper, case), "call with a new access token")


def _call(keeper: Keeper, kept: Kept, doing: str) -> str:
    session = Session(kept.credential.instance_url, kept.credential.access_token)
    try:
        return keeper.say(good_call(session))
    except (Refused, WireError, Malformed) as failure:
        raise _Failed(failure, "rest_api_call", doing, kept) from failure


def _cured_by_a_new_token(failure: EvergrantError) -> bool:
    return isinstance(failure, Refused) and (failure.error, failure.description) == TOKEN_ENDED


def _renewed(keeper: Keeper, case: _Case) -> Kept:
    flow = WIRE_FLOW.get(case.integration.flow, case.integration.flow)
    try:
        return renew_now(keeper, case.connection, case.integration, case.kept, flow=flow)
    except (Refused, WireError, Malformed) as failure:
        raise _Failed(failure, flow, "renewal", case.kept) from failure


def _worked(keeper: Keeper, connection: Connection, told: str) -> Checked:
    with keeper.writing() as tx:
        note(keeper, tx, connection.id, "call succeeded", "the connection works")
        close(keeper, tx, connection.id, (Proof("call", True, told),))
        after = learn(keeper, tx, connection, Signal.PROVED, why="a call succeeded")
    return Checked(after, Signal.PROVED)


def _observed(keeper: Keeper, connection: Connection, broken: _Failed) -> Checked:
    """Take in a failure, unless it speaks of a credential that is no longer the one in use."""
    with keeper.reading() as tx:
        live = keeper.vault.live(tx, connection.id)
    if _version(live) != _version(broken.used):
        raise Overtaken
    failure, flow = broken.failure, broken.flow
    spent = broken.used.credential.refresh_token if broken.used else None
    trail = {"spent": spent.fingerprint} if spent and flow == "refresh_token" else {}
    seen = observe(keeper, connection.id, failure, flow=flow, doing=broken.doing, trail=trail)
    return Checked(seen.connection, seen.signal, failure, flow, seen.diagnosis)


def _version(kept: Kept | None) -> tuple[str, int] | None:
    return (kept.id, kept.generation) if kept else None
