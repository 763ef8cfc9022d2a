"""Connecting and reauthorizing through the browser, against the emulated org."""

from __future__ import annotations

import pytest

from evergrant import keeper as verbs
from evergrant.errors import BadInput, HostRefused, Misuse
from evergrant.health import State
from evergrant.store import connections
from keeper_kit import (
    BROWSER_APP,
    RESOURCES,
    REVOKE,
    TOKEN,
    USERINFO,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    no_session,
    org_fixture,  # noqa: F401 (a fixture)
)


def test_a_first_connect_is_live_pinned_and_proven_three_times(ground: Ground) -> None:
    flow, _ = ground.browsed(ground.integration(), name="Acme")
    connection = ground.now("Acme")
    assert flow.status == "done"
    assert [each["proven"] for each in flow.outcome["proofs"]] == [True, True, True]
    assert connection.state is State.CONNECTED
    assert connection.epoch == 1
    assert connection.identity is not None
    assert connection.identity.username == ground.stage.person().username
    assert ground.live(connection).identity == connection.identity


def test_reauthorizing_in_place_keeps_id_name_and_settings_and_raises_the_epoch(
    ground: Ground,
) -> None:
    before = ground.connected()
    with ground.keeper.writing() as tx:
        connections.update(tx, before.id, settings={"sync": "hourly"})
    assert ground.reauthorized(before).status == "done"
    after = ground.now(before.id)
    assert (after.name, dict(after.settings)) == (before.name, {"sync": "hourly"})
    assert after.epoch == before.epoch + 1
    assert after.state is State.CONNECTED
    assert [each.kind for each in ground.history(after, "reauthorized")] == ["reauthorized"]


def test_reauthorizing_revokes_the_old_refresh_token_and_wipes_it(ground: Ground) -> None:
    connection = ground.connected()
    old = ground.live(connection).credential.refresh_token
    ground.reauthorized(connection)
    new = ground.live(connection).credential.refresh_token
    assert not ground.is_live(old)
    assert ground.is_live(new)
    assert [row.sealed for row in ground.rows(connection) if row.status == "retired"] == [b""]


@pytest.mark.parametrize("path", [USERINFO, RESOURCES])
def test_the_old_credential_stays_live_when_the_new_one_cannot_be_verified(
    ground: Ground, path: str
) -> None:
    connection = ground.connected()
    old = ground.live(connection)
    ground.fault(path, **no_session())
    flow = ground.reauthorized(connection)
    assert flow.status == "refused"
    assert "Session expired" in flow.outcome["error"] or "401" in flow.outcome["error"]
    assert ground.live(connection) == old
    assert ground.held(connection) is None
    assert ground.is_live(old.credential.refresh_token)
    assert ground.live_refresh_tokens() == 1, "the new one was revoked"
    after = ground.now(connection.id)
    assert (after.epoch, after.state) == (connection.epoch, State.CONNECTED)


def test_a_failed_first_connect_leaves_no_connection_no_secret_and_no_token(
    ground: Ground,
) -> None:
    ground.fault(RESOURCES, **no_session())
    flow, _ = ground.browsed(ground.integration(), name="Acme")
    assert flow.status == "refused"
    gone = ground.now("Acme")
    assert gone.state is State.REMOVED
    assert {row.sealed for row in ground.rows(gone)} == {b""}
    assert ground.live_refresh_tokens() == 0
    assert ground.connected("Acme").id != gone.id, "the name is free again"


def test_an_old_token_that_cannot_be_revoked_is_written_down_and_the_new_one_works(
    ground: Ground,
) -> None:
    connection = ground.connected()
    ground.fault(REVOKE, status=503, content_type="text/html", body="<h1>Down</h1>")
    assert ground.reauthorized(connection).status == "done"
    assert ground.now(connection.id).state is State.CONNECTED
    (event,) = ground.history(connection, "not revoked")
    assert "503" in event.text


def test_a_callback_whose_exchange_is_cut_off_is_refused_and_the_old_credential_stays(
    ground: Ground,
) -> None:
    connection = ground.connected()
    old = ground.live(connection)
    ground.fault(TOKEN, drop="after")
    assert ground.reauthorized(connection).status == "refused"
    assert ground.live(connection) == old
    assert ground.now(connection.id).state is State.CONNECTED


def test_a_person_who_denies_leaves_a_working_connection_connected(ground: Ground) -> None:
    connection = ground.connected()
    person = ground.stage.person("rita")
    no = type(person)(person.username, person.password, answer="Deny")
    flow = ground.reauthorized(connection, no)
    assert flow.status == "refused"
    assert "access_denied" in flow.outcome["error"]
    assert flow.outcome["cause"] == "user-denied-authorization"
    assert ground.now(connection.id).state is State.CONNECTED
    assert verbs.check(ground.keeper, connection.id).failure is None


