"""An admin's session, lent for one change of the org: by a sign-in of its own.

It is never the connection's credential.  It lies sealed in the row of its flow for a quarter of an
hour, serves only the browser that signed in, and its end is queued before anybody may use it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from evergrant.errors import Malformed, Misuse, Refused, WireError
from evergrant.keeper.flows import SPOKEN, flow_in_browser, start_link
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.record import note
from evergrant.keeper.redeem import redeemed
from evergrant.keeper.revoking import hasten
from evergrant.keeper.tickets import hashed, new_ticket
from evergrant.model import Connection, Credential, Identity, Integration, Secret, Session
from evergrant.oauth.callback import Callback
from evergrant.oauth.identity import identity_in, userinfo
from evergrant.store import Tx, connections, flows, integrations, revocations
from evergrant.store.flows import Flow
from evergrant.store.revocations import Revocation
from evergrant.store.rows import new_id
from evergrant.vault.identities import of_flow, of_revocation

LENT_FOR: Final = timedelta(minutes=15)
_MAY_SIGN_IN: Final = (*flows.AGAIN, "returned", "done")


def open_repair(keeper: Keeper, connection_id: str, about: Mapping[str, Any]) -> Flow:
    """Write down a repair of a connection's org; nobody has signed in for it yet.

    `about` says which step of which cause it is.  Raises `NotFound`.
    """
    now = keeper.clock.now()
    with keeper.writing() as tx:
        connection = connections.get(tx, connection_id)
        flow = Flow(
            id=new_id("flow"),
            integration=connection.integration,
            purpose="repair",
            created_at=now,
            expires_at=now + flows.LIFETIME,
            connection=connection.id,
            name=connection.name,
            login_host=connection.login_host,
            force_login=True,
            outcome={"about": dict(about)},
        )
        flows.add(tx, flow)
    return flow


def app_for_admins(keeper: Keeper) -> str:
    """Id of the integration with whose app admins sign in, each tenant's own; empty for none."""
    word = keeper.settings.evidence_integration
    return integrations.id_in(keeper.tenant, word) if word else ""


def can_lend(keeper: Keeper, flow: Flow) -> str:
    """Why no admin can sign in for a repair; empty where one can."""
    wanted = app_for_admins(keeper)
    if not wanted:
        return "no app for admins is set (EVERGRANT_EVIDENCE_INTEGRATION)"
    with keeper.reading() as tx:
        known = {each.id: each for each in keeper.vault.integrations(tx)}
        own = connections.by_id(tx, flow.connection).integration
    app = known.get(wanted)
    if app is None or app.flow != SPOKEN:
        return f"{wanted} is no integration whose app people sign in with"
    if own in known and known[own].app.consumer_key == app.app.consumer_key:
        return "the app for admins is the connection’s own: it must be another one"
    return ""


def lend_link(keeper: Keeper, flow_id: str) -> Secret:
    """The link at which an admin signs in for a repair; a session lent before is given back.

    Raises `NotFound`, and `Misuse` where no admin can sign in.
    """
    with keeper.reading() as tx:
        flow = flows.get(tx, flow_id)
    why = can_lend(keeper, flow) if flow.purpose == "repair" else "It is no repair."
    if why:
        next_step = "use `evergrant repair` with the admin’s own login"
        raise Misuse("no admin can sign in for this repair", why=why, next_step=next_step)
    flow, ticket = give_back(keeper, flow.id), new_ticket()
    with keeper.writing() as tx:
        flows.begin_again(
            tx, flow.id, keeper.clock.now(), ticket_hash=hashed(ticket),
            login_host=flow.login_host, login_hint="", force_login=True,
            outcome={k: v for k, v in flow.outcome.items() if k not in ("error", "lent")},
            among=_MAY_SIGN_IN, integration=app_for_admins(keeper),
        )  # fmt: skip
    return start_link(keeper, ticket)


