"""Look whether a connection works: call, renew once if the token ended, call again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from evergrant.diagnosis import Diagnosis
from evergrant.errors import CouldNotLook, EvergrantError, Malformed, Misuse, Refused, WireError
from evergrant.health import BROKEN, LIVE, Signal
from evergrant.keeper.ending import ending_of, warn
from evergrant.keeper.engine import Busy, Failed, Fresh, Gone, HeldBack, Want
from evergrant.keeper.failed import RENEWING, Overtaken, integration_as, taken
from evergrant.keeper.incident import close
from evergrant.keeper.keep_alive import KEPT_ALIVE, is_due
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.lease import alone
from evergrant.keeper.life import ask_once, saw_refused
from evergrant.keeper.parts import as_part, health_of, part_of
from evergrant.keeper.record import learn, note
from evergrant.keeper.recovery import besides_the_call, was_refused
from evergrant.keeper.renew import wire_flow
from evergrant.model import Connection, FlowId, Integration, Proof, Session, as_json
from evergrant.org.resources import good_call
from evergrant.store import Tx, connections, incidents, keep_alive
from evergrant.store.parts import MAIN, named
from evergrant.vault import Kept

TOKEN_ENDED = ("INVALID_SESSION_ID", "Session expired or invalid")
"""The one refusal of a call that a new access token can cure (jsforce draws the same line)."""
NEW = "call with a new access token"
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
    part: str = MAIN
    """Of several parts the first that failed, or the last that was looked at."""


@dataclass(frozen=True, slots=True)
class _Case:
    connection: Connection
    """As the part stands that is looked at."""
    integration: Integration
    """As that part authorizes."""
    kept: Kept | None
    part: str
    idles: bool
    """Whether the refresh token would die unused if this check only called."""
    is_broken: bool
    """Whether an incident is open: then a good call alone proves nothing."""
    was_refused: bool
    """Whether an incident is open, and the last that was heard of a renewal was a refusal."""


class _Failed(Exception):
    def __init__(
        self, failure: EvergrantError, flow: FlowId, doing: str, used: Kept | None
    ) -> None:
        super().__init__(failure.what)
        self.failure, self.flow, self.doing, self.used = failure, flow, doing, used


def check(
    keeper: Keeper, connection_id: str, *, renew: bool = False, by_itself: bool = False
) -> Checked:
    """Check one connection now: each of its parts in order, but those that wait for a broken one.

    `renew` asks for a new access token even if the present one still works; `by_itself`: nobody
    asked, so a dead credential among several is not sent again.
    A connection that is paused, on hold or removed is left alone.  Raises `CouldNotLook` when
    another process does not let go of it.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        names = [each.part.name for each in health_of(tx, connection)]
    if connection.state not in LIVE:
        return _left_alone(connection)
    with alone(keeper, connection):
        if names == [MAIN]:
            return _settled(keeper, connection, MAIN, renew=renew)
        return _in_turn(keeper, connection, names, renew=renew, by_itself=by_itself)


def check_part(keeper: Keeper, connection_id: str, part: str) -> Checked:
    """Check one part of a connection now, whatever the others do.  Raises like `check`."""
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
    if connection.state not in LIVE:
        return _left_alone(connection)
    with alone(keeper, connection):
        return _settled(keeper, connection, part, renew=False)


def _in_turn(
    keeper: Keeper, connection: Connection, names: list[str], *, renew: bool, by_itself: bool
) -> Checked:
    found: list[Checked] = []
    for name in names:
        with keeper.reading() as tx:
            now = connections.by_id(tx, connection.id)
            stands = part_of(tx, now, name)
            is_there = keeper.vault.live(tx, connection.id, name) is not None
        if stands.is_watched or (is_there and not stands.waits and not by_itself):
            found.append(_settled(keeper, connection, name, renew=renew))
    return _worst_of(keeper, connection, found)


def _worst_of(keeper: Keeper, connection: Connection, found: list[Checked]) -> Checked:
    """The first failure; else what keeps the connection from working without being looked at."""
    with keeper.reading() as tx:
        now = connections.by_id(tx, connection.id)
        idle = next((each for each in health_of(tx, now) if each.state in BROKEN), None)
    failed = next((each for each in found if each.failure is not None), None)
    if failed is not None or idle is None:
        chosen = failed or found[-1]
        return replace(chosen, connection=now)
    why = Misuse(f"not checked: {idle.part.title} {idle.state}", next_step="reauthorize it")
    return Checked(now, Signal.CREDENTIAL_DEAD, why, part=idle.part.name)


