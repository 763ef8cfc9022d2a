"""Play one scenario from break to proof, and judge it at the three levels of evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from evergrant import evidence
from evergrant import keeper as verbs
from evergrant.diagnosis import Diagnosis, diagnose
from evergrant.drills.client import STEPS, Broken, pasted
from evergrant.drills.stage import Stage, stage, through_browser
from evergrant.emulator.scenario import ClientStep, Scenario, find, scenarios
from evergrant.errors import EvergrantError, NotFound, OurBug
from evergrant.model import Connection, FlowId, Integration, Session
from evergrant.org.resources import good_call
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
    """The cause that was named first; empty for none."""
    confidence: float
    fixed: bool
    proven: bool


@dataclass(slots=True)
class _Failure:
    flow: FlowId
    text: str


def ids() -> list[str]:
    """Every scenario that can be drilled."""
    return [each for each in scenarios() if each != "demo"]


def drill(scenario_id: str) -> list[Row]:
    """Play one scenario on a stage of its own; a row for each level.

    Raises `NotFound` for a scenario that is not there.
    """
    if scenario_id not in scenarios():
        raise NotFound(
            f"no scenario is called {scenario_id!r}",
            next_step="`evergrant emulator scenarios` lists them",
            whose="you",
        )
    scenario = find(scenario_id)
    with stage() as ground:
        return list(_play(ground, scenario))


def _play(ground: Stage, scenario: Scenario) -> Iterator[Row]:
    ground.control.play(scenario.id, "setup")
    callbacks = [ground.keeper.settings.callback_url]
    ground.control.act("set_callbacks", app=scenario.app, callbacks=callbacks)
    integration = ground.integration(scenario.app)
    connection = _connect(ground, integration)
    ground.control.advance(LATER)
    ground.control.play(scenario.id, "break")
    failure = _act(ground, integration, connection, scenario.client)
    gate = _refusing_gate(ground)
    found = _judge(ground, connection, failure)
    ground.control.advance(LATER)
    ground.control.play(scenario.id, "heal")
    fixed, proven = _heal(ground, integration, connection, scenario)
    for level, diagnosis in found.items():
        yield Row(
            id=scenario.id,
            cause=scenario.cause,
            level=level,
            reproduced=gate == scenario.gate and failure is not None,
            first=diagnosis.cause,
            confidence=round(diagnosis.ranked[0].confidence, 3) if diagnosis.ranked else 0.0,
            fixed=fixed,
            proven=proven,
        )


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


def _act(
    ground: Stage, integration: Integration, connection: Connection, steps: tuple[ClientStep, ...]
) -> _Failure | None:
    """Let the client act; the last failure is what a person would report."""
    failure = None
    for step in steps:
        if step.mutation:
            failure = _broken_step(ground, integration, connection, step) or failure
        else:
            failure = _sound_step(ground, integration, connection, step) or failure
    return failure


def _broken_step(
    ground: Stage, integration: Integration, connection: Connection, step: ClientStep
) -> _Failure | None:
    flow, converse = STEPS[step.do]
    with ground.keeper.reading() as tx:
        kept = ground.keeper.vault.live(tx, connection.id)
    if kept is None:
        raise OurBug("the stage's connection has no credential")
    client = Broken(ground, integration, kept.credential, step.mutation or "")
    try:
        page = converse(client)
    except EvergrantError as error:
        verbs.observe(ground.keeper, connection.id, error, flow=flow, doing=step.do)
        return _Failure(flow, pasted(error))
    if page is None:
        return None
    verbs.observe_text(ground.keeper, connection.id, page, flow=flow, doing=step.do)
    return _Failure(flow, page)


def _sound_step(
    ground: Stage, integration: Integration, connection: Connection, step: ClientStep
) -> _Failure | None:
    if step.do == "call":
        return _plain_call(ground, connection)
    if step.do in ("authorize", "connect"):
        how = {"connection_id": connection.id}
        flow, sight = through_browser(ground.keeper, integration, ground.person(), **how)
        if flow.status == "done":
            return None
        return _Failure("web_server", sight.pasted())
    checked = verbs.check(ground.keeper, connection.id, renew=True)
    if checked.failure is None:
        return None
    return _Failure(checked.flow, pasted(checked.failure))


def _plain_call(ground: Stage, connection: Connection) -> _Failure | None:
    """A call by a client that does not renew: what most people report."""
    with ground.keeper.reading() as tx:
        kept = ground.keeper.vault.live(tx, connection.id)
    if kept is None:
        raise OurBug("the stage's connection has no credential")
    token = kept.credential.access_token
    try:
        ground.keeper.say(good_call(Session(kept.credential.instance_url, token)))
    except EvergrantError as error:
        verbs.observe(ground.keeper, connection.id, error, flow="rest_api_call", doing="call")
        return _Failure("rest_api_call", pasted(error))
    return None


def _refusing_gate(ground: Stage) -> str:
    """The gate that refused last, by the emulator's own trace."""
    for attempt in reversed(ground.control.trace()):
        refused = [step["id"] for step in attempt["steps"] if step["outcome"] == "refused"]
        if refused:
            return str(refused[0])
    return ""


def _judge(
    ground: Stage, connection: Connection, failure: _Failure | None
) -> dict[Level, Diagnosis]:
    keeper = ground.keeper
    text, flow = (failure.text, failure.flow) if failure else ("", "unknown")
    facts = evidence.of_text(text, flow=flow)
    return {
        "text": diagnose(facts, keeper.catalog),
        "own": verbs.examine(keeper, connection.id),
        "admin": verbs.examine(keeper, connection.id, ground.control.session()),
    }


def _heal(
    ground: Stage, integration: Integration, connection: Connection, scenario: Scenario
) -> tuple[bool, bool]:
    """The client's part of the repair; whether it works again, and whether that is proven."""
    keeper, since = ground.keeper, ground.keeper.clock.now()
    if scenario.heal_client == "reauthorize" and integration.flow == "web_server":
        how = {"connection_id": connection.id}
        flow, _ = through_browser(keeper, integration, ground.person(), **how)
        proofs = flow.outcome.get("proofs", [])
        return flow.status == "done", bool(proofs) and all(each["proven"] for each in proofs)
    # A client that had something wrong now knows its app as Salesforce has it.
    ground.integration(scenario.app)
    if verbs.check(keeper, connection.id, renew=True).failure is not None:
        return False, False
    _, found = verbs.prove(keeper, connection.id, since)
    return True, all(each.proven for each in found)