def test_an_error_page_that_never_calls_back_is_diagnosed_and_the_flow_stays_open(
    ground: Ground,
) -> None:
    connection = ground.connected()
    ground.control.act("block_app", app=BROWSER_APP)
    flow, sight = ground.browsed(ground.integration(), connection_id=connection.id)
    assert not sight.called_back
    assert flow.status == "started"
    assert flow.outcome["cause"] == "app-blocked-by-admin"
    assert ground.now(connection.id).state is State.CONNECTED, "the page is about the new one"
    assert verbs.check(ground.keeper, connection.id).connection.state is State.BLOCKED_BY_ADMIN


def test_what_is_seen_on_a_first_connect_is_diagnosed_too(ground: Ground) -> None:
    integration = ground.integration()
    ground.control.act("block_app", app=BROWSER_APP)
    flow, _ = ground.browsed(integration, name="Acme")
    assert flow.outcome["cause"] == "app-blocked-by-admin"


def test_what_is_seen_after_the_end_of_a_flow_is_refused(ground: Ground) -> None:
    flow, _ = ground.browsed(ground.integration(), name="Acme")
    with pytest.raises(Misuse, match="done"):
        verbs.no_callback(ground.keeper, flow.id, "whatever")


def test_a_name_that_is_taken_is_refused_before_a_link_is_made(ground: Ground) -> None:
    connection = ground.connected("Acme")
    with pytest.raises(BadInput, match="already") as caught:
        verbs.begin(ground.keeper, connection.integration, name="Acme")
    assert connection.id in caught.value.diagnostics()


@pytest.mark.parametrize("name", ["", "  "])
def test_a_connection_without_a_name_is_refused(ground: Ground, name: str) -> None:
    with pytest.raises(BadInput, match="needs a name"):
        verbs.begin(ground.keeper, ground.integration().id, name=name)


def test_a_name_taken_while_the_browser_was_away_is_refused_before_the_code_is_spent(
    ground: Ground,
) -> None:
    first = ground.called_back(name="Acme")
    second = ground.called_back(name="Acme")
    assert verbs.finish(ground.keeper, first.url, first.cookie).status == "returned"
    spent = len(ground.requests(TOKEN))
    flow = verbs.finish(ground.keeper, second.url, second.cookie)
    assert flow.status == "refused"
    assert "already" in flow.outcome["error"]
    assert len(ground.requests(TOKEN)) == spent
    assert ground.live_refresh_tokens() == 1


def test_two_reauthorizations_at_once_leave_one_live_credential_and_no_orphan(
    ground: Ground,
) -> None:
    connection = ground.connected()
    first, second = (ground.called_back(connection_id=connection.id) for _ in range(2))
    for each in (first, second):
        assert verbs.finish(ground.keeper, each.url, each.cookie).status == "returned"
    assert ground.now(connection.id).epoch == 3
    assert ground.live_refresh_tokens() == 1
    assert ground.is_live(ground.live(connection).credential.refresh_token)


def test_a_removed_connection_is_not_reauthorized(ground: Ground) -> None:
    connection = ground.connected()
    back = ground.called_back(connection_id=connection.id)
    verbs.remove(ground.keeper, connection.id)
    with pytest.raises(Misuse, match="was removed"):
        verbs.begin(ground.keeper, connection.integration, connection_id=connection.id)
    assert verbs.finish(ground.keeper, back.url, back.cookie).status == "refused"
    assert ground.now(connection.id).state is State.REMOVED
    assert ground.live_refresh_tokens() == 0


def test_a_connection_is_authorized_by_its_own_integration_only(ground: Ground) -> None:
    connection = ground.connected(app="orbit-jwt")
    with pytest.raises(Misuse, match="no connection of"):
        verbs.begin(ground.keeper, ground.integration().id, connection_id=connection.id)


def test_an_integration_that_needs_no_browser_gets_no_link(ground: Ground) -> None:
    with pytest.raises(Misuse, match="nobody calls back"):
        verbs.begin(ground.keeper, ground.integration("orbit-jwt").id, name="Acme")


@pytest.mark.parametrize("host", ["https://evil.example", "acme.lightning.force.com"])
def test_a_secret_is_never_sent_to_a_host_that_is_no_login_host(ground: Ground, host: str) -> None:
    with pytest.raises(HostRefused):
        verbs.begin(ground.keeper, ground.integration().id, name="Acme", login_host=host)


def test_a_login_host_is_taken_as_people_write_it(ground: Ground) -> None:
    begun = verbs.begin(
        ground.keeper, ground.integration().id, name="Acme", login_host="acme.my.salesforce.com"
    )
    assert begun.flow.login_host == "https://acme.my.salesforce.com"
