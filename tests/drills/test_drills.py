"""Drills: alike each time, complete over the scenarios, and gone without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from evergrant import drills
from evergrant.catalog import load
from evergrant.drills.client import APPS, STEPS
from evergrant.drills.control import Control
from evergrant.drills.stage import FLOW_OF, stage
from evergrant.emulator.scenario import MUTATIONS, scenarios
from evergrant.emulator.server import Emulator
from evergrant.errors import NotFound, NotSent


def test_two_drills_of_one_scenario_end_alike() -> None:
    assert drills.drill("app-blocked-by-admin") == drills.drill("app-blocked-by-admin")


def test_every_scenario_but_the_demo_is_drilled_and_has_a_cause_of_the_catalog() -> None:
    assert set(drills.ids()) == set(scenarios()) - {"demo"}
    causes = load().causes
    for each in scenarios().values():
        assert each.cause in causes


def test_every_cause_that_names_a_scenario_names_one_that_acts_it_out() -> None:
    for cause in load().causes.values():
        if cause.scenario:
            assert scenarios()[cause.scenario].cause in (cause.id, cause.broader), cause.id
        else:
            assert cause.scenario_missing, cause.id


def test_every_step_and_app_of_a_scenario_is_one_that_a_drills_client_knows() -> None:
    for each in scenarios().values():
        assert each.app in FLOW_OF
        for step in each.client:
            assert step.mutation is None or step.do in STEPS
    assert set(APPS) <= set(MUTATIONS)


def test_an_unknown_scenario_is_not_found() -> None:
    with pytest.raises(NotFound, match="no scenario is called 'sunspots'"):
        drills.drill("sunspots")


def test_a_stage_leaves_nothing_behind() -> None:
    with stage() as ground:
        folder = Path(ground.keeper.settings.data_dir)
        assert folder.exists()
    assert not folder.parent.exists()


@pytest.fixture
def control(org: Emulator) -> Iterator[Control]:
    """The control port of a fresh org."""
    made = Control(org.control_url)
    yield made
    made.close()


def test_the_clock_of_a_story_is_the_emulators(control: Control) -> None:
    before = control.clock.now()
    control.advance(timedelta(days=3))
    assert timedelta(days=3) <= control.clock.now() - before < timedelta(days=3, minutes=1)


def test_what_the_emulator_does_not_know_is_not_found(control: Control) -> None:
    with pytest.raises(NotFound, match="the emulator does not know /scenario/sunspots"):
        control.play("sunspots", "break")


def test_nobody_at_the_control_address_is_not_sent() -> None:
    with pytest.raises(NotSent, match="no emulator answers"):
        Control("http://127.0.0.1:9")
