"""Play one scenario from break to proof, and judge it at the three levels of evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evergrant import keeper as verbs
from evergrant.diagnosis import Diagnosis
from evergrant.drills.noise import distract
from evergrant.drills.scenes import (
    LATER,
    Level,
    Outcome,
    Row,
    begin,
    judge,
    mend,
    refusing_gate,
)
from evergrant.drills.stage import Stage, stage
from evergrant.drills.steps import act
from evergrant.emulator.scenario import Scenario, find, scenarios
from evergrant.errors import NotFound
from evergrant.model import Fact


def ids() -> list[str]:
    """Every scenario that can be drilled."""
    return [each for each in scenarios() if each != "demo"]


@dataclass(frozen=True, slots=True)
class Played:
    """One scenario, played to its end."""

    rows: tuple[Row, ...]
    after: tuple[Fact, ...]
    """What an admin's look shows after the repair."""


def play(scenario_id: str) -> Played:
    """Play one scenario from break to proof on a stage of its own.

    Raises `NotFound` for a scenario that is not there.
    """
    found = known(scenario_id)
    with stage() as ground:
        return play_on(ground, found)


def known(scenario_id: str) -> Scenario:
    """A scenario by id; raises `NotFound`."""
    if scenario_id not in scenarios():
        raise NotFound(
            f"no scenario is called {scenario_id!r}",
            next_step="`evergrant emulator scenarios` lists them",
            whose="you",
        )
    return find(scenario_id)


def play_on(ground: Stage, scenario: Scenario) -> Played:
    """Play one scenario, and look at the org once more at the end."""
    integration, connection = begin(ground, scenario)
    ground.control.play(scenario.id, "break")
    report = act(ground, integration, connection, scenario.client)
    reproduced = report is not None and refusing_gate(ground) == scenario.gate
    distract(ground)
    found = judge(ground, connection, report)
    ground.control.advance(LATER)
    ground.control.play(scenario.id, "heal")
    outcome = mend(ground, integration, connection, scenario.heal_client)
    rows = rows_of(scenario.id, scenario.cause, reproduced, found, outcome)
    return Played(rows, verbs.examine(ground.keeper, connection.id, ground.control.session()).facts)


def rows_of(
    id_: str, cause: str, reproduced: bool, found: dict[Level, Diagnosis], outcome: Outcome
) -> tuple[Row, ...]:
    """A row for each level of evidence."""
    said = _said(found["text"].facts)
    rows = []
    for level, diagnosis in found.items():
        first, rival = [*diagnosis.leading, ("", 0.0), ("", 0.0)][:2]
        rows.append(
            Row(
                id=id_,
                cause=cause,
                level=level,
                reproduced=reproduced,
                first=first[0],
                confidence=round(first[1], 3),
                rival=rival[0],
                rival_confidence=round(rival[1], 3),
                said=said,
                fixed=outcome.fixed,
                proven=outcome.proven,
            )
        )
    return tuple(rows)


_SAID = (
    ("token_reply.error", "token_reply.description"),
    ("api_reply.error", "api_reply.message"),
    ("soap_reply.error", "soap_reply.message"),
    ("page.error", "page.description"),
    ("page.text",),
)
"""Facts of what the client was told, by the place that told it."""


def _said(facts: Iterable[Fact]) -> str:
    told = {fact.name: str(fact.value) for fact in facts if fact.is_known}
    for names in _SAID:
        if words := [told[name] for name in names if name in told]:
            return ": ".join(words)
    return ""
