"""Every cause can be refuted, and each that cannot be acted out says why, not when."""

from __future__ import annotations

import re

import pytest

from evergrant.catalog import Cause, load

CAUSES = list(load().causes.values())
TASK = re.compile(r"\b(yet|todo|later|not done|not written|soon|planned)\b", re.IGNORECASE)
REFUTING = ("never", "seldom")


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)
def test_every_cause_has_a_signal_that_speaks_against_it(cause: Cause) -> None:
    assert any(signal.likely in REFUTING for signal in cause.signals)


@pytest.mark.parametrize(
    "cause", [each for each in CAUSES if each.scenario_missing], ids=lambda cause: cause.id
)
def test_the_reason_for_a_missing_scenario_is_no_task(cause: Cause) -> None:
    assert not TASK.search(cause.scenario_missing)
