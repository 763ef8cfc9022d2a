"""What the org writes down: one Login History row an attempt, the event log, the audit trail."""

from typing import Any

import pytest

from client_steps import do
from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator, connected, scenario, state


def rows(emulator: Emulator, sql: str, *values: object) -> list[dict[str, Any]]:
    """What the org's tables hold."""
    with emulator.org.lock:
        return [dict(row) for row in state.every(emulator.org.db, sql, *values)]


def latest(emulator: Emulator, app: str = "Orbit Sync") -> dict[str, Any]:
    """The newest Login History row of an app."""
    found = rows(
        emulator, 'SELECT * FROM "LoginHistory" WHERE "Application" = ? ORDER BY rowid DESC', app
    )
    return found[0] if found else {}


@pytest.mark.parametrize(
    ("app", "step", "subtype"),
    [
        ("orbit-sync", "connect", "OauthWebServer"),
        ("orbit-jwt", "jwt_bearer", None),
        ("orbit-server", "client_credentials", "OauthClientCredentials"),
    ],
)
def test_a_granted_request_leaves_a_success_row_of_its_flow(
    emulator: Emulator, client_for: ClientFor, app: str, step: str, subtype: str | None
) -> None:
    client = client_for(app)
    do(client, step, None)
    row = latest(emulator, client.app["label"])
    assert (row["Status"], row["LoginType"]) == ("Success", "Remote Access 2.0")
    assert row["LoginSubType"] == subtype
    assert row["SourceIp"] == emulator.org.ip
    assert row["Id"].startswith("0Ya")
    assert row["LoginTime"].endswith(".000+0000")


STATUSES = {
    "user-inactive": "User is Inactive",
    "user-locked-or-frozen": "User Is Frozen",
    "ip-restricted": "Restricted IP",
    "login-hours-restricted": "Restricted time",
    "user-not-preauthorized": "Failed: Not approved for access",
    "pkce-missing-or-mismatch": "Failed: Invalid Code Verifier",
    "wrong-consumer-secret": "Failed: Missing Consumer Key Parameter",
    "refresh-token-race": "Failed: Token request is already being processed",
}


@pytest.mark.parametrize("name", STATUSES)
def test_a_refused_user_leaves_a_row_that_says_why(
    name: str, emulator: Emulator, client_for: ClientFor
) -> None:
    found = scenario.find(name)
    client = client_for(found.app)
    client.credential = emulator.stage.play(name, None)["credential"]
    for step in found.client:
        do(client, step.do, step.mutation)
    statuses = rows(
        emulator, 'SELECT "Status" FROM "LoginHistory" WHERE "Application" = ?',
        client.app["label"],
    )  # fmt: skip
    assert STATUSES[name] in [row["Status"] for row in statuses]


@pytest.mark.parametrize(
    "name", ["wrong-consumer-key", "app-blocked-by-admin", "jwt-subject-wrong"]
)
def test_a_refusal_without_a_known_text_or_user_leaves_no_row(
    name: str, emulator: Emulator, client_for: ClientFor
) -> None:
    found = scenario.find(name)
    client = client_for(found.app)
    client.credential = emulator.stage.play(name, None)["credential"]
    before = rows(emulator, 'SELECT COUNT(*) AS n FROM "LoginHistory"')
    for step in found.client:
        do(client, step.do, step.mutation)
    assert rows(emulator, 'SELECT COUNT(*) AS n FROM "LoginHistory"') == before


@pytest.mark.parametrize(
    ("act", "code"),
    [({"do": "block_app"}, "AppBlocked"),
     ({"do": "set_app", "admin_approved": True}, "AppAccessDenied")],
)  # fmt: skip
def test_the_event_log_has_the_code_of_a_refused_authorization(
    emulator: Emulator, client_for: ClientFor, act: dict[str, Any], code: str
) -> None:
    words = {name: value for name, value in act.items() if name != "do"}
    emulator.act(act["do"], app="orbit-sync", **words)
    client = client_for()
    client.authorize()
    row = rows(emulator, 'SELECT * FROM "IdpEventLog" ORDER BY rowid DESC')[0]
    assert (row["ErrorCode"], row["InitiatedBy"]) == (code, "OauthAuthorize")
    assert row["AppId"] == client.app["id"]


@pytest.mark.parametrize(
    ("words", "action"),
    [
        ({"do": "block_app", "app": "orbit-sync"}, "blockConnectedApplication"),
        ({"do": "unblock_app", "app": "orbit-sync"}, "unblockConnectedApplication"),
        ({"do": "install_app", "app": "orbit-sync"}, "insertConnectedApplication"),
        ({"do": "uninstall_app", "app": "orbit-sync"}, "deleteConnectedApplication"),
        ({"do": "delete_app", "app": "orbit-sync"}, "deleteApplication"),
        ({"do": "set_app", "app": "orbit-sync", "admin_approved": True},
         "changeUserRuntimeAccessPolicy"),
        ({"do": "set_callbacks", "app": "orbit-sync", "callbacks": ["https://a.example/cb"]},
         "changeApplicationCallbackUrl"),
        ({"do": "freeze_user", "user": "sam"}, "frozeuser"),
        ({"do": "unfreeze_user", "user": "sam"}, "unfrozeuser"),
        ({"do": "deactivate_user", "user": "sam"}, "deactivateduser"),
        ({"do": "assign_permission_set", "user": "sam", "permission_set": "Orbit_Sync_Access"},
         "PermSetAssign"),
        ({"do": "set_org", "api_access_control": True}, "adminApprovedAppsOnlyOffOn"),
        ({"do": "set_profile", "profile": "Standard User", "session_minutes": 30},
         "sessiontimeoutForProfile"),
    ],
)  # fmt: skip
def test_an_admins_act_leaves_its_line_in_the_audit_trail(
    emulator: Emulator, words: dict[str, Any], action: str
) -> None:
    emulator.act(words["do"], **{name: each for name, each in words.items() if name != "do"})
    found = rows(emulator, 'SELECT * FROM "SetupAuditTrail"')
    assert [row["Action"] for row in found] == [action]
    assert found[0]["Display"]


def test_a_blocked_app_still_shows_who_was_let_in_before(emulator: Emulator) -> None:
    connected.connect(emulator.org, "orbit-sync")
    emulator.act("block_app", app="orbit-sync")
    assert rows(emulator, 'SELECT "AppName" FROM "OauthToken"') == [{"AppName": "Orbit Sync"}]


def test_the_trace_tells_what_stands_behind_the_first_refusal(
    emulator: Emulator, client_for: ClientFor
) -> None:
    client: Client = client_for()
    client.connect()
    emulator.act("block_app", app="orbit-sync")
    emulator.act("set_app", app="orbit-sync", admin_approved=True)
    emulator.act("freeze_user", user="integration")
    client.refresh()
    steps = emulator.trace()[-1]["steps"]
    refused = [step["id"] for step in steps if step["outcome"] == "refused"]
    assert refused == ["app_blocked", "user_frozen", "permitted_users"]


def test_the_connected_application_row_follows_the_policy(emulator: Emulator) -> None:
    emulator.act(
        "set_app", app="orbit-sync", admin_approved=True,
        refresh_policy="specific_inactivity:45:DAYS",
    )  # fmt: skip
    [row] = rows(emulator, 'SELECT * FROM "ConnectedApplication" WHERE "Name" = \'Orbit Sync\'')
    assert row["OptionsAllowAdminApprovedUsersOnly"] == 1
    assert (row["RefreshTokenValidityPeriod"], row["OptionsRefreshTokenValidityMetric"]) == (45, 1)
