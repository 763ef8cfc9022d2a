"""Every act of an admin leaves its line in the audit trail; the others are named, with a reason."""

from typing import Any

import pytest

from evergrant.emulator import Emulator, connected, state
from evergrant.emulator.acts import ACTS
from evergrant.emulator.audit_trail import LINES, NO_ADMINS_ACT

APP: dict[str, Any] = {"app": "orbit-sync"}
SAM: dict[str, Any] = {"user": "sam"}
WORDS: dict[str, dict[str, Any]] = {
    "block_app": APP,
    "unblock_app": APP,
    "install_app": APP,
    "uninstall_app": APP,
    "delete_app": APP,
    "set_app": {**APP, "rotation": True},
    "set_callbacks": {**APP, "callbacks": ["https://a.example/cb"]},
    "set_certificate": {**APP, "pem": "a certificate"},
    "rotate_secret": APP,
    "grant_app": {**APP, "profile": "Standard User"},
    "ungrant_app": {**APP, "profile": "Standard User"},
    "assign_permission_set": {**SAM, "permission_set": "Orbit_Sync_Access"},
    "unassign_permission_set": {**SAM, "permission_set": "Orbit_Sync_Access"},
    "set_user": {**SAM, "FirstName": "Samuel"},
    "activate_user": SAM,
    "deactivate_user": SAM,
    "freeze_user": SAM,
    "unfreeze_user": SAM,
    "set_profile": {"profile": "Standard User", "session_minutes": 30},
    "set_org": {"session_minutes": 60},
    "revoke_user_app": {"user": "integration", **APP},
    "revoke_app": APP,
    "remove_sessions": APP,
    "set_permission_set": {
        "permission_set": "Orbit_Sync_Access", "permissions": {"ViewSetup": True},
    },
    "unlock_user": SAM,
    "revoke_approval": {},
    "remove_session": {},
    "set_token_handler": {"name": "Partners", "apps": ["orbit-sync"], "subjects": {}},
    "recertify_app": {"app": "orbit-jwt", "days": 30},
    "create_app": {"app": "fresh"},
    "create_user": {"user": "fresh"},
    "create_certificate": {"name": "Signing"},
    "delete_certificate": {"name": "Signing"},
    "install_package": {},
    "uninstall_package": {},
    "connect_outbound": {"account": "ops@acme.example"},
    "set_callouts": {"credential": "Orbit_Cloud", "enabled": False},
    "revoke_jwts": APP,
    "reset_password": SAM,
}  # fmt: skip
"""Words for every act of an admin; what names a row is filled in below."""


def _row(emulator: Emulator, sql: str) -> str:
    found = state.one(emulator.org.db, sql)
    assert found is not None
    return str(found[0])


def _audit(emulator: Emulator) -> list[dict[str, Any]]:
    rows = state.every(emulator.org.db, 'SELECT * FROM "SetupAuditTrail" ORDER BY rowid')
    return [dict(row) for row in rows]


def test_every_act_is_an_admins_or_says_whose_it_is() -> None:
    assert sorted({*WORDS, *NO_ADMINS_ACT}) == sorted(ACTS)
    assert not set(WORDS) & set(NO_ADMINS_ACT)


@pytest.mark.parametrize("act", WORDS)
def test_an_admins_act_leaves_a_line_that_the_table_knows(emulator: Emulator, act: str) -> None:
    connected.connect(emulator.org, "orbit-sync")
    words = dict(WORDS[act])
    if act == "recertify_app":
        connected.key_of(emulator.org, "orbit-jwt")
    if act in ("uninstall_package", "connect_outbound", "set_callouts"):
        emulator.act("install_package")
    if act == "delete_certificate":
        emulator.act("create_certificate", name="Signing")
    if act == "revoke_approval":
        words["approval"] = _row(emulator, 'SELECT "Id" FROM "OauthToken"')
    if act == "remove_session":
        words["session"] = _row(emulator, 'SELECT "Id" FROM "AuthSession"')
    before = len(_audit(emulator))
    emulator.act(act, **words)
    lines = _audit(emulator)[before:]
    assert lines, f"{act} left no line"
    for line in lines:
        assert line["Section"] == LINES[line["Action"]].section
        assert line["Display"]
        assert line["CreatedById"] == state.noted(emulator.org.db, "admin_id")


def test_only_names_that_were_seen_on_a_real_org_go_without_our_mark() -> None:
    for action, line in LINES.items():
        assert (line.mark == "inferred") == action.startswith("inferred:")


@pytest.mark.parametrize(
    ("act", "words"), [("set_ip", {"ip": "203.0.113.5"}), ("withdraw_app", APP),
                       ("change_password", SAM), ("approve", APP)],
)  # fmt: skip
def test_what_no_admin_does_leaves_no_line(
    emulator: Emulator, act: str, words: dict[str, Any]
) -> None:
    emulator.act(act, **words)
    assert _audit(emulator) == []


def test_a_confirmed_device_is_in_the_verification_history(emulator: Emulator) -> None:
    emulator.act("confirm_identity", user="sam", ip="203.0.113.5")
    row = state.one(emulator.org.db, 'SELECT * FROM "VerificationHistory"')
    assert row is not None
    assert (row["SourceIp"], row["Status"]) == ("203.0.113.5", "Succeeded")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"redirect_uri": "https://elsewhere.example/cb"}, "OauthError"),
        ({"scope": "full"}, "InvalidScope"),
        ({"response_type": "token"}, "OauthError"),
    ],
)
def test_every_refusal_at_the_browser_has_a_code_in_the_event_log(
    emulator: Emulator, client_for: Any, words: dict[str, str], code: str
) -> None:
    client_for().authorize(**words)
    row = state.one(emulator.org.db, 'SELECT * FROM "IdpEventLog" ORDER BY rowid DESC LIMIT 1')
    assert row is not None
    assert (row["ErrorCode"], row["InitiatedBy"]) == (code, "OauthAuthorize")
