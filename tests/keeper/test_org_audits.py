"""Audits of connections' orgs: kept, told by what came and went, and never in a refresh's way."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from evergrant import keeper as verbs
from evergrant.errors import CouldNotLook
from evergrant.health import State
from evergrant.keeper.fresh import fresh_token
from evergrant.keeper.org_audits import AUDITED, CHANGED, audit_due, audit_org
from evergrant.keeper.record import AUDIT
from evergrant.model import Connection
from evergrant.store import due, org_audits, usage
from evergrant.store.org_audits import Found, OrgAudit
from evergrant.watch import audit_next, watching
from keeper_kit import (
    BROWSER_APP,
    TOKEN,
    Ground,
    ground_fixture,
    no_session,
    org_fixture,
)
from store_kit import each_database_fixture

__all__ = ["each_database_fixture", "ground_fixture", "org_fixture"]
pytestmark = pytest.mark.usefixtures("each_database")
DAY = timedelta(days=1)


def known(ground: Ground, connection: Connection) -> OrgAudit:
    with ground.keeper.reading() as tx:
        found = org_audits.of(tx, connection.id)
    assert found is not None
    return found


def rules(found: tuple[Found, ...], app: str = "Orbit Sync") -> set[str]:
    return {each.rule for each in found if each.app == app}


def due_at(ground: Ground, connection: Connection) -> timedelta | None:
    with ground.keeper.reading() as tx:
        at = due.times(tx, connection.id).get(AUDIT)
    return at - ground.keeper.clock.now() if at else None


def by_admin(ground: Ground, connection: Connection) -> Any:
    return audit_org(ground.keeper, connection.id, ground.control.session())


def set_app(ground: Ground, **how: Any) -> None:
    ground.control.act("set_app", app=BROWSER_APP, **how)


# --- when ----------------------------------------------------------------------------------------


def test_an_org_is_audited_soon_after_it_was_connected_and_every_day_then(ground: Ground) -> None:
    connection = ground.connected()
    assert audit_next(ground.keeper, "me") is False, "the first syncs go first"
    ground.control.advance(timedelta(minutes=1))
    assert audit_next(ground.keeper, "me") is True
    assert known(ground, connection).eyes == "own"
    assert audit_next(ground.keeper, "me") is False
    ground.control.advance(DAY)
    assert audit_next(ground.keeper, "me") is True
    assert audit_next(ground.keeper, "me") is False


def test_the_interval_is_a_setting(ground: Ground) -> None:
    connection = ground.connected()
    keeper = ground.keeper
    object.__setattr__(keeper, "settings", keeper.settings.but(audit_interval_s=3600))
    audit_org(keeper, connection.id)
    left = due_at(ground, connection)
    assert left is not None
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


def test_a_broken_connection_keeps_what_was_found_before_and_is_left_alone(ground: Ground) -> None:
    connection = ground.connected()
    by_admin(ground, connection)
    before = known(ground, connection)
    ground.control.act("revoke_app", app=BROWSER_APP)
    verbs.check(ground.keeper, connection.id)
    assert ground.now(connection.id).state is State.NEEDS_REAUTHORIZATION
    ground.control.advance(DAY)
    asked = len(ground.requests(TOKEN))
    assert audit_next(ground.keeper, "me") is True
    assert len(ground.requests(TOKEN)) == asked
    assert known(ground, connection) == before
    left = due_at(ground, connection)
    assert left is not None
    assert left > timedelta(hours=23), "and yet it is looked at again tomorrow"


def test_a_paused_connection_is_not_due_and_a_resumed_one_is(ground: Ground) -> None:
    connection = ground.connected()
    verbs.pause(ground.keeper, connection.id)
    assert due_at(ground, connection) is None
    verbs.resume(ground.keeper, connection.id)
    assert due_at(ground, connection) is not None


# --- what ----------------------------------------------------------------------------------------


def test_a_permission_poor_token_takes_nothing_away_that_an_admin_saw(ground: Ground) -> None:
    connection = ground.connected()
    set_app(ground, refresh_policy="zero")
    by_admin(ground, connection)
    seen = known(ground, connection)
    assert "refresh-policy-zero" in rules(seen.found)
    assert seen.hidden == ()
    set_app(ground, refresh_policy="infinite")
    ground.control.advance(DAY)
    done = audit_org(ground.keeper, connection.id)
    assert done.gone == ()
    after = known(ground, connection)
    assert "refresh-policy-zero" in rules(after.found), "it could not look"
    assert after.eyes == "own"
    whats = [each.what for each in after.hidden]
    assert len(whats) == len(set(whats)) > 2
    assert all(each.hides for each in after.hidden if "OauthToken" in each.what)
    (old,) = [each for each in after.found if each.rule == "refresh-policy-zero"]
    assert old.seen < after.at  # type: ignore[operator]


def test_an_own_token_judges_its_own_users_grants_and_nobody_elses(ground: Ground) -> None:
    connection, *_ = [ground.connected(f"Acme {number}") for number in range(5)]
    ground.browsed(ground.integration(), person=ground.stage.person("rita"), name="Rita's")
    who = connection.identity
    assert who is not None
    every = by_admin(ground, connection).report.tallies["approvals-near-limit"]
    done = audit_org(ground.keeper, connection.id)
    own = done.report.tallies["approvals-near-limit"]
    assert (every.failed, every.passed) == (1, 1)
    assert (own.failed, own.passed) == (1, 0)
    (near,) = [each for each in done.report.findings if each.rule == "approvals-near-limit"]
    assert near.name == f"{who.username} of Orbit Sync"
    assert "app-not-installed" in {each.by.id for each in done.report.unjudged}


def test_what_came_and_what_went_since_the_last_audit_are_events(ground: Ground) -> None:
    connection = ground.connected()
    by_admin(ground, connection)
    (first,) = ground.history(connection, AUDITED)
    assert first.text.endswith("findings")
    by_admin(ground, connection)
    assert ground.history(connection, CHANGED) == [], "nothing changed"
    set_app(ground, refresh_policy="zero")
    ground.control.advance(DAY)
    assert "refresh-policy-zero" in rules(by_admin(ground, connection).new)
    set_app(ground, refresh_policy="infinite")
    assert "refresh-policy-zero" in rules(by_admin(ground, connection).gone)
    came, went = ground.history(connection, CHANGED)
    assert "new: refresh-policy-zero (Orbit Sync)" in came.text
    assert "gone: refresh-policy-zero (Orbit Sync)" in went.text
    assert ["refresh-policy-zero", "app", "orbit_sync"] in went.data["gone"]
    assert "refresh-policy-zero" not in rules(known(ground, connection).found)


def test_a_grant_that_is_no_more_is_gone_for_whoever_may_see_grants(ground: Ground) -> None:
    connection = ground.connected()
    who = connection.identity
    assert who is not None
    ground.control.act("freeze_user", user=ground.stage.person().username)
    frozen = by_admin(ground, connection)
    assert "token-of-gone-user" in rules(frozen.known.found)
    ground.control.act("revoke_app", app=BROWSER_APP)
    assert "token-of-gone-user" in rules(by_admin(ground, connection).gone)


def test_a_finding_keeps_the_day_on_which_it_was_found_first(ground: Ground) -> None:
    connection = ground.connected()
    by_admin(ground, connection)
    first = known(ground, connection).found[0]
    ground.control.advance(DAY)
    by_admin(ground, connection)
    again = known(ground, connection).found[0]
    assert (again.key, again.since) == (first.key, first.since)
    assert again.seen - first.seen >= DAY


def test_that_an_audit_could_not_look_is_kept_and_it_is_tried_again_in_an_hour(
    ground: Ground,
) -> None:
    connection = ground.connected()
    by_admin(ground, connection)
    found = known(ground, connection).found
    ground.control.advance(DAY)
    ground.fault("/services/data/v66.0", **no_session())
    with pytest.raises(CouldNotLook):
        audit_due(ground.keeper, connection.id)
    after = known(ground, connection)
    assert "INVALID_SESSION_ID" in after.trouble
    assert (after.found, after.at) == (found, after.at)
    assert ground.now(connection.id).state is State.CONNECTED, "a check says so, or nobody"
    ground.control.ask("POST", "/faults", json=[])
    assert audit_next(ground.keeper, "me") is False
    ground.control.advance(timedelta(hours=1))
    verbs.check(ground.keeper, connection.id)
    assert audit_next(ground.keeper, "me") is True
    assert known(ground, connection).trouble == ""


# --- in nobody's way -----------------------------------------------------------------------------


def test_an_audit_by_itself_asks_for_no_token_and_is_no_use_by_an_application(
    ground: Ground,
) -> None:
    connection = ground.connected()
    asked = len(ground.requests(TOKEN))
    audit_due(ground.keeper, connection.id)
    assert len(ground.requests(TOKEN)) == asked
    with ground.keeper.reading() as tx:
        assert usage.last(tx, connection.id) is None


def test_a_refresh_does_not_wait_for_an_audit_that_hangs(ground: Ground) -> None:
    connection = ground.connected()
    ground.fault("/services/data/v66.0/query", delay_s=3)
    audit = threading.Thread(target=audit_due, args=(ground.keeper, connection.id))
    audit.start()
    began = time.monotonic()
    at_hand = ground.live(connection).credential.access_token.fingerprint
    token = fresh_token(ground.keeper, connection.id, not_token=at_hand)
    took = time.monotonic() - began
    assert token.fingerprint != at_hand
    assert audit.is_alive(), "the audit was under way all the time"
    ground.control.ask("POST", "/faults", json=[])
    audit.join()
    assert took < 3


def test_the_watch_audits_beside_its_checks(ground: Ground) -> None:
    connection = ground.connected()
    ground.control.advance(timedelta(minutes=2))
    with watching(ground.house):
        until = time.monotonic() + 60
        while not ground.history(connection, AUDITED):
            assert time.monotonic() < until
            time.sleep(0.05)
