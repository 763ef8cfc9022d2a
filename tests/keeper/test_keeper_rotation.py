"""Rotating an app's secret: two sets overlap, each connection is tried, nothing is ever without."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest

from evergrant.emulator.accounts import app_by_name
from evergrant.errors import Misuse, NotFound, Refused
from evergrant.health import State
from evergrant.keeper import check
from evergrant.keeper.secret_rotation import (
    abandon,
    drop_former,
    how_far,
    promote_next,
    renew_each,
    stage_next,
)
from evergrant.model import App, Integration, Secret
from evergrant.store import connections
from keeper_kit import Ground, ground_fixture, org_fixture

__all__ = ["ground_fixture", "org_fixture"]
pytestmark = pytest.mark.slow
PORTAL = "orbit-portal"


@pytest.fixture(name="portal")
def portal_fixture(ground: Ground) -> Integration:
    """An integration with an external client app, in an org that shows secrets by REST."""
    ground.control.act("create_app", app=PORTAL, label="Orbit Portal")
    ground.control.act("set_org", client_secret_in_rest=True)
    callback = ground.keeper.settings.callback_url
    ground.control.act("set_callbacks", app=PORTAL, callbacks=[callback])
    app = ground.stage.app(PORTAL)
    made = Integration(
        PORTAL, PORTAL, app["label"], app["owner"],
        App(app["consumer_key"], Secret(app["consumer_secret"]), scopes=("api", "refresh_token")),
        "web_server", ground.stage.url,
    )  # fmt: skip
    with ground.keeper.writing() as tx:
        ground.keeper.vault.save_integration(tx, made)
    return made


def _connected(ground: Ground, portal: Integration, *names: str) -> None:
    for name, user in zip(names, ("integration", "sam", "rita"), strict=False):
        flow, _ = ground.browsed(portal, name=name, person=ground.stage.person(user))
        assert flow.status == "done", flow.outcome


def _app(ground: Ground) -> App:
    with ground.keeper.reading() as tx:
        return ground.keeper.vault.integration(tx, PORTAL).app


def _refused_in_org(ground: Ground, app: App, connection: str) -> str:
    """How a refresh with this key and secret ends at Salesforce; empty where it is answered."""
    with ground.keeper.reading() as tx:
        known = connections.get(tx, connection)
    token = ground.live(known).credential.refresh_token
    assert token is not None
    assert app.consumer_secret is not None
    answer = httpx2.post(f"{ground.stage.url}/services/oauth2/token", data={
        "grant_type": "refresh_token", "refresh_token": token.reveal(),
        "client_id": app.consumer_key, "client_secret": app.consumer_secret.reveal(),
    }, timeout=60)  # fmt: skip
    return str(answer.json().get("error", ""))


def test_a_secret_is_rotated_and_every_connection_lives_on(
    ground: Ground, portal: Integration
) -> None:
    _connected(ground, portal, "Alfa", "Beta")
    admin, keeper = ground.control.session(), ground.keeper
    before = _app(ground)
    now = stage_next(keeper, PORTAL, admin)
    assert (now.next_step, now.connections, now.renewed) == ("renew", 2, 0)
    both = _app(ground)
    assert both.consumer_secret == before.consumer_secret
    assert both.next_secret not in (None, before.consumer_secret)
    *_, now = renew_each(keeper, PORTAL)
    assert (now.next_step, now.renewed, now.failed) == ("promote", 2, ())
    now = promote_next(keeper, PORTAL, admin)
    assert now.next_step == "drop"
    after = _app(ground)
    assert after.consumer_secret == both.next_secret
    assert after.next_secret == before.consumer_secret
    with ground.org.org.lock:
        own = app_by_name(ground.org.org.db, PORTAL).consumer_key
    assert own == after.consumer_key != before.consumer_key
    assert _refused_in_org(ground, before, "Alfa") == "", "the former set is good for thirty days"
    assert drop_former(keeper, PORTAL, admin).next_step == "stage"
    assert _refused_in_org(ground, before, "Alfa") in ("invalid_client", "invalid_client_id")
    for name in ("Alfa", "Beta"):
        assert check(keeper, ground.now(name).id, renew=True).failure is None
    assert _app(ground).next_secret is None


def test_a_rotation_goes_on_where_it_was_interrupted(ground: Ground, portal: Integration) -> None:
    _connected(ground, portal, "Alfa", "Beta")
    admin, keeper = ground.control.session(), ground.keeper
    stage_next(keeper, PORTAL, admin)
    key = _app(ground).staged
    course = renew_each(keeper, PORTAL)
    next(course)
    assert next(course).renewed == 1
    del course
    assert stage_next(keeper, PORTAL, admin).renewed == 1
    assert _app(ground).staged == key
    assert [each.renewed for each in renew_each(keeper, PORTAL)] == [1, 2, 2]
    ground.fault("/services/data/v66.0/apps/oauth/credentials/*", status=503)
    with pytest.raises(Exception, match=r"503|answered|went"):
        promote_next(keeper, PORTAL, admin)
    ground.control.ask("POST", "/faults", json=[])
    assert check(keeper, ground.now("Beta").id, renew=True).failure is None
    assert how_far(keeper, PORTAL).next_step == "drop", "here the change was made already"
    assert drop_former(keeper, PORTAL, admin).next_step == "stage"
    with ground.org.org.lock:
        own = app_by_name(ground.org.org.db, PORTAL).consumer_key
    assert own == _app(ground).consumer_key
    assert check(keeper, ground.now("Beta").id, renew=True).failure is None


def test_a_next_secret_that_the_org_refuses_leaves_every_connection_as_it_was(
    ground: Ground, portal: Integration
) -> None:
    _connected(ground, portal, "Alfa", "Beta")
    admin, keeper = ground.control.session(), ground.keeper
    stage_next(keeper, PORTAL, admin)
    ground.control.advance(timedelta(days=31))
    with pytest.raises(Refused):
        list(renew_each(keeper, PORTAL))
    for name in ("Alfa", "Beta"):
        assert ground.now(name).state is State.CONNECTED
        assert check(keeper, ground.now(name).id, renew=True).failure is None
    with pytest.raises(Misuse, match="no connection was renewed"):
        promote_next(keeper, PORTAL, ground.control.session())
    assert abandon(keeper, PORTAL, ground.control.session()).next_step == "stage"
    assert _app(ground).next_secret is None


def test_a_connection_that_is_dead_anyway_is_named_and_stops_nothing(
    ground: Ground, portal: Integration
) -> None:
    _connected(ground, portal, "Alfa", "Beta")
    stage_next(ground.keeper, PORTAL, ground.control.session())
    ground.control.act("revoke_user_app", app=PORTAL, user="integration")
    *_, now = renew_each(ground.keeper, PORTAL)
    assert now.renewed == 1
    assert [each.partition(":")[0] for each in now.failed] == ["Alfa"]
    assert now.next_step == "promote"


def test_the_age_of_a_secret_is_counted_from_when_it_was_first_seen(
    ground: Ground, portal: Integration
) -> None:
    since = _app(ground).secret_since
    assert since is not None
    ground.control.advance(timedelta(days=3))
    with ground.keeper.writing() as tx:
        ground.keeper.vault.save_integration(tx, portal)
    assert _app(ground).secret_since == since
    other = replace(portal, app=replace(portal.app, consumer_secret=Secret("another")))
    with ground.keeper.writing() as tx:
        ground.keeper.vault.save_integration(tx, other)
    assert _app(ground).secret_since != since


def test_an_old_file_does_not_bring_a_secret_back_that_is_going(
    ground: Ground, portal: Integration
) -> None:
    admin, keeper = ground.control.session(), ground.keeper
    stage_next(keeper, PORTAL, admin)
    with keeper.writing() as tx:
        keeper.vault.save_integration(tx, portal)
    assert _app(ground).next_secret is not None, "a rotation outlives the file being read again"
    promote_next(keeper, PORTAL, admin)
    with keeper.writing() as tx, pytest.raises(Misuse, match="rotated out"):
        keeper.vault.save_integration(tx, portal)


def test_an_app_that_is_not_this_orgs_is_not_rotated(ground: Ground, portal: Integration) -> None:
    ground.connected()
    with pytest.raises(NotFound, match="no external client app"):
        stage_next(ground.keeper, "orbit-sync", ground.control.session())
    assert how_far(ground.keeper, "orbit-sync").next_step == "stage"
