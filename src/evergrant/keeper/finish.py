"""The end of a browser authorization: the callback, or what a person saw instead; and the proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from evergrant import evidence
from evergrant.diagnosis import diagnose
from evergrant.errors import EvergrantError, Malformed, Misuse, Refused, WireError
from evergrant.evidence import bundle
from evergrant.keeper.admit import check_name, new_connection, refuse_removed
from evergrant.keeper.authorize import take_in
from evergrant.keeper.flows import SPOKEN, authorization, take_callback
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.lending import lend
from evergrant.keeper.needs import look_at_needs
from evergrant.keeper.observe import observe, observe_text
from evergrant.keeper.parts import health_of
from evergrant.keeper.prove import prove, summary
from evergrant.keeper.redeem import redeemed
from evergrant.keeper.walk import Passed, Walked, walk_on
from evergrant.log import mask
from evergrant.model import Connection, Fact, Proof, as_json
from evergrant.oauth.callback import read_callback
from evergrant.store import connections, flows
from evergrant.store.flows import Flow


def finish(keeper: Keeper, callback_url: str, cookie: str) -> Flow:
    """Take in a callback; the flow that is returned says how it went.

    Raises `BadCallback`, and `BadInput` for an address that is no callback; a refusal by
    Salesforce is no exception but the flow's outcome.
    """
    callback = read_callback(callback_url)
    flow, integration, verifier = take_callback(keeper, callback.state, cookie)
    if flow.purpose == "repair":
        return lend(keeper, flow, integration, callback, verifier)
    try:
        connection = _connection(keeper, flow)
        credential = redeemed(keeper, flow, integration, callback, verifier)
        taken = take_in(keeper, connection, credential, flow.part)
    except (Refused, Malformed, WireError, Misuse) as failure:
        return _refused(keeper, flow, failure)
    return _set(
        keeper,
        flow,
        status="on_hold" if taken.on_hold else "returned",
        connection=taken.connection.id,
        outcome=_walked(flow) | {"since": taken.since.isoformat()},
    )


def _connection(keeper: Keeper, flow: Flow) -> Connection:
    """The connection that a flow is for; a first connect makes a new one."""
    with keeper.reading() as tx:
        if not flow.connection:
            check_name(tx, flow.integration, flow.name)
            return new_connection(keeper, flow.integration, flow.name, flow.login_host)
        known = connections.get(tx, flow.connection)
    refuse_removed(known)
    return replace(known, login_host=flow.login_host)


def _refused(keeper: Keeper, flow: Flow, failure: EvergrantError) -> Flow:
    """Write down that a flow failed; a connection that exists learns from Salesforce's words."""
    if isinstance(failure, Misuse):
        told = lasting(flow) | {"error": failure.what}
        return _set(keeper, flow, status="refused", outcome=told)
    facts = evidence.of_failure(failure, flow=SPOKEN, at=keeper.clock.now())
    if flow.connection:
        seen = observe(
            keeper,
            flow.connection,
            failure,
            flow=SPOKEN,
            doing=flow.purpose,
            of_credential=False,
            part=flow.part,
        )
        cause = seen.diagnosis.cause
    else:
        cause = diagnose(facts, keeper.catalog).cause
    told = lasting(flow) | _told(failure.what, cause, facts)
    return _set(keeper, flow, status="refused", outcome=told)


def lasting(flow: Flow) -> dict[str, Any]:
    """What stays in a flow's outcome whatever becomes of an attempt: what was seen of the org."""
    kept = {"looked": flow.outcome["looked"]} if "looked" in flow.outcome else {}
    return kept | _walked(flow)


def _walked(flow: Flow) -> dict[str, Any]:
    """The parts that this flow has passed before the one it is at, and what the org has."""
    if "walked" not in flow.outcome:
        return {}
    return {name: flow.outcome[name] for name in ("walked", "needs") if name in flow.outcome}


