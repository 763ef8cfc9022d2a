"""The closed loop: every scenario breaks where it says, is diagnosed, healed, and proven."""

from __future__ import annotations

import pytest

from evergrant.catalog import Cause, load
from evergrant.catalog.entries import Fix
from evergrant.drills import Played, ids, play
from evergrant.model import Fact

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scenario_id", ids())
def test_a_scenario_goes_from_break_to_proof_and_its_cause_comes_first(scenario_id: str) -> None:
    played = play(scenario_id)
    rows = {row.level: row for row in played.rows}
    assert set(rows) == {"text", "own", "admin"}
    assert [(row.reproduced, row.fixed, row.proven) for row in played.rows] == [(True,) * 3] * 3
    assert rows["admin"].first == rows["admin"].cause
    assert turned_true(played, load().causes[rows["admin"].cause])


def turned_true(played: Played, cause: Cause) -> bool:
    """At least one step's proof is seen after the repair; causes that only the client can mend
    have none in the org."""
    wanted = [fix for fix in cause.fixes if fix.proof is not None]
    return not wanted or any(_shown(fix, played.after) for fix in wanted)


def _shown(fix: Fix, after: tuple[Fact, ...]) -> bool:
    assert fix.proof is not None
    known = [fact for fact in after if fact.name == fix.proof.fact and fact.is_known]
    return bool(known) and fix.proof.condition.holds(known[-1].value) is True
