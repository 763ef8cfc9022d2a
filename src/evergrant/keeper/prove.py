"""Proof that a connection works: whose it is, a good call, and the Success row in Login History."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from evergrant.errors import Malformed, NotFound, Refused, WireError
from evergrant.keeper.incident import close
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import note
from evergrant.model import Connection, Credential, Identity, Integration, Proof, Session
from evergrant.oauth.identity import userinfo
from evergrant.org.login_history import LoginRow, own_logins, success_row
from evergrant.org.resources import good_call
from evergrant.store import connections
from evergrant.store.parts import MAIN, named
from evergrant.vault import Kept
from evergrant.wire import Conversation, Pause

ROW_LOOKS = 5
"""How often Login History is asked for the row before it counts as not there yet."""
ROW_WAIT_S = 1.0


def prove(
    keeper: Keeper,
    connection_id: str,
    since: datetime,
    watch: Callable[[Proof], None] = lambda _: None,
    *,
    part: str = MAIN,
) -> tuple[Connection, tuple[Proof, ...]]:
    """Gather the proofs of one part; when none fails, the connection's incident is closed by them.

    `watch` hears each proof as soon as it is known.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        integration = keeper.vault.integration(tx, connection.integration)
        kept = keeper.vault.live(tx, connection.id, part)
    if kept is None:
        raise NotFound(f"{connection.name} has no live credential", next_step="reauthorize it")
    whose = connection if part == MAIN else replace(connection, identity=kept.identity)
    found = keeper.say(proofs(whose, integration, kept.credential, since, watch))
    with keeper.writing() as tx:
        note(keeper, tx, connection.id, "proofs", summary(found), proofs=found, **named(part))
        if all(proof.proven is not False for proof in found):
            close(keeper, tx, connection.id, found, part=part)
    return connection, found


def summary(found: Sequence[Proof]) -> str:
    """The proofs in one line."""
    words = {True: "proven", False: "not proven", None: "unproven"}
    return ", ".join(f"{proof.kind} {words[proof.proven]}" for proof in found)


def proofs(
    connection: Connection,
    integration: Integration,
    credential: Credential,
    since: datetime,
    watch: Callable[[Proof], None] = lambda _: None,
) -> Conversation[tuple[Proof, ...]]:
    """Gather the three proofs with the connection's own session; no failure stops the others.

    `since` is the moment of the authorization by Salesforce's clock: older rows prove nothing.
    """
    session = Session(credential.instance_url, credential.access_token)
    identity, who = yield from _identity(connection, session)
    watch(identity)
    call = yield from _call(session)
    watch(call)
    row = yield from _row(session, integration.app_label, who, since)
    watch(row)
    return (identity, call, row)


def recovered(
    connection: Connection, integration: Integration, kept: Kept
) -> Conversation[tuple[Proof, Proof]]:
    """Gather what a good call of a check does not prove: whose session it is, and its Success row.

    Whether a renewal is a row of its own Salesforce does not say: where none is found for a
    credential that was renewed since its authorization, that says nothing.
    """
    session = Session(kept.credential.instance_url, kept.credential.access_token)
    identity, who = yield from _identity(connection, session)
    since = kept.credential.issued_at
    if since is None:
        why = "unproven: it is not known when the session began"
        return identity, Proof("login_history", None, why)
    row = yield from _row(session, integration.app_label, who, since, looks=1)
    if row.proven is False and kept.generation > 0:
        row = Proof("login_history", None, f"unproven: {row.detail}, when it was renewed")
    return identity, row


def _identity(
    connection: Connection, session: Session
) -> Conversation[tuple[Proof, Identity | None]]:
    try:
        who = yield from userinfo(session)
    except (Refused, Malformed, WireError) as error:
        return Proof("identity", None, str(error)), None
    expected = connection.identity
    if expected is None or expected.same_as(who):
        return Proof("identity", True, f"org {who.org_id}, user {who.username or who.user_id}"), who
    got = f"org {who.org_id}, user {who.user_id}"
    return Proof("identity", False, f"expected org {expected.org_id}, got {got}"), who


def _call(session: Session) -> Conversation[Proof]:
    try:
        told = yield from good_call(session)
    except (Refused, Malformed, WireError) as error:
        return Proof("call", False, str(error))
    return Proof("call", True, told)


def _row(
    session: Session,
    app_label: str,
    who: Identity | None,
    since: datetime,
    *,
    looks: int = ROW_LOOKS,
) -> Conversation[Proof]:
    if who is None:
        return Proof("login_history", None, "unproven: whose session it is could not be learned")
    # Login History knows whole seconds only.
    moment = since.replace(microsecond=0)
    for look in range(looks):
        if look:
            yield Pause(ROW_WAIT_S, "Login History rows can come late")
        try:
            rows = yield from own_logins(session, who.user_id, moment - timedelta(seconds=1))
        except (Refused, Malformed, WireError) as error:
            return Proof("login_history", None, f"unproven: Login History can't be read ({error})")
        if row := success_row(rows, app_label, moment):
            return Proof("login_history", True, _quoted(row))
    why = f"no Success row of {app_label!r} since {moment:%H:%M:%S} UTC"
    return Proof("login_history", False, why)


def _quoted(row: LoginRow) -> str:
    return f"{row.id}: {row.status} at {row.at:%Y-%m-%d %H:%M:%S} UTC from {row.source_ip}"
