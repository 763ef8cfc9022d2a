"""Faults: nothing is lost outside the window, nothing is spent twice, nobody is buried alive."""

from __future__ import annotations

import pytest

from fault_kit import FAULTS, INSIDE, ON_POSTGRESQL, played
from keeper_kit import (
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)
from store_kit import each_database_fixture  # noqa: F401 (a fixture)

pytestmark = pytest.mark.slow


PLAYED = [
    *[pytest.param("sqlite", fault, id=fault) for fault in FAULTS],
    *[
        pytest.param("postgresql", fault, id=f"{fault}, on PostgreSQL")
        for fault in {**FAULTS, **ON_POSTGRESQL}
    ],
]


@pytest.mark.parametrize(("each_database", "fault"), PLAYED, indirect=["each_database"])
def test_a_fault_costs_nothing_that_could_be_kept_and_a_loss_is_named(
    each_database: str, ground: Ground, fault: str
) -> None:
    assert ground.keeper.store.is_remote == (each_database == "postgresql")
    left = played(ground, {**FAULTS, **ON_POSTGRESQL}[fault])
    assert (left.double_spends, left.false_dead) == (0, False)
    if fault in INSIDE:
        assert left.named == left.lost, "a loss in the window is named as one"
    else:
        assert not left.lost