def _settled(keeper: Keeper, connection: Connection, part: str, *, renew: bool) -> Checked:
    for _ in range(LOOKS):
        try:
            return _look(keeper, connection.id, part, renew)
        except Overtaken:
            continue
    raise CouldNotLook(
        "unreachable", f"{connection.name} is being authorized anew", next_step="try again"
    )


def _left_alone(connection: Connection) -> Checked:
    why = Misuse(f"not checked: {connection.name} is {connection.state}")
    return Checked(connection, Signal.PAUSE, why)


def _look(keeper: Keeper, connection_id: str, part: str, renew: bool) -> Checked:
    case = _case(keeper, connection_id, part)
    if case.connection.state not in LIVE:
        return _left_alone(case.connection)
    try:
        if case.idles:
            _tell_idle(keeper, case)
        told = _work(keeper, case, renew or case.idles or case.was_refused)
    except _Failed as broken:
        return _observed(keeper, case, broken)
    return _worked(keeper, case, told)


def _tell_idle(keeper: Keeper, case: _Case) -> None:
    with keeper.writing() as tx:
        text = "refreshed ahead of the idle limit"
        policy = as_json(keep_alive.policy(tx, case.connection.integration))
        about = {"policy": policy, **named(case.part)}
        note(keeper, tx, case.connection.id, KEPT_ALIVE, text, **about)


def _case(keeper: Keeper, connection_id: str, part: str) -> _Case:
    with keeper.reading() as tx:
        connection = connections.by_id(tx, connection_id)
        keeper.engine.sweep(tx, connection)
        stands = as_part(tx, connection, part)
        integration = integration_as(keeper, tx, connection, part)
        kept = keeper.vault.live(tx, connection.id, part)
        idles = kept is not None and is_due(keeper, tx, stands, kept)
        is_broken = incidents.open_for(tx, connection.id) is not None
        refused = is_broken and was_refused(tx, connection, part)
        return _Case(stands, integration, kept, part, idles, is_broken, refused)


def _work(keeper: Keeper, case: _Case, renew: bool) -> str:
    kept = case.kept
    if kept is None or renew:
        kept = _renewed(keeper, case, refused=False)
        if case.kept is None or _token(kept) != _token(case.kept):
            return _call(keeper, kept, NEW)
        # While nobody knows what came of a renewal, the token at hand is used up first.
    try:
        return _call(keeper, kept, "call")
    except _Failed as broken:
        if not _cured_by_a_new_token(broken.failure):
            raise
    _learn_age(keeper, case)
    return _call(keeper, _renewed(keeper, case, refused=True), NEW)


def _token(kept: Kept) -> str:
    return kept.credential.access_token.fingerprint


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


def _renewed(keeper: Keeper, case: _Case, *, refused: bool) -> Kept:
    at_hand = case.kept.credential.access_token.fingerprint if case.kept else ""
    want = Want(case.connection.id, at_hand, refused=refused, urgent=True, part=case.part)
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


def _worked(keeper: Keeper, case: _Case, told: str) -> Checked:
    connection, part = case.connection, case.part
    proofs: tuple[Proof, ...] = (Proof("call", True, told),)
    if case.is_broken:
        proofs += besides_the_call(keeper, connection, case.integration, part)

    def write_down(tx: Tx) -> tuple[Connection, Signal]:
        note(keeper, tx, connection.id, "call succeeded", "the connection works", **named(part))
        if case.is_broken:
            close(keeper, tx, connection.id, proofs, part=part)
        signal, why = Signal.PROVED, "a call succeeded"
        if ending := ending_of(keeper, tx, connection, case.integration, part):
            signal, why = Signal.EXPIRY_NEAR, warn(keeper, tx, connection, part, ending)
        return learn(keeper, tx, connection, signal, why=why, part=part), signal

    # Of many checks at once: what waits together is committed together.
    now, signal = keeper.engine.group.do(write_down)
    return Checked(now, signal, part=part)


def _observed(keeper: Keeper, case: _Case, broken: _Failed) -> Checked:
    failure, flow, used = broken.failure, broken.flow, broken.used
    seen = taken(keeper, case.connection, failure, flow, broken.doing, used, case.part)
    return Checked(seen.connection, seen.signal, failure, flow, seen.diagnosis, case.part)
