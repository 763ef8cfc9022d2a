"""Play one scenario from break to proof, and judge it at the three levels of evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from evergrant import evidence
from evergrant import keeper as verbs
from evergrant.diagnosis import Diagnosis, diagnose
from evergrant.drills.stage import Stage, stage, through_browser
from evergrant.drills.steps import Report, act
from evergrant.emulator.scenario import Scenario, find, scenarios
from evergrant.errors import NotFound, OurBug
from evergrant.model import Connection, Fact, Integration
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


def ids() -> list[str]:
    """Every scenario that can be drilled."""
    return [each for each in scenarios() if each != "demo"]


@dataclass(frozen=True, slots=True)
class Played:
    """One scenario, played to its end."""

    rows: tuple[Row, ...]
    after: tuple[Fact, ...]
    """What an admin's look shows after the repair."""


def drill(scenario_id: str) -> tuple[Row, ...]:
    """Play one scenario on a stage of its own; a row for each level.

    Raises `NotFound` for a scenario that is not there.
    """
    return play(scenario_id).rows


def play(scenario_id: str) -> Played:
    """Play one scenario from break to proof, and look at the org once more at the end.

    Raises `NotFound` for a scenario that is not there.
    """
    if scenario_id not in scenarios():
        raise NotFound(
            f"no scenario is called {scenario_id!r}",
            next_step="`evergrant emulator scenarios` lists them",
            whose="you",
        )
    with stage() as ground:
        return _play(ground, find(scenario_id))


def _play(ground: Stage, scenario: Scenario) -> Played:
    integration, connection = _begin(ground, scenario)
    ground.control.play(scenario.id, "break")
    report = act(ground, integration, connection, scenario.client)
    reproduced = report is not None and _refusing_gate(ground) == scenario.gate
    found = _judge(ground, connection, report)
    ground.control.advance(LATER)
    ground.control.play(scenario.id, "heal")
    healed = _heal(ground, integration, connection, scenario)
    rows = tuple(_row(scenario, level, found[level], reproduced, healed) for level in found)
    return Played(rows, verbs.examine(ground.keeper, connection.id, ground.control.session()).facts)


def _begin(ground: Stage, scenario: Scenario) -> tuple[Integration, Connection]:
    """An org as it is before the break: connected, and used once."""
    ground.control.play(scenario.id, "setup")
    callbacks = [ground.keeper.settings.callback_url]
    ground.control.act("set_callbacks", app=scenario.app, callbacks=callbacks)
    integration = ground.integration(scenario.app)
    connection = _connect(ground, integration)
    ground.control.advance(LATER)
    verbs.check(ground.keeper, connection.id, renew=True)
    ground.control.advance(LATER)
    return integration, connection


def _row(
    scenario: Scenario,
    level: Level,
    diagnosis: Diagnosis,
    reproduced: bool,
    healed: tuple[bool, bool],
) -> Row:
    return Row(
        id=scenario.id,
        cause=scenario.cause,
        level=level,
        reproduced=reproduced,
        first=diagnosis.cause,
        confidence=round(diagnosis.ranked[0].confidence, 3) if diagnosis.ranked else 0.0,
        fixed=healed[0],
        proven=healed[1],
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


def _refusing_gate(ground: Stage) -> str:
    """The gate that refused last, by the emulator's own trace."""
    for attempt in reversed(ground.control.trace()):
        refused = [step["id"] for step in attempt["steps"] if step["outcome"] == "refused"]
        if refused:
            return str(refused[0])
    return ""


def _judge(ground: Stage, connection: Connection, failure: Report | None) -> dict[Level, Diagnosis]:
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
