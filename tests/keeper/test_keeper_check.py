"""Checking a connection: what a refusal may and may not conclude, and one refresh at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from evergrant import evidence
from evergrant import keeper as verbs
from evergrant.errors import CouldNotLook, Misuse, NotSent, OutcomeUnknown, Refused
from evergrant.health import Signal, State
from evergrant.keeper.lease import RENEW
from evergrant.model import Connection
from evergrant.store import due, events
from keeper_kit import (
    BROWSER_APP,
    JWT_APP,
    KEY,
    RESOURCES,
    SERVER_APP,
    TOKEN,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    no_session,
    org_fixture,  # noqa: F401 (a fixture)
)

NOT_FOR_REST = "This session is not valid for use with the REST API"
BUSY = {"error": "invalid_grant", "error_description": "token request is already being processed"}


def refreshes(ground: Ground) -> int:
    asked = ground.requests(TOKEN)
    return sum(each["parameters"].get("grant_type") == "refresh_token" for each in asked)


# --- renewal -------------------------------------------------------------------------------------


def test_a_working_connection_is_proved_by_one_call_and_no_refresh(ground: Ground) -> None:
    connection = ground.connected()
    checked = verbs.check(ground.keeper, connection.id)
    assert (checked.failure, checked.signal) == (None, Signal.PROVED)
    assert refreshes(ground) == 0
    assert ground.now(connection.id).last_success is not None


def test_an_expired_session_is_cured_by_one_refresh(ground: Ground) -> None:
    connection = ground.connected()
    before = ground.live(connection)
    ground.control.act("expire_sessions", app=BROWSER_APP)
    assert verbs.check(ground.keeper, connection.id).failure is None
    after = ground.live(connection)
    assert refreshes(ground) == 1
    assert after.generation == before.generation + 1
    assert after.credential.access_token != before.credential.access_token
    assert ground.incidents(connection) == []


def test_without_rotation_the_refresh_token_stays(ground: Ground) -> None:
    connection = ground.connected()
    before = ground.live(connection).credential
    verbs.check(ground.keeper, connection.id, renew=True)
    after = ground.live(connection).credential
    assert after.refresh_token == before.refresh_token
    assert after.scopes == before.scopes
    (event,) = ground.history(connection, "renewed")
    assert event.data["rotated"] is False


def test_with_rotation_every_new_refresh_token_is_stored_before_it_is_used(ground: Ground) -> None:
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    connection = ground.connected()
    seen = [ground.live(connection).credential.refresh_token]
    for generation in (1, 2, 3):
        assert verbs.check(ground.keeper, connection.id, renew=True).failure is None
        kept = ground.live(connection)
        assert kept.generation == generation
        seen.append(kept.credential.refresh_token)
    assert len(set(seen)) == 4
    assert [each.data["rotated"] for each in ground.history(connection, "renewed")] == [True] * 3
    spent = [each.data["spent"] for each in ground.history(connection, "renewed")]
    assert spent == [each.fingerprint for each in seen[:3] if each]


def test_a_token_that_was_spent_twice_is_seen_in_the_history(ground: Ground) -> None:
    """A second master, such as a restored backup, sends what has been rotated away."""
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    connection = ground.connected()
    backup = ground.live(connection)
    verbs.check(ground.keeper, connection.id, renew=True)
    with ground.keeper.writing() as tx:
        ground.keeper.vault.keep(
            tx, connection.id, backup.credential, identity=backup.identity, epoch=1
        )
    ground.control.act("expire_sessions", app=BROWSER_APP)
    checked = verbs.check(ground.keeper, connection.id)
    assert checked.connection.state is State.NEEDS_REAUTHORIZATION
    with ground.keeper.reading() as tx:
        past = events.recent(tx, connection.id, limit=200)
    integration = ground.stage.integration(BROWSER_APP)
    now = ground.keeper.clock.now()
    facts = {f.name: f.value for f in evidence.of_history(connection, integration, past, now=now)}
    assert facts["own.rotation_seen"] is True
    assert facts["own.same_token_sent_twice"] is True


@pytest.mark.parametrize("app", [JWT_APP, SERVER_APP])
def test_a_flow_without_refresh_token_is_minted_anew(ground: Ground, app: str) -> None:
    connection = ground.connected(app=app)
    ground.control.act("expire_sessions", app=app)
    assert verbs.check(ground.keeper, connection.id).failure is None
    assert ground.live(connection).generation == 1


def test_an_authorization_without_refresh_token_dies_with_its_session(ground: Ground) -> None:
    integration = ground.integration()
    scopes = replace(integration, app=replace(integration.app, scopes=("api", "id", "openid")))
    with ground.keeper.writing() as tx:
        ground.keeper.vault.save_integration(tx, scopes)
    flow, _ = ground.browsed(scopes, name="Acme")
    ground.control.act("expire_sessions", app=BROWSER_APP)
    checked = verbs.check(ground.keeper, flow.connection)
    assert isinstance(checked.failure, Refused)
    assert checked.connection.state is State.NEEDS_REAUTHORIZATION
    assert refreshes(ground) == 0


# --- what may be concluded -----------------------------------------------------------------------


def test_a_session_that_is_not_valid_for_the_rest_api_is_never_refreshed(ground: Ground) -> None:
    connection = ground.connected()
    said = json.dumps([{"message": NOT_FOR_REST, "errorCode": "INVALID_SESSION_ID"}])
    ground.fault(RESOURCES, status=401, body=said)
    checked = verbs.check(ground.keeper, connection.id)
    assert isinstance(checked.failure, Refused)
    assert checked.failure.description == NOT_FOR_REST
    assert refreshes(ground) == 0
    assert checked.connection.state is not State.NEEDS_REAUTHORIZATION


def test_a_second_401_with_a_new_token_ends_the_check_after_one_refresh(ground: Ground) -> None:
    connection = ground.connected()
    called = len(ground.requests(RESOURCES))
    ground.fault(RESOURCES, **no_session(), times=9)
    checked = verbs.check(ground.keeper, connection.id)
    assert isinstance(checked.failure, Refused)
    assert refreshes(ground) == 1
    assert len(ground.requests(RESOURCES)) == called + 2
    assert ground.live(connection).generation == 1, "the new token is stored all the same"


@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize("path", [RESOURCES, TOKEN])
def test_a_network_that_fails_degrades_and_never_kills(
    ground: Ground, path: str, drop: str
) -> None:
    connection = ground.connected()
    ground.control.act("expire_sessions", app=BROWSER_APP)
    ground.fault(path, drop=drop)
    checked = verbs.check(ground.keeper, connection.id)
    assert isinstance(checked.failure, OutcomeUnknown)
    assert checked.connection.state is State.DEGRADED
    assert ground.incidents(connection) == []
    assert verbs.check(ground.keeper, connection.id).connection.state is State.CONNECTED


def test_an_org_that_is_away_degrades_and_never_kills(ground: Ground) -> None:
    connection = ground.connected()
    kept = ground.live(connection)
    elsewhere = replace(kept.credential, instance_url="http://127.0.0.1:1")
    with ground.keeper.writing() as tx:
        ground.keeper.vault.keep(tx, connection.id, elsewhere, identity=kept.identity, epoch=1)
    checked = verbs.check(ground.keeper, connection.id)
    assert isinstance(checked.failure, NotSent)
    assert checked.connection.state is State.DEGRADED


def test_a_maintenance_page_degrades_and_never_kills(ground: Ground) -> None:
    connection = ground.connected()
    page = "<html><body>We are down for maintenance.</body></html>"
    ground.fault(RESOURCES, status=503, content_type="text/html", body=page)
    checked = verbs.check(ground.keeper, connection.id)
    assert checked.connection.state is State.DEGRADED


def test_a_token_request_that_is_already_being_processed_is_not_dead(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.act("expire_sessions", app=BROWSER_APP)
    ground.fault(TOKEN, status=400, body=json.dumps(BUSY))
    checked = verbs.check(ground.keeper, connection.id)
    assert isinstance(checked.failure, Refused)
    assert checked.connection.state is State.DEGRADED
    assert verbs.check(ground.keeper, connection.id).connection.state is State.CONNECTED


def test_a_revoked_refresh_token_needs_reauthorization(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.act("revoke_app", app=BROWSER_APP)
    checked = verbs.check(ground.keeper, connection.id)
    assert checked.connection.state is State.NEEDS_REAUTHORIZATION
    assert checked.flow == "refresh_token"
    assert [each.kind for each in ground.notices()] == ["broken"]


def test_a_blocked_app_waits_for_the_admin_and_works_again_once_unblocked(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.act("block_app", app=BROWSER_APP)
    assert verbs.check(ground.keeper, connection.id).connection.state is State.BLOCKED_BY_ADMIN
    ground.control.act("unblock_app", app=BROWSER_APP)
    assert verbs.check(ground.keeper, connection.id).connection.state is State.CONNECTED
    assert [each.kind for each in ground.notices()] == ["broken", "recovered"]


def test_a_refusal_of_a_token_that_is_no_longer_in_use_buries_nobody(ground: Ground) -> None:
    """The late loser: a reauthorization came while the old token was on its way."""
    connection = ground.connected()
    back = ground.called_back(connection_id=connection.id)
    ground.control.act("revoke_app", app=BROWSER_APP)
    ground.fault(RESOURCES, **no_session(), delay_s=0.6)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(verbs.check, ground.keeper, connection.id)
        while ground.control.ask("GET", "/faults")[0]["times"]:
            pass
        assert verbs.finish(ground.keeper, back.url, back.cookie).status == "returned"
        assert late.result().failure is None
    assert ground.now(connection.id).state is State.CONNECTED
    assert ground.notices() == []


def test_a_check_that_slept_through_its_turn_does_not_spend_the_token_that_was_rotated_away(
    ground: Ground,
) -> None:
    """A laptop that was closed: reuse of the old token would revoke the new one with it."""
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    connection = ground.connected()
    ground.fault(RESOURCES, **no_session(), delay_s=0.6, times=1)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(verbs.check, ground.keeper, connection.id)
        while ground.control.ask("GET", "/faults")[0]["times"]:
            pass
        ground.control.advance(due.LEASE)
        assert verbs.check(ground.keeper, connection.id, renew=True).failure is None
        assert late.result().failure is None
    assert refreshes(ground) == 1
    assert ground.is_live(ground.live(connection).credential.refresh_token)


# --- an answer that never came -------------------------------------------------------------------


def test_a_rotated_token_whose_answer_was_lost_is_named_as_lost(ground: Ground) -> None:
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    connection = ground.connected()
    verbs.check(ground.keeper, connection.id, renew=True)
    ground.control.act("expire_sessions", app=BROWSER_APP)
    ground.fault(TOKEN, drop="after")
    assert verbs.check(ground.keeper, connection.id).connection.state is State.DEGRADED
    checked = verbs.check(ground.keeper, connection.id)
    assert checked.connection.state is State.NEEDS_REAUTHORIZATION
    lost = [each.data["answer_lost"] for each in ground.history(connection, "renewal sent")]
    assert lost == [False, False, True]
    assert checked.diagnosis is not None
    assert checked.diagnosis.first is not None
    assert checked.diagnosis.first.refined == "refresh-token-lost-in-crash"


def test_an_answer_that_came_is_not_called_lost(ground: Ground) -> None:
    connection = ground.connected()
    for _ in range(2):
        verbs.check(ground.keeper, connection.id, renew=True)
    lost = [each.data["answer_lost"] for each in ground.history(connection, "renewal sent")]
    assert lost == [False, False]


# --- left alone ----------------------------------------------------------------------------------


def paused(ground: Ground) -> Connection:
    return verbs.pause(ground.keeper, ground.connected().id)


def removed(ground: Ground) -> Connection:
    return verbs.remove(ground.keeper, ground.connected().id)


@pytest.mark.parametrize("make", [paused, removed])
def test_what_is_paused_or_removed_is_left_alone(
    ground: Ground, make: Callable[[Ground], Connection]
) -> None:
    connection = make(ground)
    asked = len(ground.control.ask("GET", "/history"))
    checked = verbs.check(ground.keeper, connection.id, renew=True)
    assert isinstance(checked.failure, Misuse)
    assert len(ground.control.ask("GET", "/history")) == asked
    assert ground.now(connection.id).state is connection.state


def test_a_connection_that_is_paused_during_a_check_stays_paused(ground: Ground) -> None:
    connection = ground.connected()
    ground.fault(RESOURCES, delay_s=0.4, times=1)
    with ThreadPoolExecutor(1) as pool:
        checking = pool.submit(verbs.check, ground.keeper, connection.id)
        while ground.control.ask("GET", "/faults")[0]["times"]:
            pass
        verbs.pause(ground.keeper, connection.id)
        checking.result()
    assert ground.now(connection.id).state is State.PAUSED
    with ground.keeper.reading() as tx:
        assert due.times(tx, connection.id) == {}


def test_a_resumed_connection_is_unproven_until_the_next_check(ground: Ground) -> None:
    connection = paused(ground)
    assert verbs.resume(ground.keeper, connection.id).state is State.DEGRADED
    assert verbs.check(ground.keeper, connection.id).connection.state is State.CONNECTED


# --- one at a time -------------------------------------------------------------------------------


def test_checks_in_many_threads_make_one_refresh(ground: Ground) -> None:
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    connection = ground.connected()
    ground.control.act("expire_sessions", app=BROWSER_APP)
    ground.fault(TOKEN, delay_s=0.2)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: verbs.check(ground.keeper, connection.id), range(6)))
    assert [each.failure for each in found] == [None] * 6
    assert refreshes(ground) == 1
    assert ground.live(connection).generation == 1


ELSEWHERE = """
import sys
from evergrant import keeper
from evergrant.settings import load
with keeper.open_keeper(load()) as opened:
    sys.exit(keeper.check(opened, sys.argv[1]).failure is not None)
