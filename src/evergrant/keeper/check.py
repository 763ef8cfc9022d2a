"""Look whether a connection works: call, renew once if the token ended, call again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from evergrant.diagnosis import Diagnosis
from evergrant.errors import CouldNotLook, EvergrantError, Malformed, Misuse, Refused, WireError
from evergrant.health import LIVE, Signal
from evergrant.keeper.engine import Busy, Failed, Fresh, Gone, HeldBack, Want, kind_of
from evergrant.keeper.incident import close
from evergrant.keeper.keep_alive import KEPT_ALIVE, is_due
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.lease import alone
from evergrant.keeper.life import ask_once, saw_refused
from evergrant.keeper.observe import Observed, observe
from evergrant.keeper.record import learn, note
from evergrant.keeper.renew import wire_flow
from evergrant.model import Connection, FlowId, Integration, Proof, Session, as_json
from evergrant.org.resources import good_call
from evergrant.store import Tx, connections, keep_alive
from evergrant.vault import Kept

TOKEN_ENDED = ("INVALID_SESSION_ID", "Session expired or invalid")
"""The one refusal of a call that a new access token can cure (jsforce draws the same line)."""
RENEWING = "renewal"
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


class Overtaken(Exception):
    """The credential at hand is no longer the one in use: whoever holds it looks again."""


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
        told = _work(keeper, case, renew or _idles(keeper, case))
    except _Failed as broken:
        return _observed(keeper, case.connection, broken)
    return _worked(keeper, case.connection, told)


def _idles(keeper: Keeper, case: _Case) -> bool:
    """Whether the refresh token would die unused if this check only called."""
    with keeper.reading() as tx:
        due = case.kept is not None and is_due(keeper, tx, case.connection, case.kept)
    if due:
        with keeper.writing() as tx:
            text = "refreshed ahead of the idle limit"
            policy = as_json(keep_alive.policy(tx, case.connection.integration))
            note(keeper, tx, case.connection.id, KEPT_ALIVE, text, policy=policy)
    return due


def _case(keeper: Keeper, connection_id: str) -> _Case:
    with keeper.reading() as tx:
        connection = connections.by_id(tx, connection_id)
        integration = keeper.vault.integration(tx, connection.integration, tenant=connection.tenant)
        keeper.engine.sweep(tx, connection)
        return _Case(connection, integration, keeper.vault.live(tx, connection.id))


def _work(keeper: Keeper, case: _Case, renew: bool) -> str:
    refused = False
    if case.kept is not None and not renew:
        try:
            return _call(keeper, case.kept, "call")
        except _Failed as broken:
            if not _cured_by_a_new_token(broken.failure):
                raise
            refused = True
            _learn_age(keeper, case)
    return _call(keeper, _renewed(keeper, case, refused), "call with a new access token")


def _call(keeper: Keeper, kept: Kept, doing: str) -> str:
    session = Session(kept.credential.instance_url, kept.credential.access_token)
    try:
        return keeper.say(good_call(session))
    except (Refused, WireError, Malformed) as failure:
        raise _Failed(failure, "rest_api_call", doing, kept) from failure


def _learn_age(keeper: Keeper, case: _Case) -> None:
    kept, now = case.kept, keeper.clock.now()
    if kept is not None:
        keeper.engine.group.do(lambda tx: saw_refused(tx, case.connection, kept, now))


def _cured_by_a_new_token(failure: EvergrantError) -> bool:
    return isinstance(failure, Refused) and (failure.error, failure.description) == TOKEN_ENDED


def _renewed(keeper: Keeper, case: _Case, refused: bool) -> Kept:
    at_hand = case.kept.credential.access_token.fingerprint if case.kept else ""
    want = Want(case.connection.id, at_hand, refused=refused, urgent=True)
    match outcome := keeper.engine.renew(want):
        case Fresh(kept, sent):
            if sent:
                ask_once(keeper, case.connection, case.integration, kept)
            return kept
        case Failed(Misuse() as failure):
            raise failure
        case Failed(failure, _, used):
            raise _Failed(failure, wire_flow(case.integration, case.kept), RENEWING, used)
        case Gone():
            raise Overtaken
        case Busy():
            raise CouldNotLook(
                "unreachable", f"{case.connection.name} is being renewed elsewhere",
                next_step="try again",
            )  # fmt: skip
        case HeldBack(wait_s, why):
            raise CouldNotLook("unreachable", why, next_step=f"try again in {wait_s:.0f} s")
        case _:
            assert_never(outcome)


def _worked(keeper: Keeper, connection: Connection, told: str) -> Checked:
    def write_down(tx: Tx) -> Connection:
        note(keeper, tx, connection.id, "call succeeded", "the connection works")
        close(keeper, tx, connection.id, (Proof("call", True, told),))
        return learn(keeper, tx, connection, Signal.PROVED, why="a call succeeded")

    # Of many checks at once: what waits together is committed together.
    return Checked(keeper.engine.group.do(write_down), Signal.PROVED)


def _observed(keeper: Keeper, connection: Connection, broken: _Failed) -> Checked:
    failure, flow, used = broken.failure, broken.flow, broken.used
    seen = _taken(keeper, connection, failure, flow, broken.doing, used)
    return Checked(seen.connection, seen.signal, failure, flow, seen.diagnosis)


def take_failure(keeper: Keeper, connection: Connection, failed: Failed, *, doing: str) -> Observed:
    """Take in that a renewal failed.  Raises `Overtaken` when it speaks of what is not in use."""
    with keeper.reading() as tx:
        integration = keeper.vault.integration(tx, connection.integration, tenant=connection.tenant)
    flow = wire_flow(integration, failed.used)
    return _taken(keeper, connection, failed.failure, flow, doing, failed.used)


def _taken(
    keeper: Keeper,
    connection: Connection,
    failure: EvergrantError,
    flow: FlowId,
    doing: str,
    used: Kept | None,
) -> Observed:
    """Take in a failure, unless it speaks of a credential that is no longer the one in use."""
    with keeper.reading() as tx:
        live = keeper.vault.live(tx, connection.id)
    if _version(live) != _version(used):
        raise Overtaken
    of_refresh, trail = flow == "refresh_token", {}
    if of_refresh and used and used.credential.refresh_token:
        trail["spent"] = used.credential.refresh_token.fingerprint
    if doing == RENEWING:
        kind = kind_of(failure, of_refresh_token=of_refresh)
        trail |= {"means": kind.id, "retry": kind.retry, "whose": kind.audience}
    return observe(keeper, connection.id, failure, flow=flow, doing=doing, trail=trail)


def _version(kept: Kept | None) -> tuple[str, int] | None:
    return (kept.id, kept.generation) if kept else None