def lend(
    keeper: Keeper, flow: Flow, integration: Integration, callback: Callback, verifier: Secret
) -> Flow:
    """Take in the session of an admin who came back; another org's is given back at once.

    A refusal by Salesforce is no exception but the flow's outcome.
    """
    try:
        credential = redeemed(keeper, flow, integration, callback, verifier)
    except (Refused, Malformed, WireError) as failure:
        return _refused(keeper, flow, failure.what)
    session = Session(credential.instance_url, credential.access_token)
    who = _whose(keeper, credential, session)
    with keeper.writing() as tx:
        connection = connections.by_id(tx, flow.connection)
        key = _ends_later(keeper, tx, connection, flow, credential)
    if who is None or (connection.identity and not connection.identity.of_same_org(who)):
        hasten(keeper, key)
        org = who.org_id if who else "an org that did not say which"
        return _refused(keeper, flow, f"the admin signed in to another org: {org}")
    return _lent(keeper, flow, session, who, key)


def _whose(keeper: Keeper, credential: Credential, session: Session) -> Identity | None:
    """Whose session it is; without a name where the scopes do not tell it."""
    try:
        return keeper.say(userinfo(session))
    except (Refused, Malformed, WireError):
        return identity_in(credential.identity_url)


def _ends_later(
    keeper: Keeper, tx: Tx, connection: Connection, flow: Flow, credential: Credential
) -> str:
    """Queue the end of the session before anybody uses it: no crash leaves it open."""
    token, key = credential.refresh_token or credential.access_token, new_id("rev")
    now = keeper.clock.now()
    sealed = keeper.vault.seal_text(token, of_revocation(key))
    revocations.put(tx, Revocation(
        key, connection.id, flow.login_host, token.fingerprint, sealed, 0, now, now + LENT_FOR
    ))  # fmt: skip
    return key


def _refused(keeper: Keeper, flow: Flow, what: str) -> Flow:
    with keeper.writing() as tx:
        note(keeper, tx, flow.connection, "admin not let in", what)
        return flows.update(tx, flow.id, status="refused", outcome={**flow.outcome, "error": what})


def _lent(keeper: Keeper, flow: Flow, session: Session, who: Identity, key: str) -> Flow:
    until = keeper.clock.now() + LENT_FOR
    text = json.dumps([session.instance_url, session.access_token.reveal()])
    sealed = keeper.vault.seal_text(Secret(text), of_flow(flow.id))
    lent = {"org": who.org_id, "user": who.username or who.user_id, "until": until.isoformat(),
            "revocation": key}  # fmt: skip
    with keeper.writing() as tx:
        note(keeper, tx, flow.connection, "admin signed in", f"{lent['user']}, for a repair")
        return flows.lend(tx, flow.id, sealed, until, {**flow.outcome, "lent": lent})


def is_lent(keeper: Keeper, flow: Flow, cookie: str) -> bool:
    """Whether a browser may use an admin's session for a repair now."""
    is_his = bool(cookie) and hashed(cookie) == flow.browser_hash
    is_there = flow.status == "returned" and flow.sealed is not None
    return is_his and is_there and "lent" in flow.outcome and flow.expires_at > keeper.clock.now()


def lent_session(keeper: Keeper, flow_id: str, cookie: str) -> Session:
    """The admin's session of a repair.

    Raises `NotFound` for another browser than the one that signed in, `Misuse` when its time is
    over.
    """
    flow = flow_in_browser(keeper, flow_id, cookie)
    if not is_lent(keeper, flow, cookie):
        raise Misuse("no admin is signed in for this repair", next_step="sign in once more")
    text = keeper.vault.unseal_text(flow.sealed or b"", of_flow(flow.id)).reveal()
    instance_url, token = json.loads(text)
    return Session(instance_url, Secret(token))


def give_back(keeper: Keeper, flow_id: str) -> Flow:
    """End the session that was lent to a repair, here and at Salesforce; what was done stays.

    Raises `NotFound`.
    """
    with keeper.writing() as tx:
        flow = flows.get(tx, flow_id)
        lent = flow.outcome.get("lent", {})
        rest = {name: value for name, value in flow.outcome.items() if name != "lent"}
        if lent:
            flow = flows.update(tx, flow.id, status="done", outcome=rest)
    if lent:
        hasten(keeper, str(lent["revocation"]))
    return replace(flow, outcome=rest)
