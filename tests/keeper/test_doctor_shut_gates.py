"""Nobody knows the error, and the org shows a gate shut: the doctor names it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evergrant import keeper as verbs
from evergrant.keeper import Means, Visit
from evergrant.model import Unknown
from keeper_kit import Ground, ground_fixture, org_fixture  # noqa: F401 (fixtures)

USER = "integration@acme.example"


def looked_at(ground: Ground, scenario: str, later: timedelta) -> Visit:
    """The org some time after a scenario broke it; nobody tried since, nobody knows the error."""
    ground.control.play(scenario, "setup")
    ground.connected()
    ground.control.advance(timedelta(minutes=7))
    ground.control.play(scenario, "break")
    ground.control.advance(later)
    made = verbs.begin_examination(ground.keeper, app="Orbit Sync", user=USER)
    return verbs.look_further(ground.keeper, made, Means(ground.control.session()))


LATER = [timedelta(minutes=5), timedelta(days=1)]


@pytest.mark.parametrize(
    ("scenario", "gate", "later"),
    [
        ("user-not-preauthorized", "permitted_users", LATER[1]),
        ("user-inactive", "user_active", LATER[1]),
        ("user-locked-or-frozen", "user_frozen", LATER[0]),
        ("app-blocked-by-admin", "app_blocked", LATER[0]),
    ],
)
def test_a_gate_that_the_org_shows_shut_is_the_first_cause(
    ground: Ground, scenario: str, gate: str, later: timedelta
) -> None:
    seen = looked_at(ground, scenario, later)
    assert seen.diagnosis.cause == scenario
    assert (seen.gates[0].gate, seen.gates[0].how) == (gate, "refuses")


def test_a_success_older_than_the_last_change_says_nothing_of_the_failure(ground: Ground) -> None:
    seen = looked_at(ground, "user-not-preauthorized", LATER[0])
    row = [f.value for f in seen.diagnosis.facts if f.name == "login_history.status"]
    assert all(isinstance(each, Unknown) for each in row)
