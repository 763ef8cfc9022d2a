"""Identity pinning: another org or user replaces nothing before a person chooses."""

from __future__ import annotations

import json

import pytest

from evergrant import keeper as verbs
from evergrant.errors import Misuse
from evergrant.health import Signal, State
from evergrant.model import Connection
from keeper_kit import (
    USERINFO,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)


def held_by_sam(ground: Ground) -> Connection:
    """A connection that sam reauthorized, although it is the integration user's."""
    connection = ground.connected()
    flow = ground.reauthorized(connection, ground.stage.person("sam"))
    assert flow.status == "on_hold"
    return ground.now(connection.id)


def test_another_user_is_put_on_hold_and_nothing_is_replaced(ground: Ground) -> None:
    before = ground.connected()
    old = ground.live(before)
    flow = ground.reauthorized(before, ground.stage.person("sam"))
    after = ground.now(before.id)
    assert flow.status == "on_hold"
    assert after.state is State.ON_HOLD
    assert (after.identity, after.epoch) == (before.identity, before.epoch)
    assert ground.live(after) == old
    assert ground.is_live(old.credential.refresh_token)
    held = ground.held(after)
    assert held is not None
    assert held.identity.username.startswith("sam@")
    assert [each.kind for each in ground.notices()] == ["on hold"]


def test_another_org_is_put_on_hold_even_with_the_same_user_id(ground: Ground) -> None:
    before = ground.connected()
    assert before.identity is not None
    other = {
        "organization_id": "00Dxx0000000000EAA",
        "user_id": before.identity.user_id,
        "preferred_username": before.identity.username,
    }
    ground.fault(USERINFO, status=200, body=json.dumps(other))
    assert ground.reauthorized(before).status == "on_hold"
    assert ground.now(before.id).identity == before.identity


def test_keeping_the_one_before_revokes_what_came_back(ground: Ground) -> None:
    connection = held_by_sam(ground)
    old, held = ground.live(connection), ground.held(connection)
    assert held is not None
    kept = verbs.release(ground.keeper, connection.id, switch=False)
    assert kept.state is State.DEGRADED, "unproven until the next check"
    assert ground.live(kept) == old
    assert ground.held(kept) is None
    assert not ground.is_live(held.credential.refresh_token)
    assert verbs.check(ground.keeper, kept.id).connection.state is State.CONNECTED


def test_switching_takes_the_other_user_with_name_and_all_and_revokes_the_old_token(
    ground: Ground,
) -> None:
    connection = held_by_sam(ground)
    old = ground.live(connection)
    switched = verbs.release(ground.keeper, connection.id, switch=True)
    assert switched.state is State.CONNECTED
    assert switched.identity is not None
    assert switched.identity.username.startswith("sam@")
    assert (switched.id, switched.epoch) == (connection.id, connection.epoch + 1)
    assert not ground.is_live(old.credential.refresh_token)
    assert ground.is_live(ground.live(switched).credential.refresh_token)


def test_switching_goes_on_at_the_login_host_where_the_new_one_was_given(ground: Ground) -> None:
    before = ground.connected()
    elsewhere = ground.org.url.replace("127.0.0.1", "localhost")
    keeper = ground.keeper
    integration = ground.integration()
    settings = keeper.settings.but(allowed_hosts=(elsewhere.removeprefix("http://"),))
    object.__setattr__(keeper, "settings", settings)
    person = ground.stage.person("sam")
    how = {"connection_id": before.id, "login_host": elsewhere}
    flow, _ = ground.browsed(integration, person=person, **how)
    assert flow.status == "on_hold"
    assert ground.now(before.id).login_host == before.login_host
    assert verbs.release(keeper, before.id, switch=True).login_host == elsewhere


def test_a_hold_ends_when_the_right_user_reauthorizes_after_all(ground: Ground) -> None:
    connection = held_by_sam(ground)
    stranger = ground.held(connection)
    assert stranger is not None
    assert ground.reauthorized(connection).status == "done"
    after = ground.now(connection.id)
    assert after.state is State.CONNECTED
    assert ground.held(after) is None
    assert not ground.is_live(stranger.credential.refresh_token)
    assert ground.live_refresh_tokens() == 1


def test_a_second_stranger_displaces_the_first_and_the_first_is_revoked(ground: Ground) -> None:
    connection = held_by_sam(ground)
    first = ground.held(connection)
    ground.control.act("set_app", app="orbit-sync", admin_approved=False)
    assert ground.reauthorized(connection, ground.stage.person("admin")).status == "on_hold"
    second = ground.held(connection)
    assert first is not None
    assert second is not None
    assert not ground.is_live(first.credential.refresh_token)
    assert ground.is_live(second.credential.refresh_token)


def test_a_connection_on_hold_is_left_alone_by_checks(ground: Ground) -> None:
    connection = held_by_sam(ground)
    asked = len(ground.control.ask("GET", "/history"))
    checked = verbs.check(ground.keeper, connection.id)
    assert checked.signal is Signal.PAUSE
    assert len(ground.control.ask("GET", "/history")) == asked


def test_nothing_is_released_where_nothing_is_on_hold(ground: Ground) -> None:
    connection = ground.connected()
    with pytest.raises(Misuse, match="not on hold"):
        verbs.release(ground.keeper, connection.id, switch=True)
