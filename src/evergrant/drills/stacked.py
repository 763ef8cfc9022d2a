"""Faults that stand one behind another: name the first, mend it, meet the next, and prove it.

Gates come in chains, and a person who mends one closed gate runs into the next. A stack of
scenarios closes several at once; Salesforce refuses by the first of them, and the diagnosis must
name that one, then the one behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from evergrant.diagnosis import Diagnosis
from evergrant.drills.noise import distract
from evergrant.drills.play import known, rows_of
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
from evergrant.emulator.scenario import ClientStep, Scenario
from evergrant.errors import BadInput
from evergrant.model import Connection, Integration

SEPARATOR: Final = "+"
"""Between the ids of a stack."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One fault of the stack, as it was met."""

    scenario: Scenario
    reproduced: bool
    """The gate that refused is one that the stack closed and nobody has opened yet."""
    found: dict[Level, Diagnosis]


def play_stack(names: str) -> tuple[Row, ...]:
    """Play scenarios joined by a plus on a stage of their own; three rows for each layer.

    Raises `NotFound` for a scenario that is not there, `BadInput` for those that cannot be stacked.
    """
    stack = read_stack(names)
    with stage() as ground:
        return play_stack_on(ground, stack)


def read_stack(names: str) -> tuple[Scenario, ...]:
    """The scenarios of a stack; raises `NotFound` or `BadInput`."""
    stack = tuple(known(each) for each in names.split(SEPARATOR))
    passing = [each.id for each in stack if not _lasts(each)]
    apps, ids = {each.app for each in stack}, {each.id for each in stack}
    if passing or len(apps) > 1 or len(ids) < len(stack):
        raise BadInput(
            f"these scenarios cannot be stacked: {', '.join(passing) or names}",
            why="A stack holds different scenarios of one app that leave something broken.",
            next_step="drill them one by one",
            whose="you",
        )
    return stack


def _lasts(scenario: Scenario) -> bool:
    """Whether what the scenario breaks is still broken when a sound client comes."""
    return bool(scenario.breaking) or scenario.heal_client == "reauthorize"


def play_stack_on(ground: Stage, stack: tuple[Scenario, ...]) -> tuple[Row, ...]:
    """Close every gate, then name and mend one after the other."""
    integration, connection = begin(ground, *stack)
    for each in sorted(stack, key=_is_org_alone):
        _break(ground, integration, connection, each)
    distract(ground)
    layers = list(_layers(ground, integration, connection, stack))
    is_dead = any(each.heal_client == "reauthorize" for each in stack)
    outcome = mend(ground, integration, connection, "reauthorize" if is_dead else "retry")
    return tuple(_rows(stack, layers, outcome))


def _is_org_alone(scenario: Scenario) -> bool:
    """A client that breaks something by itself needs an org that still answers: it comes first."""
    return not any(step.mutation for step in scenario.client)


def _break(
    ground: Stage, integration: Integration, connection: Connection, scenario: Scenario
) -> None:
    if not _is_org_alone(scenario):
        act(ground, integration, connection, scenario.client)
    ground.control.play(scenario.id, "break")


def _layers(
    ground: Stage, integration: Integration, connection: Connection, stack: tuple[Scenario, ...]
) -> Iterable[Layer]:
    waiting, step = list(stack), ClientStep("refresh", None)
    while waiting:
        report = act(ground, integration, connection, (step,))
        gate = refusing_gate(ground) if report else ""
        ours = next((each for each in waiting if each.gate == gate), None)
        layer = Layer(ours or waiting[0], ours is not None, judge(ground, connection, report))
        yield layer
        waiting.remove(layer.scenario)
        ground.control.advance(LATER)
        ground.control.play(layer.scenario.id, "heal")
        if layer.scenario.heal_client == "reauthorize":
            step = ClientStep("authorize", None)


def _rows(stack: tuple[Scenario, ...], layers: list[Layer], outcome: Outcome) -> Iterable[Row]:
    """A layer is fixed when the one behind it came to light; the last, when the client works."""
    name = SEPARATOR.join(each.id for each in stack)
    for number, layer in enumerate(layers, start=1):
        behind = layers[number].reproduced if number < len(layers) else outcome.fixed
        ended = Outcome(behind, outcome.proven)
        scenario, id_ = layer.scenario, f"{name}#{number}"
        yield from rows_of(id_, scenario.cause, layer.reproduced, layer.found, ended)
