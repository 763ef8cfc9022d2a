"""Taking in a new authorization: stored, verified, and only then live."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from evergrant import evidence
from evergrant.diagnosis import diagnose
from evergrant.errors import EvergrantError, Malformed, Refused, WireError
from evergrant.health import State
from evergrant.keeper.flows import SPOKEN, app_of, take_callback
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.live import give_back, hold, make_live, undo
from evergrant.keeper.observe import observe, observe_text
from evergrant.keeper.prove import prove
from evergrant.keeper.renew import renewal
from evergrant.log import mask
from evergrant.model import Connection, Credential, Identity, Integration, Proof, Session, as_json
from evergrant.oauth.callback import Denied, read_callback
from evergrant.oauth.identity import identity_in, userinfo
from evergrant.oauth.web_server import exchange
from evergrant.org.resources import good_call
from evergrant.store import connections, flows
from evergrant.store.flows import Flow
from evergrant.store.rows import new_id
from evergrant.vault import Kept
from evergrant.wire import Conversation


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a new authorization."""

    connection: Connection
    since: datetime
    """Salesforce's moment of the authorization."""
    on_hold: bool = False


def finish(keeper: Keeper, callback_url: str, cookie: str) -> Flow:
    """Take in a callback; the flow that is returned says how it went.

    Raises `BadCallback`; a refusal by Salesforce is no exception but the flow's outcome.
    """
    callback = read_callback(callback_url)
    flow, integration, verifier = take_callback(keeper, callback.state, cookie)
    try:
        if isinstance(callback, Denied):
            raise callback.refusal()
        app = app_of(keeper, integration)
        credential = keeper.say(exchange(app, flow.login_host, callback.code, verifier))
        taken = take_in(keeper, _connection(keeper, flow), credential)
    except (Refused, Malformed, WireError) as failure:
        return refused(keeper, flow, failure)
    return _set(
        keeper,
        flow,
        status="on_hold" if taken.on_hold else "returned",
        connection=taken.connection.id,
        outcome={"since": taken.since.isoformat()},
    )


def connect_directly(
    keeper: Keeper, integration: Integration, name: str, login_host: str
) -> tuple[Connection, tuple[Proof, ...]]:
    """Connect where no person is needed (JWT bearer, client credentials), and prove it.

    Raises `Refused`, `Malformed` or `WireError`; nothing is kept then.
    """
    credential = keeper.say(renewal(integration, login_host, None, keeper.clock))
    fresh = _new_connection(keeper, integration.id, name, login_host)
    taken = take_in(keeper, fresh, credential)
    return prove(keeper, taken.connection.id, taken.since)


def reauthorize_directly(
    keeper: Keeper, connection_id: str
) -> tuple[Connection, tuple[Proof, ...]]:
    """Authorize a connection anew where no person is needed, and prove it.

    Raises like `connect_directly`; the connection's incident learns from the refusal.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        integration = keeper.vault.integration(tx, connection.integration)
    try:
        credential = keeper.say(renewal(integration, connection.login_host, None, keeper.clock))
        taken = take_in(keeper, connection, credential)
    except (Refused, Malformed, WireError) as failure:
        observe(keeper, connection.id, failure, flow=integration.flow, doing="reauthorize")
        raise
    if taken.on_hold:
        return taken.connection, ()
    return prove(keeper, connection.id, taken.since)


def take_in(keeper: Keeper, connection: Connection, credential: Credential) -> Taken:
    """Store a new credential, learn whose it is, let it call; then make it live, or hold it.

    Raises what the two calls raise; the old credential is then untouched and the new one revoked.
    """
    since = credential.issued_at or keeper.clock.now()
    kept = _store(keeper, connection, credential)
    try:
        identity = keeper.say(_verified(credential))
    except (Refused, Malformed, WireError):
        undo(keeper, connection, kept)
        raise
    if connection.identity is not None and not connection.identity.same_as(identity):
        return Taken(hold(keeper, connection, kept, identity), since, on_hold=True)
    return Taken(make_live(keeper, connection, kept, identity), since)


def _store(keeper: Keeper, connection: Connection, credential: Credential) -> Kept:
    """Keep the answer before anybody looks at it; a held one that it displaces is given back."""
    with keeper.writing() as tx:
        if connection.epoch == 0:
            connections.add(tx, connection)
        displaced = keeper.vault.held(tx, connection.id)
        kept = keeper.vault.keep(
            tx,
            connection.id,
            credential,
            identity=identity_in(credential.identity_url) or Identity("", ""),
            epoch=connection.epoch + 1,
            status="held",
        )
    if displaced is not None:
        give_back(keeper, connection, displaced.credential, unlike=credential)
    return kept


def _verified(credential: Credential) -> Conversation[Identity]:
    session = Session(credential.instance_url, credential.access_token)
    identity = yield from userinfo(session)
    yield from good_call(session)
    return identity


def _connection(keeper: Keeper, flow: Flow) -> Connection:
    """The connection that a flow is for; a first connect makes a new one."""
    if not flow.connection:
        return _new_connection(keeper, flow.integration, flow.name, flow.login_host)
    with keeper.reading() as tx:
        return replace(connections.get(tx, flow.connection), login_host=flow.login_host)


def _new_connection(keeper: Keeper, integration: str, name: str, host: str) -> Connection:
    """A connection that nobody has proven yet; it is stored with its first credential."""
    now = keeper.clock.now()
    return Connection(new_id("con"), integration, name, State.DEGRADED, host, since=now)


def refused(keeper: Keeper, flow: Flow, failure: EvergrantError) -> Flow:
    """Write down that a flow failed; a connection that exists learns from it."""
    outcome = {"error": failure.what}
    if flow.connection:
        seen = observe(keeper, flow.connection, failure, flow=SPOKEN, doing=flow.purpose)
        outcome["cause"] = seen.diagnosis.cause
    return _set(keeper, flow, status="refused", outcome=outcome)


def no_callback(keeper: Keeper, flow_id: str, text: str) -> Flow:
    """No callback came: take in what the person sees on Salesforce's page, and diagnose from it.

    The flow stays open, so that it can go on once the cause is gone.
    """
    with keeper.reading() as tx:
        flow = flows.get(tx, flow_id)
    if flow.connection:
        seen = observe_text(keeper, flow.connection, text, flow=SPOKEN, doing=flow.purpose)
        diagnosis, error = seen.diagnosis, seen.error
    else:
        facts = evidence.of_text(text, flow=SPOKEN, at=keeper.clock.now())
        diagnosis, error = diagnose(facts, keeper.catalog), mask(text[:300])
    return _set(keeper, flow, outcome={"error": error, "cause": diagnosis.cause})


def prove_flow(keeper: Keeper, flow: Flow) -> Flow:
    """Gather the proofs of a flow that returned, and end it."""
    since = datetime.fromisoformat(flow.outcome["since"])
    _, found = prove(keeper, flow.connection, since)
    return _set(keeper, flow, status="done", outcome={**flow.outcome, "proofs": as_json(found)})


def _set(keeper: Keeper, flow: Flow, **changes: Any) -> Flow:
    with keeper.writing() as tx:
        return flows.update(tx, flow.id, **changes)