"""


def test_checks_in_two_processes_make_one_refresh(ground: Ground) -> None:
    ground.control.act("set_app", app=BROWSER_APP, rotation=True)
    connection = ground.connected()
    ground.control.act("expire_sessions", app=BROWSER_APP)
    ground.fault(TOKEN, delay_s=1.0)
    environ = {**os.environ, **KEY, "EVERGRANT_DATA_DIR": str(ground.keeper.settings.data_dir)}
    command = [sys.executable, "-c", ELSEWHERE, connection.id]
    started = [subprocess.Popen(command, env=environ) for _ in range(2)]
    assert [each.wait(timeout=60) for each in started] == [0, 0]
    assert refreshes(ground) == 1
    assert ground.live(connection).generation == 1


def test_a_check_that_never_gets_its_turn_says_so_and_changes_nothing(ground: Ground) -> None:
    connection, now = ground.connected(), ground.keeper.clock.now()
    with ground.keeper.writing() as tx:
        due.take(tx, RENEW, connection.id, now, owner="another", lease=timedelta(hours=1))
    with pytest.raises(CouldNotLook, match="elsewhere"):
        verbs.check(ground.keeper, connection.id)
    assert ground.now(connection.id) == connection


def test_the_turn_of_a_process_that_died_is_taken_over_when_its_lease_ends(ground: Ground) -> None:
    connection, now = ground.connected(), ground.keeper.clock.now()
    with ground.keeper.writing() as tx:
        due.take(tx, RENEW, connection.id, now, owner="dead", lease=due.LEASE)
    ground.control.advance(due.LEASE)
    assert verbs.check(ground.keeper, connection.id).failure is None
