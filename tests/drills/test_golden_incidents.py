"""The seven golden incidents (F10), each from the change of policy to the row that proves the fix.

They are the real incidents of the research notes in the order given there: a blocked app, the
restriction of September 2025, a mass revocation, a replayed rotation, the flip to admin-approved
users, the sixth approval, and a change of address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from evergrant.drills import known, play_on
from evergrant.drills.stage import Stage, stage

DEAD = ("invalid_grant", "expired access/refresh token")


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident: what changed, what Salesforce then said, and what it wrote down."""

    scenario: str
    gate: str
    said: tuple[str, str]
    changed: str = ""
    """The action in the Setup Audit Trail; empty where no admin changed anything."""
    status: str = ""
    """The Status of the refused attempt in Login History; empty where it leaves no row."""


GOLDEN = (
    Incident("app-blocked-by-admin", "app_blocked",
             ("app_blocked", "this app is blocked by admin"), "blockConnectedApplication"),
    Incident("app-uninstalled-restricted", "uninstalled_restriction",
             ("invalid_client", "app must be installed into org"), "deleteConnectedApplication"),
    Incident("refresh-token-revoked", "refresh_token", DEAD),
    Incident("refresh-token-rotated-or-reused", "refresh_token", DEAD,
             "changeApplicationRefreshTokenRotationEnabled"),
    Incident("user-not-preauthorized", "permitted_users",
             ("invalid_app_access", "user is not admin approved to access this app"),
             "changeUserRuntimeAccessPolicy", "Failed: Not approved for access"),
    Incident("approval-limit-exceeded", "refresh_token", DEAD),
    Incident("ip-restricted", "ip_ranges",
             ("invalid_grant", "ip restricted or invalid login hours"), "", "Restricted IP"),
)  # fmt: skip


def asked(ground: Stage, soql: str) -> list[dict[str, Any]]:
    """Rows as the org's admin would query them."""
    session = ground.control.session()
    headers = {"Authorization": f"Bearer {session.access_token.reveal()}"}
    url = f"{ground.url}/services/data/v66.0/query"
    answer = httpx2.get(url, params={"q": soql}, headers=headers)
    return list(answer.json()["records"])


def logins(ground: Stage) -> list[str]:
    """The statuses of the integration's logins through its app, oldest first."""
    rows = asked(
        ground, "SELECT Status, Application, LoginTime FROM LoginHistory ORDER BY LoginTime"
    )
    return [row["Status"] for row in rows if row["Application"] == "Orbit Sync"]


@pytest.mark.parametrize("incident", GOLDEN, ids=lambda incident: str(incident.scenario))
def test_a_golden_incident_goes_from_policy_change_to_diagnosis_to_fix_to_a_proven_row(
    incident: Incident,
) -> None:
    with stage() as ground:
        played = play_on(ground, known(incident.scenario))
        refused = [each for each in ground.control.trace() if each["outcome"] == "refused"]
        words = [(each["refusal"]["error"], each["refusal"]["description"]) for each in refused]
        history = logins(ground)
        actions = {row["Action"] for row in asked(ground, "SELECT Action FROM SetupAuditTrail")}
    assert (refused[0]["gate"], words[0]) == (incident.gate, incident.said)
    assert not incident.changed or incident.changed in actions
    assert [each for each in history if each != "Success"][:1] == [
        each for each in [incident.status] if each
    ]
    admin = next(row for row in played.rows if row.level == "admin")
    assert (admin.first, admin.fixed, admin.proven) == (incident.scenario, True, True)
    assert history[-1] == "Success"