def _told(error: str, cause: str, facts: Sequence[Fact]) -> dict[str, Any]:
    """How an attempt ended: the words, the likeliest cause, and what it can be judged by again."""
    return {"error": error, "cause": cause, "facts": bundle.save(facts)}


def no_callback(keeper: Keeper, flow_id: str, text: str) -> Flow:
    """No callback came: take in what the person sees on Salesforce's page, and diagnose from it.

    The flow stays open, so that it can go on once the cause is gone.  Raises `NotFound`, and
    `Misuse` for a flow in which it is not a person's turn.
    """
    with keeper.reading() as tx:
        flow = authorization(tx, flow_id)
    if flow.status not in flows.AGAIN:
        raise Misuse(f"this authorization is {flow.status}", next_step="begin again")
    facts = evidence.of_text(text, flow=SPOKEN, at=keeper.clock.now())
    if flow.connection:
        doing, part = flow.purpose, flow.part
        seen = observe_text(keeper, flow.connection, text, flow=SPOKEN, doing=doing, part=part)
        cause, error = seen.diagnosis.cause, seen.error
    else:
        cause, error = diagnose(facts, keeper.catalog).cause, mask(text)[:300]
    return _set(keeper, flow, outcome=lasting(flow) | _told(error, cause, facts))


def prove_flow(keeper: Keeper, flow: Flow) -> Flow:
    """Gather the proofs of a flow that returned, walk on, look at what the integration needs.

    Where another part needs a person the flow goes on with that one; otherwise it ends.  Each proof
    and each need is written into the flow as soon as it is known, so that a page can tell of it.
    """
    since = datetime.fromisoformat(flow.outcome["since"])
    told: dict[str, Any] = {**flow.outcome, "proofs": [], "needs": []}

    def tell(kind: str, each: object) -> None:
        told[kind].append(as_json(each))
        _set(keeper, flow, outcome=told)

    _, proofs = prove(keeper, flow.connection, since, partial(tell, "proofs"), part=flow.part)
    walked = walk_on(keeper, flow.connection, proven=flow.part)
    if walked.at or walked.passed:
        told["walked"] = _together(keeper, flow, proofs, walked)
    for need in look_at_needs(keeper, flow.connection):
        tell("needs", need)
    if walked.at:
        passed = lasting(replace(flow, outcome=told))
        with keeper.writing() as tx:
            return flows.go_on(tx, flow.id, walked.at, keeper.clock.now(), passed)
    return _set(keeper, flow, status="done", outcome=told)


def _together(
    keeper: Keeper, flow: Flow, proofs: Sequence[Proof], walked: Walked
) -> list[dict[str, Any]]:
    """What became of each part on the whole way, in order; the newest counts."""
    with keeper.reading() as tx:
        titles = {
            each.part.name: each.part.title
            for each in health_of(tx, connections.by_id(tx, flow.connection))
        }
    mine = Passed(flow.part, titles[flow.part], "authorized", summary(proofs))
    passed: dict[str, Any] = {each["part"]: each for each in flow.outcome.get("walked", ())}
    for each in (*walked.passed, mine):
        was = passed.get(each.part, {}).get("how")
        if not (was == "authorized" and each.how == "still good"):
            passed[each.part] = as_json(each)
    return [passed[name] for name in titles if name in passed]


def look_again_at_needs(keeper: Keeper, flow_id: str) -> Flow:
    """Look once more at what the integration needs, in a flow that is done."""
    with keeper.reading() as tx:
        flow = flows.get(tx, flow_id)
    if flow.status != "done":
        return flow
    found = [as_json(each) for each in look_at_needs(keeper, flow.connection)]
    return _set(keeper, flow, outcome={**flow.outcome, "needs": found})


def _set(keeper: Keeper, flow: Flow, **changes: Any) -> Flow:
    with keeper.writing() as tx:
        return flows.update(tx, flow.id, **changes)
