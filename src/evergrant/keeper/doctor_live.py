"""Trying a connection for the doctor: renew and call; when it works, the proofs."""

from __future__ import annotations

from dataclasses import dataclass

from evergrant.errors import CouldNotLook
from evergrant.health import LIVE, WATCHED
from evergrant.keeper.check import check
from evergrant.keeper.doctor_checks import LIVE_CHECK, Looked, title_of
from evergrant.keeper.incident import facts_of
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.prove import prove
from evergrant.keeper.renew import wire_flow
from evergrant.model import Connection, FlowId, Proof
from evergrant.store import connections, incidents

LOCKS = frozenset[FlowId]({"username_password", "code_credentials", "soap_login"})
"""Flows whose repetition with a wrong password locks the user out."""
_ANSWERS = ("token_reply.", "page.", "api_reply.", "soap_reply.", "network.")
"""Rooms of facts that say what the client was told."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What trying came to."""

    look: Looked
    refusal: str = ""
    """What was refused last, now or before."""
    proofs: tuple[Proof, ...] = ()
    """When it works: whose it is, a good call, the row in Login History."""


def live_check(keeper: Keeper, connection_id: str) -> Tried:
    """Renew the connection's credential and call with it, unless that could do harm.

    When it works it is proven.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
    before = _refusal(keeper, connection)
    if why := _better_not(keeper, connection, is_broken=bool(before)):
        return Tried(_not_tried(why), before)
    since = keeper.clock.now()
    try:
        checked = check(keeper, connection.id, renew=True)
        if checked.failure is not None:
            return Tried(_tried(checked.failure.what), _refusal(keeper, connection))
        _, proofs = prove(keeper, connection.id, since)
    except CouldNotLook as trouble:
        return Tried(_not_tried(trouble.what), before)
    return Tried(_tried("renewed, and called: it works"), "", proofs)


def _tried(told: str) -> Looked:
    return Looked(LIVE_CHECK, title_of(LIVE_CHECK), told)


def _not_tried(why: str) -> Looked:
    return Looked(LIVE_CHECK, title_of(LIVE_CHECK), why, could_look=False)


def _better_not(keeper: Keeper, connection: Connection, *, is_broken: bool) -> str:
    """Why the credential is not sent; empty where nothing speaks against it."""
    if connection.state not in LIVE:
        return f"not tried: the connection is {connection.state}"
    with keeper.reading() as tx:
        integration = keeper.vault.integration(tx, connection.integration)
        flow = wire_flow(integration, keeper.vault.live(tx, connection.id))
    if is_broken and flow in LOCKS:
        return "not tried: a wrong password that is sent again and again locks the user out"
    if connection.state not in WATCHED and flow == "refresh_token":
        return "not tried: the refresh token is dead, and sending it again does not revive it"
    return ""


def _refusal(keeper: Keeper, connection: Connection) -> str:
    """What the open incident was told last; empty where nothing is broken."""
    with keeper.reading() as tx:
        known = facts_of(tx, incidents.open_for(tx, connection.id))
    said = (str(fact.value) for fact in known if fact.name.startswith(_ANSWERS))
    return ": ".join(dict.fromkeys(said))
