"""Taking in a new authorization: stored, verified, and only then live."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from evergrant.errors import EvergrantError, Malformed, NotFound, Refused, WireError
from evergrant.keeper.admit import check_name, new_connection, refuse_removed
from evergrant.keeper.first import FIRSTS, NOTHING, Brought, first
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.live import as_held, hold, make_live, undo
from evergrant.keeper.observe import observe
from evergrant.keeper.parts import part_of
from evergrant.keeper.prove import prove
from evergrant.keeper.record import plan
from evergrant.keeper.revoking import give_up, retire, revoke_now
from evergrant.log import logger
from evergrant.model import Connection, Credential, Identity, Integration, Proof, Session
from evergrant.oauth.identity import identity_in, userinfo
from evergrant.oauth.revoke import revoke
from evergrant.org.resources import good_call
from evergrant.store import Tx, connections
from evergrant.store.parts import MAIN
from evergrant.vault import Kept
from evergrant.wire import Conversation


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a new authorization."""

    connection: Connection
    since: datetime
    """Salesforce's moment of the authorization."""
    on_hold: bool = False


def connect_directly(
    keeper: Keeper,
    integration: Integration,
    name: str,
    login_host: str,
    *,
    brought: Brought = NOTHING,
) -> tuple[Connection, tuple[Proof, ...]]:
    """Connect by a flow in which nobody calls back, and prove it.

    Raises `BadInput` for a name that is taken and for what the flow needs and was not brought,
    `Refused`, `Malformed` or `WireError`; nothing is kept then.
    """
    with keeper.reading() as tx:
        check_name(tx, integration.id, name)
    credential = keeper.say(first(integration, login_host, keeper.clock, brought))
    fresh = new_connection(keeper, integration.id, name, login_host)
    taken = take_in(keeper, fresh, credential)
    return prove(keeper, taken.connection.id, taken.since)


def reauthorize_directly(
    keeper: Keeper,
    connection_id: str,
    *,
    login_host: str = "",
    brought: Brought = NOTHING,
    part: str = MAIN,
) -> tuple[Connection, tuple[Proof, ...]]:
    """Authorize a part of a connection anew by a flow in which nobody calls back, and prove it.

    `login_host` is where the org is now, when it has moved.  Raises like `connect_directly`; the
    connection's incident learns from the refusal.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
    refuse_removed(connection)
    connection = replace(connection, login_host=login_host or connection.login_host)
    taken = authorize_part(keeper, connection, part, brought)
    if taken.on_hold:
        return taken.connection, ()
    return prove(keeper, connection.id, taken.since, part=part)


def authorize_part(
    keeper: Keeper, connection: Connection, part: str, brought: Brought = NOTHING
) -> Taken:
    """Authorize one part where nobody calls back; what is refused joins the incident.

    Raises like `connect_directly`.
    """
    with keeper.reading() as tx:
        whole = keeper.vault.integration(tx, connection.integration)
        integration = part_of(tx, connection, part).part.view(whole)
    try:
        host = connection.login_host
        credential = keeper.say(first(integration, host, keeper.clock, brought))
        return take_in(keeper, connection, credential, part)
    except (Refused, Malformed, WireError) as failure:
        observe(
            keeper,
            connection.id,
            failure,
            flow=integration.flow,
            doing="reauthorize",
            # Where it is renewed in the same way, what was refused would be refused there, too.
            of_credential=integration.flow not in FIRSTS,
            part=part,
        )
        raise


def take_in(
    keeper: Keeper, connection: Connection, credential: Credential, part: str = MAIN
) -> Taken:
    """Store a new credential, learn whose it is, let it call; then make it live, or hold it.

    All parts of a connection belong to one org, and each goes on as the user it was.  Raises what
    the two calls raise, and `Misuse` when it cannot be kept; the old credential is then untouched
    and the new one revoked.
    """
    since = credential.issued_at or keeper.clock.now()
    kept = _kept(keeper, connection, credential, part)
    try:
        identity = keeper.say(_verified(credential))
    except (Refused, Malformed, WireError):
        undo(keeper, connection, kept)
        raise
    if not _may_come_back(keeper, connection, kept, identity):
        return Taken(hold(keeper, connection, kept, identity), since, on_hold=True)
    return Taken(make_live(keeper, connection, kept, identity), since)


def _may_come_back(keeper: Keeper, connection: Connection, kept: Kept, identity: Identity) -> bool:
    """Whether it is the connection's own org and user; another part may be another user."""
    own = connection.identity
    if own is None or kept.part == MAIN:
        return own is None or own.same_as(identity)
    with keeper.reading() as tx:
        before, _ = keeper.vault.readable(tx, connection.id, part=kept.part, status="live")
    user = before[0].identity.user_id if before else ""
    return own.of_same_org(identity) and user[:15] in ("", identity.user_id[:15])


def _kept(keeper: Keeper, connection: Connection, credential: Credential, part: str) -> Kept:
    """Keep the answer before anybody looks at it; a held one that it displaces is given back."""
    try:
        with keeper.writing() as tx:
            epoch = _row(keeper, tx, connection).epoch + 1
            displaced, damaged = keeper.vault.readable(tx, connection.id, part=part, status="held")
            give_up(keeper, tx, damaged)
            elsewhere = as_held(tx, connection)
            kept = _hold(keeper, tx, connection, credential, epoch, part)
            gone = [
                retire(keeper, tx, elsewhere, each.credential, unlike=credential)
                for each in displaced
            ]
    except EvergrantError:
        _let_go(keeper, connection, credential)
        raise
    for each in gone:
        revoke_now(keeper, each)
    return kept


def _let_go(keeper: Keeper, connection: Connection, credential: Credential) -> None:
    """Revoke what was given and cannot be kept: nobody else ever would, and no row can say so."""
    token = credential.refresh_token or credential.access_token
    try:
        keeper.say(revoke(connection.login_host, token))
    except (Refused, Malformed, WireError) as failure:
        logger("keeper").warning("a token that was not kept was not revoked: %s", failure.what)


def _row(keeper: Keeper, tx: Tx, connection: Connection) -> Connection:
    """The connection as it is stored now; a new one is stored by it."""
    try:
        known = connections.by_id(tx, connection.id)
    except NotFound:
        connections.add(tx, connection)
        plan(keeper, tx, connection)
        return connection
    refuse_removed(known)
    return known


def _hold(
    keeper: Keeper, tx: Tx, connection: Connection, credential: Credential, epoch: int, part: str
) -> Kept:
    whose = identity_in(credential.identity_url) or Identity("", "")
    return keeper.vault.keep(
        tx, connection.id, credential, identity=whose, epoch=epoch, part=part, status="held"
    )


def _verified(credential: Credential) -> Conversation[Identity]:
    session = Session(credential.instance_url, credential.access_token)
    identity = yield from userinfo(session)
    yield from good_call(session)
    return identity
