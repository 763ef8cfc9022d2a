"""Faults: nothing is lost outside the window, nothing is spent twice, nobody is buried alive."""

from __future__ import annotations

import pytest

from fault_kit import FAULTS, INSIDE, played
from keeper_kit import (
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_costs_nothing_that_could_be_kept_and_a_loss_is_named(
    ground: Ground, fault: str
) -> None:
    left = played(ground, FAULTS[fault])
    assert (left.double_spends, left.false_dead) == (0, False)
    if fault in INSIDE:
        assert left.named == left.lost, "a loss in the window is named as one"
    else:
        assert not left.lost
