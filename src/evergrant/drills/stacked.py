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
from evergrant.drills.client import BY_HAND
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
from evergrant.drills.steps import Report, act
from evergrant.emulator.scenario import ClientStep, Doing, Scenario
from evergrant.errors import BadInput
from evergrant.model import Connection, Integration

SEPARATOR: Final = "+"
"""Between the ids of a stack."""
AUTHORIZE: Final = ClientStep("authorize", None)
AGAIN: Final = (AUTHORIZE, ClientStep("refresh", None))
"""After a repair that takes a new authorization: it, and its first use."""
OF_NO_GRANT: Final = ("session_", "network")
"""How gates are called that end with a session, or stand before Salesforce."""


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
    passing = [each.id for each in stack if not _is_met(each)]
    if passing or len({(each.app, way_of(each)) for each in stack}) > 1 or _hides(stack):
        raise BadInput(
            f"these scenarios cannot be stacked: {', '.join(passing) or names}",
            why="A stack holds faults of one app at different gates, each of which one sound "
            "client meets; what mends one of them must not mend another.",
            next_step="drill them one by one",
            whose="you",
        )
    return stack


def way_of(scenario: Scenario) -> Doing:
    """The step by which a sound client comes: to renew, to call, or with a flow of its own."""
    last = scenario.client[-1].do
    return "refresh" if last == "authorize" else last


def _is_met(scenario: Scenario) -> bool:
    """Whether what the scenario breaks still refuses a sound client that renews and calls.

    A fault of one session ends with the session, one of the network passes, and one in what a
    client sends ends with that client.
    """
    last = scenario.client[-1]
    if last.do in BY_HAND or scenario.gate.startswith(OF_NO_GRANT):
        return False
    if last.mutation:  # a replayed token is lost for everybody, an ended certificate is not
        return last.do == "refresh" and _is_of_the_token(scenario)
    return bool(scenario.breaking) or scenario.heal_client == "reauthorize"


def _hides(stack: tuple[Scenario, ...]) -> bool:
    """Whether one of the faults can never be met: a new authorization mends every lost token."""
    gates = {each.gate for each in stack}
    renewed = [each for each in stack if each.heal_client == "reauthorize"]
    is_lost = any(map(_is_of_the_token, stack))
    return len(gates) < len(stack) or (is_lost and len(renewed) > 1)


def _is_of_the_token(scenario: Scenario) -> bool:
    return scenario.heal_client == "reauthorize" and scenario.gate.startswith("refresh_token")


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
    return not any(step.mutation or step.do == "live_on" for step in scenario.client)


def _break(
    ground: Stage, integration: Integration, connection: Connection, scenario: Scenario
) -> None:
    if not _is_org_alone(scenario):
        own = [step for step in scenario.client if step.mutation or step.do == "live_on"]
        act(ground, integration, connection, tuple(own))
    ground.control.play(scenario.id, "break")


def _layers(
    ground: Stage, integration: Integration, connection: Connection, stack: tuple[Scenario, ...]
) -> Iterable[Layer]:
    waiting, is_new = list(stack), False
    while waiting:
        steps = AGAIN if is_new else _steps(waiting)
        report = _come(ground, integration, connection, steps)
        gate = refusing_gate(ground) if report else ""
        ours = next((each for each in waiting if each.gate == gate), None)
        layer = Layer(ours or waiting[0], ours is not None, judge(ground, connection, report))
        yield layer
        waiting.remove(layer.scenario)
        ground.control.advance(LATER)
        ground.control.play(layer.scenario.id, "heal")
        if layer.scenario.heal_client == "reauthorize":
            is_new = True
        if layer.scenario.heal_client == "fix":
            ground.integration(integration.id)


def _steps(waiting: list[Scenario]) -> tuple[ClientStep, ...]:
    """What a client does that meets a closed gate; a person then tries to authorize again."""
    tries = any(step.do == "authorize" for each in waiting for step in each.client)
    first = ClientStep(way_of(waiting[0]), None)
    return (first, AUTHORIZE) if tries else (first,)


def _come(
    ground: Stage, integration: Integration, connection: Connection, steps: tuple[ClientStep, ...]
) -> Report | None:
    """What is reported: of a new authorization its refusal, or that of the first use after it."""
    if steps is not AGAIN:
        return act(ground, integration, connection, steps)
    tried = (act(ground, integration, connection, (step,)) for step in steps)
    return next((report for report in tried if report is not None), None)


def _rows(stack: tuple[Scenario, ...], layers: list[Layer], outcome: Outcome) -> Iterable[Row]:
    """A layer is fixed when the one behind it came to light; the last, when the client works."""
    name = SEPARATOR.join(each.id for each in stack)
    for number, layer in enumerate(layers, start=1):
        behind = layers[number].reproduced if number < len(layers) else outcome.fixed
        ended = Outcome(behind, outcome.proven)
        scenario, id_ = layer.scenario, f"{name}#{number}"
        yield from rows_of(id_, scenario.cause, layer.reproduced, layer.found, ended)
