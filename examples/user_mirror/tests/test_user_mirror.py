"""The mirror against an org that refuses, rotates, forgets and breaks down as Salesforce does."""

import pytest
from user_mirror import Reconnect, TryLater


def test_it_mirrors_the_active_users(connected, salesforce_org):
    bob = salesforce_org.user("bob")
    assert bob.username in connected.usernames()
    bob.deactivate()
    assert bob.username not in connected.usernames()


def test_a_customer_who_presses_deny_is_told_apart(mirror, ann):
    with pytest.raises(Reconnect, match="end-user denied authorization"):
        mirror.finish(ann.deny(mirror.authorize_url()))


def test_a_dead_session_is_refreshed(connected, app, salesforce_org):
    app.end_sessions()
    assert connected.usernames()
    newest = salesforce_org.login_history()[-1]
    assert (newest.status, newest.subtype) == ("Success", "OauthRefreshToken")
    assert newest.application == "User Mirror"


def test_a_session_that_idled_too_long_is_refreshed(connected, salesforce_org):
    salesforce_org.clock.advance(hours=3)
    assert connected.usernames()


def test_a_rotated_refresh_token_is_kept(connected, app, salesforce_org):
    app.set(rotation=True)
    for _ in range(3):
        app.end_sessions()
        assert connected.usernames()
    assert [each.outcome for each in salesforce_org.attempts()][-1] == "issued"


def test_a_refresh_token_that_outlived_the_policy_asks_for_a_person(connected, app, salesforce_org):
    app.set(refresh_policy="specific_lifetime:90:DAYS")
    salesforce_org.clock.advance(days=91)
    with pytest.raises(Reconnect, match="expired access/refresh token"):
        connected.usernames()


def test_an_app_that_the_admin_blocked_asks_for_a_person(connected, app, salesforce_org):
    app.block()
    with pytest.raises(Reconnect):
        connected.usernames()
    assert salesforce_org.attempts()[-1].gate == "app_blocked"


def test_a_frozen_user_asks_for_a_person(connected, ann):
    ann.freeze()
    with pytest.raises(Reconnect, match="inactive user"):
        connected.usernames()


def test_a_refresh_that_meets_another_waits_and_goes_on(connected, app, salesforce_org, waits):
    app.end_sessions()
    salesforce_org.fault("contention", times=2)
    assert connected.usernames()
    assert waits == [0.5, 1.0]


@pytest.mark.parametrize("trouble", ["system-down", "server-error", "reset-before"])
def test_an_outage_is_no_dead_credential(connected, app, salesforce_org, waits, trouble):
    app.end_sessions()
    salesforce_org.fault(trouble, times=100, path="/services/oauth2/token")
    with pytest.raises(TryLater):
        connected.usernames()
    salesforce_org.lift_faults()
    assert connected.usernames()


def test_a_rotated_secret_asks_for_a_person(connected, app):
    app.end_sessions()
    app.rotate_secret()
    with pytest.raises(Reconnect, match="invalid client credentials"):
        connected.usernames()


def test_a_login_range_of_the_profile_keeps_the_refresh_out(connected, app, salesforce_org):
    salesforce_org.set_profile(
        "System Administrator", login_ranges=[["203.0.113.1", "203.0.113.9"]]
    )
    app.end_sessions()
    with pytest.raises(Reconnect, match="ip restricted"):
        connected.usernames()
    assert salesforce_org.login_history()[-1].status == "Restricted IP"
