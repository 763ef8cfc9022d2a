"""Three proofs that a connection works, and what proves nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from evergrant import keeper as verbs
from evergrant.errors import NotFound
from evergrant.model import Connection, Identity, Proof
from evergrant.store import connections, revocations
from keeper_kit import (
    BROWSER_APP,
    QUERY,
    RESOURCES,
    TOKEN,
    USERINFO,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    no_session,
    org_fixture,  # noqa: F401 (a fixture)
)

HIDDEN = [{"message": "sObject type 'LoginHistory' is not supported.", "errorCode": "INVALID_TYPE"}]


def proofs(ground: Ground, connection: Connection, *, later_s: float = 0) -> dict[str, Proof]:
    """The proofs for an authorization that lies so many seconds after now."""
    since = ground.keeper.clock.now() + timedelta(seconds=later_s)
    _, found = verbs.prove(ground.keeper, connection.id, since)
    return {each.kind: each for each in found}


def test_the_login_history_row_of_the_authorization_is_quoted(ground: Ground) -> None:
    flow, _ = ground.browsed(ground.integration(), name="Acme")
    row = {each["kind"]: each for each in flow.outcome["proofs"]}["login_history"]
    with ground.org.org.lock:
        newest = ground.org.org.db.execute(
            'SELECT "Id", "SourceIp" FROM "LoginHistory" WHERE "Application" = ?'
            ' AND "Status" = ? ORDER BY "LoginTime" DESC',
            ("Orbit Sync", "Success"),
        ).fetchone()
    assert newest["Id"] in row["detail"]
    assert newest["SourceIp"] in row["detail"]


def test_a_row_older_than_the_authorization_proves_nothing(ground: Ground) -> None:
    connection = ground.connected()
    found = proofs(ground, connection, later_s=60)
    assert found["identity"].proven is True
    assert found["call"].proven is True
    assert found["login_history"].proven is False
    assert "no Success row" in found["login_history"].detail


def test_a_row_of_another_app_proves_nothing(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.advance(timedelta(hours=1))
    ground.control.act("approve", app="pocket-charts", user="integration")
    assert proofs(ground, connection)["login_history"].proven is False


def test_a_row_of_a_refusal_proves_nothing(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.advance(timedelta(minutes=1))
    since = ground.keeper.clock.now()
    ground.control.act("set_profile", profile="Integration User", login_ranges=[["10.0.0.1"] * 2])
    verbs.check(ground.keeper, connection.id, renew=True)
    ground.control.act("set_profile", profile="Integration User", login_ranges=[])
    _, found = verbs.prove(ground.keeper, connection.id, since)
    assert {each.kind: each.proven for each in found}["login_history"] is False


def test_login_history_that_cannot_be_read_is_unproven_and_says_why(ground: Ground) -> None:
    connection = ground.connected()
    ground.fault(QUERY, status=400, body=json.dumps(HIDDEN))
    found = proofs(ground, connection)["login_history"]
    assert found.proven is None
    assert "INVALID_TYPE" in found.detail


def test_a_user_without_api_access_has_no_good_call_and_an_unproven_row(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.act("set_profile", profile="Integration User", permissions={"ApiEnabled": False})
    found = proofs(ground, connection)
    assert found["call"].proven is False
    assert "API_DISABLED_FOR_ORG" in found["call"].detail
    assert found["login_history"].proven is None
    assert "API_DISABLED_FOR_ORG" in found["login_history"].detail


def test_an_identity_that_cannot_be_asked_is_unproven_and_so_is_the_row(ground: Ground) -> None:
    connection = ground.connected()
    ground.fault(USERINFO, status=503, content_type="text/html", body="<h1>Down</h1>")
    found = proofs(ground, connection)
    assert found["identity"].proven is None
    assert found["call"].proven is True
    assert found["login_history"].proven is None


def test_another_identity_than_the_pinned_one_is_not_proven(ground: Ground) -> None:
    connection = ground.connected()
    with ground.keeper.writing() as tx:
        other = Identity("00Dxx0000000000EAA", "005xx0000000000AAA", "who@else.example")
        connections.update(tx, connection.id, identity=other)
    found = proofs(ground, connection)["identity"]
    assert found.proven is False
    assert "00Dxx0000000000EAA" in found.detail


def test_there_is_nothing_to_prove_without_a_credential(ground: Ground) -> None:
    connection = verbs.remove(ground.keeper, ground.connected().id)
    with pytest.raises(NotFound, match="no live credential"):
        verbs.prove(ground.keeper, connection.id, ground.keeper.clock.now())


# --- incidents -----------------------------------------------------------------------------------


def test_the_first_failure_opens_an_incident_with_its_cause(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    incident = ground.incident(connection)
    assert incident is not None
    assert incident.cause == "app-blocked-by-admin"
    assert incident.closed_at is None
    assert [each.kind for each in ground.history(connection, "incident opened")] != []


def test_later_failures_feed_the_one_open_incident(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.act("block_app", app=BROWSER_APP)
    for _ in range(3):
        verbs.check(ground.keeper, connection.id)
    assert len(ground.incidents(connection)) == 1
    assert len(ground.history(connection, "refused")) == 3


def test_an_admins_session_adds_its_level_to_the_incident(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    own = verbs.examine(ground.keeper, connection.id)
    admin = verbs.examine(ground.keeper, connection.id, ground.control.session())
    assert (own.level, admin.level) == ("own", "admin")
    assert admin.cause == "app-blocked-by-admin"
    incident = ground.incident(connection)
    assert incident is not None
    assert incident.cause == admin.cause


def test_proofs_of_a_reauthorization_close_the_incident(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.act("revoke_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    assert ground.reauthorized(connection).status == "done"
    assert ground.incident(connection) is None
    (closed,) = ground.incidents(connection)
    assert closed.closed_at is not None
    assert {each.kind: each.proven for each in closed.proofs} == {
        "identity": True,
        "call": True,
        "login_history": True,
    }


def test_a_proof_that_fails_keeps_the_incident_open(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    ground.control.act("unblock_app", app=BROWSER_APP)
    proofs(ground, connection)
    assert ground.incident(connection) is not None


def test_a_check_closes_the_incident_by_identity_a_good_call_and_the_success_row(
    ground: Ground,
) -> None:
    connection = ground.connected()
    ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    ground.control.act("unblock_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    (closed,) = ground.incidents(connection)
    assert closed.closed_at is not None
    assert [(each.kind, each.proven) for each in closed.proofs] == [
        ("call", True),
        ("identity", True),
        ("login_history", True),
    ]


def test_a_good_call_with_the_token_at_hand_is_no_proof_while_renewals_are_refused(
    ground: Ground,
) -> None:
    connection = ground.connected()
    denied = {"error": "invalid_client_id", "error_description": "client identifier invalid"}
    ground.fault(TOKEN, status=400, body=json.dumps(denied), times=2)
    verbs.check(ground.keeper, connection.id, renew=True)
    assert ground.incident(connection) is not None
    verbs.check(ground.keeper, connection.id)
    assert ground.incident(connection) is not None, "the access token still works, and only that"
    ground.control.ask("POST", "/faults", json=[])
    verbs.check(ground.keeper, connection.id)
    assert ground.incident(connection) is None


def test_a_check_that_finds_another_user_closes_no_incident(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.act("block_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    with ground.keeper.writing() as tx:
        other = Identity("00Dxx0000000000EAA", "005xx0000000000AAA", "who@else.example")
        connections.update(tx, connection.id, identity=other)
    ground.control.act("unblock_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    open_ = ground.incident(connection)
    assert open_ is not None
    assert {each.kind: each.proven for each in open_.proofs}["identity"] is False


def test_a_break_after_a_recovery_is_an_incident_of_its_own(ground: Ground) -> None:
    connection = ground.connected()
    for _ in range(2):
        ground.control.act("block_app", app=BROWSER_APP)
        verbs.check(ground.keeper, connection.id)
        ground.control.act("unblock_app", app=BROWSER_APP)
        verbs.check(ground.keeper, connection.id)
    assert len(ground.incidents(connection)) == 2


def test_a_transient_failure_opens_no_incident_and_sends_no_notice(ground: Ground) -> None:
    connection = ground.connected()
    ground.fault(RESOURCES, drop="before")
    verbs.check(ground.keeper, connection.id)
    assert ground.incidents(connection) == []
    assert ground.notices() == []


def test_trouble_that_stays_opens_an_incident(ground: Ground) -> None:
    connection = ground.connected()
    ground.fault(RESOURCES, drop="before", times=2)
    for _ in range(2):
        verbs.check(ground.keeper, connection.id)
    assert ground.incident(connection) is not None


def test_a_report_about_a_paused_connection_is_remembered_and_changes_nothing(
    ground: Ground,
) -> None:
    connection = verbs.pause(ground.keeper, ground.connected().id)
    said = "invalid_grant: expired access/refresh token"
    verbs.observe_text(ground.keeper, connection.id, said, flow="refresh_token", doing="report")
    assert ground.now(connection.id) == connection
    assert ground.incidents(connection) == []
    assert len(ground.history(connection, "refused")) == 1


# --- removal -------------------------------------------------------------------------------------


def files(ground: Ground) -> bytes:
    """Everything that the keeper wrote to its data folder."""
    folder = ground.keeper.settings.data_dir
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


def test_removing_revokes_at_salesforce_and_wipes_here(ground: Ground) -> None:
    connection = ground.connected()
    kept = ground.live(connection).credential
    gone = verbs.remove(ground.keeper, connection.id)
    assert str(gone.state) == "removed"
    assert not ground.is_live(kept.refresh_token)
    assert not ground.is_live(kept.access_token)
    assert {row.sealed for row in ground.rows(gone)} == {b""}
    assert {row.status for row in ground.rows(gone)} == {"retired"}


def test_no_file_holds_a_token_or_the_consumer_secret_in_plain_text(ground: Ground) -> None:
    connection = ground.connected()
    kept = ground.live(connection).credential
    secret = ground.integration().app.consumer_secret
    verbs.check(ground.keeper, connection.id, renew=True)
    assert kept.refresh_token is not None
    assert secret is not None
    for each in (kept.access_token, kept.refresh_token, secret):
        assert each.reveal().encode() not in files(ground)


def test_removing_takes_the_held_credential_along(ground: Ground) -> None:
    connection = ground.connected()
    ground.reauthorized(connection, ground.stage.person("sam"))
    assert ground.live_refresh_tokens() == 2
    verbs.remove(ground.keeper, connection.id)
    assert ground.live_refresh_tokens() == 0


def test_a_token_that_salesforce_does_not_know_any_more_waits_for_nothing(
    ground: Ground,
) -> None:
    connection = ground.connected()
    kept = ground.live(connection)
    broken = replace(kept.credential, refresh_token=None)
    with ground.keeper.writing() as tx:
        ground.keeper.vault.keep(tx, connection.id, broken, identity=kept.identity, epoch=1)
    ground.control.act("remove_sessions", app=BROWSER_APP)
    gone = verbs.remove(ground.keeper, connection.id)
    assert str(gone.state) == "removed"
    assert {row.sealed for row in ground.rows(gone)} == {b""}
    assert ground.history(gone, "not revoked") == []
    with ground.keeper.reading() as tx:
        assert revocations.waiting(tx) == []


def test_removing_twice_changes_nothing_more(ground: Ground) -> None:
    connection = verbs.remove(ground.keeper, ground.connected().id)
    assert verbs.remove(ground.keeper, connection.id).state is connection.state
    assert len(ground.history(connection, "state changed")) == 2


def test_a_second_401_is_an_incident_not_a_loop(ground: Ground) -> None:
    connection = ground.connected()
    ground.fault(RESOURCES, **no_session(), times=4)
    for _ in range(2):
        verbs.check(ground.keeper, connection.id)
    assert ground.incident(connection) is not None
