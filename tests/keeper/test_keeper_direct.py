"""Connecting where no person is needed: JWT bearer and client credentials, without any service."""

from __future__ import annotations

import pytest

from evergrant import keeper as verbs
from evergrant.errors import BadInput, Refused
from evergrant.health import State
from evergrant.store import connections
from keeper_kit import (
    JWT_APP,
    SERVER_APP,
    TOKEN,
    USERINFO,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)

BOTH = pytest.mark.parametrize("app", [JWT_APP, SERVER_APP])


@BOTH
def test_it_connects_and_is_proven_without_a_browser(ground: Ground, app: str) -> None:
    integration = ground.integration(app)
    host = integration.login_host
    connection, proofs = verbs.connect_directly(ground.keeper, integration, "Acme", host)
    assert [each.proven for each in proofs] == [True, True, True]
    assert connection.state is State.CONNECTED
    assert connection.identity is not None
    assert ground.live(connection).credential.refresh_token is None


@BOTH
def test_a_refusal_keeps_nothing(ground: Ground, app: str) -> None:
    integration = ground.integration(app)
    ground.control.act("deactivate_user", user="integration")
    with pytest.raises(Refused):
        verbs.connect_directly(ground.keeper, integration, "Acme", integration.login_host)
    with ground.keeper.reading() as tx:
        assert connections.every(tx) == []


@BOTH
def test_a_name_that_is_taken_is_refused_before_anything_is_asked(ground: Ground, app: str) -> None:
    connection = ground.connected("Acme", app=app)
    integration, asked = ground.integration(app), len(ground.requests(TOKEN))
    with pytest.raises(BadInput, match="already"):
        verbs.connect_directly(ground.keeper, integration, "Acme", connection.login_host)
    assert len(ground.requests(TOKEN)) == asked


@BOTH
def test_reauthorizing_is_in_place_and_proven(ground: Ground, app: str) -> None:
    before = ground.connected(app=app)
    after, proofs = verbs.reauthorize_directly(ground.keeper, before.id)
    assert [each.proven for each in proofs] == [True, True, True]
    assert (after.id, after.epoch) == (before.id, before.epoch + 1)


def test_an_org_that_moved_is_reauthorized_where_it_is_now(ground: Ground) -> None:
    before = ground.connected(app=SERVER_APP)
    moved = before.login_host.replace("127.0.0.1", "localhost")
    after, proofs = verbs.reauthorize_directly(ground.keeper, before.id, login_host=moved)
    assert [each.proven for each in proofs] == [True, True, True]
    assert ground.now(before.id).login_host == after.login_host == moved


def test_a_refused_reauthorization_leaves_the_old_credential_and_feeds_the_incident(
    ground: Ground,
) -> None:
    connection = ground.connected(app=JWT_APP)
    old = ground.live(connection)
    ground.control.act("set_certificate", app=JWT_APP)
    with pytest.raises(Refused):
        verbs.reauthorize_directly(ground.keeper, connection.id)
    assert ground.live(connection) == old
    incident = ground.incident(connection)
    assert incident is not None
    assert incident.cause == "jwt-signature-or-certificate-mismatch"


def test_a_reauthorization_that_cannot_be_verified_replaces_nothing(ground: Ground) -> None:
    connection = ground.connected(app=JWT_APP)
    old = ground.live(connection)
    ground.fault(USERINFO, status=403, content_type="text/plain", body="Bad_OAuth_Token")
    with pytest.raises(Refused):
        verbs.reauthorize_directly(ground.keeper, connection.id)
    assert ground.live(connection) == old
    assert ground.is_live(old.credential.access_token)


def test_a_subject_that_now_is_another_user_is_put_on_hold(ground: Ground) -> None:
    connection = ground.connected(app=SERVER_APP)
    other = ground.stage.person("admin").username
    ground.control.act("set_app", app=SERVER_APP, run_as=other)
    held, proofs = verbs.reauthorize_directly(ground.keeper, connection.id)
    assert (held.state, proofs) == (State.ON_HOLD, ())
    assert held.identity == connection.identity
