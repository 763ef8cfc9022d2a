"""A reauthorization as a person walks it: attempts, what each ended with, and the way on.

One row of `flow` is the whole journey, however many attempts it takes: the page of a flow is drawn
from the row alone, so that a closed window, a second tab or a new sign-in loses nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from evergrant.diagnosis import Diagnosis, diagnose
from evergrant.errors import EvergrantError, Misuse
from evergrant.evidence import bundle
from evergrant.health import State
from evergrant.keeper.choose import release
from evergrant.keeper.finish import lasting, prove_flow
from evergrant.keeper.flows import Begun, authorization, begin, flow_of, login_place, start_link
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.observe import own_facts
from evergrant.keeper.parts import as_part
from evergrant.keeper.record import note
from evergrant.keeper.tickets import hashed, new_ticket
from evergrant.log import logger
from evergrant.model import Connection
from evergrant.store import Tx, connections, flows
from evergrant.store.flows import Flow

FRESH = timedelta(days=1)
"""A journey that nobody has finished is taken up again for this long."""


def journey(keeper: Keeper, connection_id: str) -> Flow:
    """The flow in which a connection is being reauthorized: the one under way, or a new one.

    Asking twice gives the same one.  Raises `NotFound`, and `Misuse` for a connection that is
    removed or whose flow calls nobody back.
    """
    with keeper.reading() as tx:
        connection = connections.get(tx, connection_id)
        newest = flows.newest_of(tx, connection.id)
        last = as_part(tx, connection, newest.part).last_success if newest else None
    connection = replace(connection, last_success=last)
    if newest is not None and _is_under_way(keeper, newest, connection):
        return newest
    return begin(keeper, connection.integration, connection_id=connection.id).flow


def _is_under_way(keeper: Keeper, flow: Flow, connection: Connection) -> bool:
    if flow.status == "on_hold":
        return connection.state is State.ON_HOLD
    is_settled = connection.last_success is not None and connection.last_success > flow.created_at
    is_fresh = flow.created_at > keeper.clock.now() - FRESH
    return flow.status != "done" and is_fresh and not is_settled


def again(
    keeper: Keeper,
    flow_id: str,
    *,
    login_host: str = "",
    login_hint: str = "",
    force_login: bool = False,
) -> Begun:
    """Another attempt in the same flow; the link of the one before is of no use any more.

    What the attempt before ended with is kept as `before`.  Raises `NotFound`, `HostRefused`, and
    `Misuse` when it is not a person's turn.
    """
    ticket = new_ticket()
    with keeper.writing() as tx:
        flow = authorization(tx, flow_id)
        armed = flows.begin_again(
            tx,
            flow.id,
            keeper.clock.now(),
            ticket_hash=hashed(ticket),
            login_host=login_place(keeper, login_host or flow.login_host, _own_host(tx, flow)),
            login_hint=login_hint,
            force_login=force_login,
            outcome=_before(flow),
            among=flows.AGAIN if _is_held(tx, flow) else (*flows.AGAIN, "on_hold"),
        )
    if armed is None:
        raise Misuse(f"this authorization is {flow.status}", next_step="look at it again")
    return Begun(armed, start_link(keeper, ticket))


def _before(flow: Flow) -> dict[str, Any]:
    """How the last attempt that told something ended."""
    told = {
        name: flow.outcome[name] for name in ("error", "cause", "facts") if name in flow.outcome
    }
    before = told or flow.outcome.get("before", {})
    return lasting(flow) | ({"before": before} if before else {})


def cancel(keeper: Keeper, flow_id: str) -> Flow:
    """Give an authorization up: its link and its callback are of no use any more.

    What the connection has stays as it is, and the flow can be taken up again.  Raises `NotFound`,
    and `Misuse` when it is not a person's turn.
    """
    with keeper.writing() as tx:
        flow = authorization(tx, flow_id)
        if flow.status not in flows.AGAIN:
            raise Misuse(f"this authorization is {flow.status}", next_step="look at it again")
        if flow.connection and flow.status != "cancelled":
            note(keeper, tx, flow.connection, "reauthorization cancelled", "by a person")
        return flows.update(tx, flow.id, status="cancelled", outcome=_before(flow))


def _own_host(tx: Tx, flow: Flow) -> str:
    """The login host that needs no second look: the connection's own."""
    return connections.by_id(tx, flow.connection).login_host if flow.connection else flow.login_host


def _is_held(tx: Tx, flow: Flow) -> bool:
    return bool(flow.connection) and connections.by_id(tx, flow.connection).state is State.ON_HOLD


def judged(keeper: Keeper, flow: Flow) -> Diagnosis | None:
    """What the judge says of the last attempt that told something; nothing is written.

    The connection's own history is heard as well.  None when no attempt failed yet.
    """
    told = flow.outcome if "facts" in flow.outcome else flow.outcome.get("before", {})
    if "facts" not in told:
        return None
    facts = bundle.load(told["facts"])
    if flow.connection:
        with keeper.reading() as tx:
            connection = connections.by_id(tx, flow.connection)
            integration = keeper.vault.integration(tx, connection.integration)
            facts += own_facts(keeper, tx, connection, integration, part=flow.part)
    return diagnose(facts, keeper.catalog)


def settle(keeper: Keeper, flow_id: str, *, switch: bool) -> Flow:
    """End a hold from its flow: switch to who came back, or keep the one before.

    Switching leaves the flow to be proven; keeping opens it for another attempt.  Raises like
    `release`.
    """
    flow = flow_of(keeper, flow_id)
    if flow.status != "on_hold":
        raise Misuse(f"this authorization is {flow.status}", next_step="look at it again")
    release(keeper, flow.connection, switch=switch)
    with keeper.writing() as tx:
        if switch:
            return flows.update(tx, flow.id, status="returned")
    return again(keeper, flow.id, login_host=flow.login_host, force_login=True).flow


def prove_now(keeper: Keeper, flow_id: str) -> Flow:
    """Prove a flow that returned; what hinders is written into it and proving can be asked again.

    A flow in any other status is left as it is.
    """
    flow = flow_of(keeper, flow_id)
    if flow.status != "returned":
        return flow
    try:
        return prove_flow(keeper, flow)
    except EvergrantError as trouble:
        logger("keeper").warning("proof of %s: %s", flow.connection, trouble.what)
        with keeper.writing() as tx:
            return flows.update(tx, flow.id, outcome={**flow.outcome, "trouble": trouble.what})
