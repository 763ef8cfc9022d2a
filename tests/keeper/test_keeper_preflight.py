"""Preflight against an emulated org: two renewals, the row, the policies and their dates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from evergrant.keeper import expect
from evergrant.keeper.preflight import With, outcome_of, preflight
from evergrant.keeper.preflight_checks import Row
from evergrant.org.refresh_policy import refresh_policy
from evergrant.store.expectations import Expectations, Requirement, Step
from keeper_kit import (  # noqa: F401 (fixtures)
    JWT_APP,
    SERVER_APP,
    TOKEN,
    Ground,
    ground_fixture,
    org_fixture,
)


def table(ground: Ground, connection: Any, **given: Any) -> dict[str, Row]:
    return {row.check: row for row in preflight(ground.keeper, connection.id, With(**given))}


def test_a_sound_connection_passes_with_two_renewals_and_its_row(ground: Ground) -> None:
    connection = ground.connected()
    before = len(ground.requests(TOKEN))
    rows = table(ground, connection, session=ground.control.session())
    assert len(ground.requests(TOKEN)) == before + 2
    passed = ("Part main", "Network", "Clock", "First renewal", "Second renewal", "Identity",
              "Call", "Login History", "Egress address", "User", "API Enabled")  # fmt: skip
    assert {name: rows[name].outcome for name in passed} == dict.fromkeys(passed, "pass")
    assert rows["Egress address"].told == "Salesforce saw 198.51.100.10"


def test_a_zero_policy_is_met_at_the_renewal_and_named(ground: Ground) -> None:
    ground.control.act("set_app", app="orbit-sync", refresh_policy="zero")
    rows = table(ground, ground.connected())
    assert rows["First renewal"].outcome == "fail"
    assert "expired access/refresh token" in rows["First renewal"].told
    assert rows["Second renewal"].outcome == "could not look"
    assert outcome_of(tuple(rows.values())) == "fail"


def test_rotation_is_said_and_the_second_renewal_uses_the_new_token(ground: Ground) -> None:
    ground.control.act("set_app", app="orbit-sync", rotation=True)
    rows = table(ground, ground.connected())
    for name in ("First renewal", "Second renewal"):
        assert rows[name].outcome == "pass"
        assert rows[name].told.endswith("it rotates")


def test_calls_from_elsewhere_than_meant_fail(ground: Ground) -> None:
    rows = table(ground, ground.connected(app=SERVER_APP), egress="203.0.113.9")
    assert rows["Egress address"].outcome == "fail"
    assert rows["Egress address"].told == "Salesforce saw 198.51.100.10, not 203.0.113.9"


def test_the_certificate_must_be_the_keys_and_last(ground: Ground) -> None:
    connection = ground.connected(app=JWT_APP)
    told = ground.control.ask("GET", f"/key/{JWT_APP}")["certificate"]
    rows = table(ground, connection, certificate=told.encode())
    assert rows["Private key"].outcome == "pass"
    assert rows["Certificate"].told.startswith("until ")
    missing = table(ground, connection)["Certificate"]
    assert (missing.outcome, missing.is_optional) == ("could not look", True)


def test_without_an_admin_the_policies_are_not_looked_at_and_that_fails_nothing(
    ground: Ground,
) -> None:
    rows = table(ground, ground.connected(app=SERVER_APP))
    assert (rows["App and user"].outcome, rows["App and user"].is_optional) == (
        "could not look",
        True,
    )
    assert outcome_of(tuple(rows.values())) == "pass"


def test_five_approvals_are_a_warning(ground: Ground) -> None:
    connections = [ground.connected(f"Acme {number}") for number in range(5)]
    rows = table(ground, connections[-1], session=ground.control.session())
    assert rows["Approvals"].outcome == "warn"


@pytest.mark.parametrize(
    ("policy", "kind", "after"),
    [
        ("specific_lifetime:365:DAYS", "lifetime", timedelta(days=365)),
        ("specific_inactivity:12:HOURS", "inactivity", timedelta(hours=12)),
        ("infinite", "infinite", None),
        ("zero", "zero", None),
    ],
)
def test_an_external_client_app_shows_its_policy_with_its_unit(
    ground: Ground, policy: str, kind: str, after: timedelta | None
) -> None:
    ground.control.act("set_app", app=SERVER_APP, refresh_policy=policy)
    label = ground.stage.app(SERVER_APP)["label"]
    found = ground.keeper.say(refresh_policy(ground.control.session(), label))
    assert found is not None
    assert (found.kind, found.after) == (kind, after)
    now = ground.keeper.clock.now()
    used = now + timedelta(days=3)
    starts = used if kind == "inactivity" else now
    assert found.ends(now, used) == (starts + after if after else None)


def test_a_connected_app_shows_a_period_without_a_unit_and_no_date_follows(ground: Ground) -> None:
    ground.control.act("set_app", app="orbit-sync", refresh_policy="specific_lifetime:90:DAYS")
    found = ground.keeper.say(refresh_policy(ground.control.session(), "Orbit Sync"))
    assert found is not None
    assert (found.kind, found.after) == ("lifetime", None)
    rows = table(ground, ground.connected(), session=ground.control.session())
    assert rows["Refresh policy"].outcome == "warn"
    assert "unit is not shown" in rows["Refresh policy"].told


def test_what_the_integration_needs_is_looked_at_one_by_one(ground: Ground) -> None:
    connection = ground.connected()
    told = Expectations(
        (
            Requirement("object", "User", "read"),
            Requirement("object", "Invoice__c", "read"),
            Requirement("field", "User.Nickname__c", "read", is_optional=True),
        ),
        (Step("outbound", "Connect outbound"),),
    )
    expect(ground.keeper, connection.integration, told)
    rows = {row.check: row for row in preflight(ground.keeper, connection.id, With())}
    found = {name: rows[name].outcome for name in (
        "Read User", "Read Invoice__c", "Read User.Nickname__c", "Connect outbound",
    )}  # fmt: skip
    assert list(found.values()) == ["pass", "fail", "warn", "could not look"]
