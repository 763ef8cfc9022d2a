"""The scenes that every story is made of: before the break, the judgement, the client's repair."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from evergrant import evidence
from evergrant import keeper as verbs
from evergrant.diagnosis import Diagnosis, diagnose
from evergrant.drills.stage import Stage, through_browser
from evergrant.drills.steps import Report
from evergrant.emulator.scenario import Healing, Scenario
from evergrant.errors import OurBug
from evergrant.model import Connection, Integration
from evergrant.store import connections

Level = Literal["text", "own", "admin"]
LATER = timedelta(minutes=7)
"""Between the acts: Login History knows whole seconds, and stories take time."""


@dataclass(frozen=True, slots=True)
class Row:
    """One drill at one level."""

    id: str
    cause: str
    """The truth: what the scenario breaks; `reproduced` says that the trace confirms it."""
    level: Level
    reproduced: bool
    """The gate that refused in the emulator's trace is the one that the scenario names."""
    first: str
    """The cause that was named first, the narrower where one stands out; empty for none."""
    confidence: float
    """Posterior of what was named."""
    rival: str
    """What came second; empty for nothing."""
    rival_confidence: float
    said: str
    """What the client was told, as far as it was read: look-alikes say the same."""
    fixed: bool
    proven: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a story ended."""

    fixed: bool
    proven: bool


def begin(ground: Stage, *stack: Scenario) -> tuple[Integration, Connection]:
    """An org as it is before the break: set up, connected, and used once."""
    first, *others = stack
    ground.control.play(first.id, "setup")
    for scenario in others:
        # NOTE: not by playing the setup: that begins the org anew.
        for each in scenario.setup:
            ground.control.act(each["do"], **{k: v for k, v in each.items() if k != "do"})
    callbacks = [ground.keeper.settings.callback_url]
    ground.control.act("set_callbacks", app=first.app, callbacks=callbacks)
    integration = ground.integration(first.app)
    connection = _connect(ground, integration)
    ground.control.advance(LATER)
    verbs.check(ground.keeper, connection.id, renew=True)
    ground.control.advance(LATER)
    return integration, connection


def _connect(ground: Stage, integration: Integration) -> Connection:
    if integration.flow != "web_server":
        name, host = "Acme", integration.login_host
        connection, _ = verbs.connect_directly(ground.keeper, integration, name, host)
        return connection
    flow, sight = through_browser(ground.keeper, integration, ground.person(), name="Acme")
    if flow.status != "done":
        raise OurBug(f"the healthy org did not connect: {flow.status} at {sight.url.split('?')[0]}")
    with ground.keeper.reading() as tx:
        return connections.get(tx, flow.connection)


def refusing_gate(ground: Stage) -> str:
    """The gate that refused last, by the emulator's own trace."""
    for attempt in reversed(ground.control.trace()):
        refused = [step["id"] for step in attempt["steps"] if step["outcome"] == "refused"]
        if refused:
            return str(refused[0])
    return ""


def judge(ground: Stage, connection: Connection, failure: Report | None) -> dict[Level, Diagnosis]:
    """What the diagnosis says at each level of evidence."""
    keeper = ground.keeper
    text, flow = (failure.text, failure.flow) if failure else ("", "unknown")
    facts = evidence.of_text(text, flow=flow)
    return {
        "text": diagnose(facts, keeper.catalog),
        "own": verbs.examine(keeper, connection.id),
        "admin": verbs.examine(keeper, connection.id, ground.control.session()),
    }


def mend(
    ground: Stage, integration: Integration, connection: Connection, healing: Healing
) -> Outcome:
    """The client's part of the repair; whether it works again, and whether that is proven."""
    keeper, since = ground.keeper, ground.keeper.clock.now()
    if healing == "reauthorize" and integration.flow == "web_server":
        how = {"connection_id": connection.id}
        flow, _ = through_browser(keeper, integration, ground.person(), **how)
        proofs = flow.outcome.get("proofs", [])
        proven = bool(proofs) and all(each["proven"] for each in proofs)
        return Outcome(flow.status == "done", proven)
    # A client that had something wrong now knows its app as Salesforce has it.
    ground.integration(integration.id)
    if verbs.check(keeper, connection.id, renew=True).failure is not None:
        return Outcome(False, False)
    _, found = verbs.prove(keeper, connection.id, since)
    return Outcome(True, all(each.proven for each in found))
