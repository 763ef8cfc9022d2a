"""The incident of a connection: opened by the first failure, fed, judged, closed by proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evergrant.diagnosis import Diagnosis
from evergrant.errors import EvergrantError, Refused
from evergrant.evidence import bundle
from evergrant.keeper.keeper import Keeper
from evergrant.keeper.parts import broken_besides
from evergrant.keeper.record import note
from evergrant.model import Fact, Incident, Proof
from evergrant.store import Tx, connections, expectations, incidents
from evergrant.store.parts import MAIN
from evergrant.store.rows import new_id

_GRANTS = ("token_reply.", "page.")
"""Rooms of facts that an attempt at a grant is answered with."""
DEFAULT = ("identity", "call", "login_history")
"""Kinds of the proofs that every incident ends by."""
MOST_FACTS = 400
"""An incident keeps this many of the newest facts: a failure repeats itself."""


def feed(
    keeper: Keeper,
    tx: Tx,
    connection_id: str,
    facts: Sequence[Fact],
    diagnosis: Diagnosis,
    failure: EvergrantError,
    *,
    part: str = MAIN,
) -> Incident:
    """Add what a failure told to the open incident; the first failure opens one.

    What an earlier attempt at a grant was answered gives way to the answer of a later one: the gate
    that refused then may be open now, and another behind it closed.
    """
    incident = incidents.open_for(tx, connection_id) or _open(keeper, tx, connection_id, failure)
    before = _still_told(facts_of(tx, incident), facts)
    known = {(fact.name, fact.value) for fact in before}
    fresh = [fact for fact in facts if (fact.name, fact.value) not in known]
    kept = bundle.save([*before, *fresh][-MOST_FACTS:])
    incidents.keep_case(tx, incident.id, incidents.Case(kept, summary(diagnosis)))
    # What was proven before the newest failure is proven no more.
    incident = replace(incident, cause=diagnosis.cause, part=part, proofs=())
    incidents.update(tx, incident)
    return incident


def summary(diagnosis: Diagnosis) -> dict[str, Any]:
    """What is kept of a diagnosis: the ranking and the level it was reached at."""
    ranked = [{"cause": each.cause, "confidence": each.confidence} for each in diagnosis.ranked]
    return {"level": diagnosis.level, "ranked": ranked, "none_of_these": diagnosis.none_of_these}


def facts_of(tx: Tx, incident: Incident | None) -> list[Fact]:
    """What the incident was fed with."""
    return bundle.load(incidents.case(tx, incident.id).facts or []) if incident else []


def judged(tx: Tx, incident: Incident, diagnosis: Diagnosis) -> None:
    """Write down what the judge says now."""
    kept = incidents.case(tx, incident.id)
    incidents.keep_case(tx, incident.id, replace(kept, diagnosis=summary(diagnosis)))
    incidents.update(tx, replace(incident, cause=diagnosis.cause))


def close(
    keeper: Keeper, tx: Tx, connection_id: str, proofs: Sequence[Proof], *, part: str = ""
) -> Mapping[str, Any] | None:
    """Close the open incident, if there is one, with what proved the recovery.

    It stays open, with the proofs that have come, where the integration declares one that has not,
    and while another part than the one that was proven is broken.
    """
    incident = incidents.open_for(tx, connection_id)
    if incident is None:
        return None
    before, incident = incident, replace(incident, proofs=_together(incident.proofs, proofs))
    if lacking := _lacking(tx, incident, part):
        incidents.update(tx, incident)
        if len(incident.proofs) > len(before.proofs):
            note(keeper, tx, connection_id, "incident waits", f"for proof by {lacking}")
        return None
    incidents.update(tx, replace(incident, closed_at=keeper.clock.now()))
    note(keeper, tx, connection_id, "incident closed", incident.cause or "cause not known")
    return {"id": incident.id, "cause": incident.cause}


def _together(before: Sequence[Proof], came: Sequence[Proof]) -> tuple[Proof, ...]:
    """The newest proof of each kind."""
    return tuple({proof.kind: proof for proof in (*before, *came)}.values())


def _lacking(tx: Tx, incident: Incident, part: str) -> str:
    """Which proof has not come yet: what we look at ourselves, or a sync that is declared.

    One that could not be looked at has come: it says so itself.
    """
    came = {proof.kind for proof in incident.proofs if proof.proven is not False}
    if missing := next((kind for kind in DEFAULT if kind not in came), ""):
        return missing
    connection = connections.by_id(tx, incident.connection)
    if broken := broken_besides(tx, connection, part):
        return broken
    is_declared = expectations.of(tx, connection.integration).proved_by_sync
    return "sync" if "sync" not in came and is_declared else ""


def _open(keeper: Keeper, tx: Tx, connection_id: str, failure: EvergrantError) -> Incident:
    error, description = type(failure).__name__, failure.what
    if isinstance(failure, Refused):
        error, description = failure.error, failure.description
    fresh = Incident(new_id("inc"), connection_id, keeper.clock.now(), "", error, description)
    incidents.add(tx, fresh)
    note(keeper, tx, connection_id, "incident opened", failure.what)
    return fresh


def _still_told(before: Sequence[Fact], facts: Sequence[Fact]) -> list[Fact]:
    if not any(fact.name.startswith(_GRANTS) for fact in facts):
        return list(before)
    return [fact for fact in before if not fact.name.startswith((*_GRANTS, "request."))]
