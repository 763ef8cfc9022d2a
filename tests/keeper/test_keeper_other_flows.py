"""Integrations that live on the other flows: connected, renewed, broken, reauthorized in place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from evergrant import keeper as verbs
from evergrant.errors import BadInput, Refused
from evergrant.health import State
from evergrant.keeper import Brought
from evergrant.model import Connection, Exchange, FlowId, Integration, Password, Secret
from evergrant.oauth.device import DeviceCode
from evergrant.store import connections
from evergrant.testing.robot import browser, walk
from keeper_kit import (
    BROWSER_APP,
    JWT_APP,
    TOKEN,
    Ground,
    ground_fixture,  # noqa: F401 (a fixture)
    org_fixture,  # noqa: F401 (a fixture)
)

FOREIGN = Secret("a-token-of-the-other-provider")


def user_of(ground: Ground) -> dict[str, Any]:
    rows = ground.control.world()["users"]
    return next(dict(each) for each in rows if each["username"].startswith("integration@"))


def saved(ground: Ground, name: str, flow: FlowId, **change: Any) -> Integration:
    made = replace(ground.integration(name), flow=flow, **change)
    with ground.keeper.writing() as tx:
        ground.keeper.vault.save_integration(tx, made)
        return ground.keeper.vault.integration(tx, made.id)


def by_device(ground: Ground) -> Integration:
    ground.control.act("set_app", app=BROWSER_APP, device_flow=True)
    return saved(ground, BROWSER_APP, "device")


def by_saml(ground: Ground) -> Integration:
    return saved(ground, JWT_APP, "saml_bearer")


def by_exchange(ground: Ground) -> Integration:
    ground.control.act("set_app", app=BROWSER_APP, token_exchange=True)
    ground.control.act("approve", app=BROWSER_APP, user="integration")
    known = {FOREIGN.reveal(): user_of(ground)["username"]}
    ground.control.act("set_token_handler", name="Okta", apps=[BROWSER_APP], subjects=known)
    return saved(ground, BROWSER_APP, "token_exchange", means=Exchange("id_token"))


def _with_password(ground: Ground, flow: FlowId) -> Integration:
    user = user_of(ground)
    login = Password(Secret(user["password"]), Secret(user["security_token"]))
    return saved(ground, BROWSER_APP, flow, subject=user["username"], means=login)


def by_password(ground: Ground) -> Integration:
    ground.control.act("set_org", block_username_password=False)
    return _with_password(ground, "username_password")


def by_headless(ground: Ground) -> Integration:
    ground.control.act("set_org", code_credentials=True)
    ground.control.act("set_app", app=BROWSER_APP, code_credentials=True)
    made = _with_password(ground, "code_credentials")
    app = replace(made.app, redirect_uri=ground.keeper.settings.callback_url)
    return saved(ground, BROWSER_APP, made.flow, subject=made.subject, means=made.means, app=app)


WAYS = {
    "device": by_device,
    "saml_bearer": by_saml,
    "token_exchange": by_exchange,
    "username_password": by_password,
    "code_credentials": by_headless,
}
REFRESHED = {"device", "token_exchange", "code_credentials"}
EVERY = pytest.mark.parametrize("way", WAYS)


def brought(ground: Ground, who: str = "integration", answer: str = "Allow") -> Brought:
    """A person who approves what a device shows, and a token for whoever wants one."""

    def show(begun: DeviceCode) -> None:
        query = urlencode({"user_code": begun.user_code.reveal()})
        person = replace(ground.stage.person(who), answer=answer)
        with browser() as profile:
            walk(f"{begun.verification_uri}?{query}", person, "http://none", browser=profile)

    return Brought(show, FOREIGN)


def connected(ground: Ground, way: str) -> Connection:
    made, host = WAYS[way](ground), ground.stage.url
    helped = brought(ground)
    connection, proofs = verbs.connect_directly(ground.keeper, made, "Acme", host, brought=helped)
    assert [each.proven for each in proofs] == [True, True, True]
    return connection


@EVERY
def test_it_connects_is_proven_and_renews_by_itself(ground: Ground, way: str) -> None:
    connection = connected(ground, way)
    old = ground.live(connection)
    assert (old.credential.refresh_token is not None) is (way in REFRESHED)
    checked = verbs.check(ground.keeper, connection.id, renew=True)
    assert (checked.failure, checked.connection.state) == (None, State.CONNECTED)
    assert ground.live(connection).credential.access_token != old.credential.access_token
    (renewed,) = ground.history(connection, "renewed")
    assert renewed.text.endswith("refresh_token" if way in REFRESHED else way)


@EVERY
def test_it_breaks_and_is_reauthorized_in_place(ground: Ground, way: str) -> None:
    connection = connected(ground, way)
    ground.control.act("deactivate_user", user="integration")
    checked = verbs.check(ground.keeper, connection.id, renew=True)
    assert isinstance(checked.failure, Refused)
    with pytest.raises(Refused):
        verbs.reauthorize_directly(ground.keeper, connection.id, brought=brought(ground))
    ground.control.act("activate_user", user="integration")
    ground.control.act("approve", app=BROWSER_APP, user="integration")
    after, proofs = verbs.reauthorize_directly(
        ground.keeper, connection.id, brought=brought(ground)
    )
    assert [each.proven for each in proofs] == [True, True, True]
    assert (after.id, ground.now(after.id).state) == (connection.id, State.CONNECTED)
    assert ground.incident(connection) is None


def test_a_device_that_another_user_approves_is_put_on_hold(ground: Ground) -> None:
    connection = connected(ground, "device")
    old = ground.live(connection)
    held, proofs = verbs.reauthorize_directly(
        ground.keeper, connection.id, brought=brought(ground, "admin")
    )
    assert (held.state, proofs) == (State.ON_HOLD, ())
    assert ground.live(connection) == old


def test_a_person_who_denies_the_device_does_not_hurt_the_connection(ground: Ground) -> None:
    connection = connected(ground, "device")
    with pytest.raises(Refused) as met:
        verbs.reauthorize_directly(
            ground.keeper, connection.id, brought=brought(ground, answer="Deny")
        )
    assert met.value.error == "access_denied"
    assert ground.now(connection.id).state is State.CONNECTED
    assert verbs.check(ground.keeper, connection.id, renew=True).failure is None


@pytest.mark.parametrize("way", ["device", "token_exchange"])
def test_what_was_not_brought_is_missed_before_anything_is_asked(ground: Ground, way: str) -> None:
    made, asked = WAYS[way](ground), len(ground.requests(TOKEN))
    with pytest.raises(BadInput, match=f"uses {way}, which needs"):
        verbs.connect_directly(ground.keeper, made, "Acme", ground.stage.url)
    assert len(ground.requests(TOKEN)) == asked
    with ground.keeper.reading() as tx:
        assert connections.every(tx) == []


def test_a_headless_login_without_a_refresh_token_logs_in_again(ground: Ground) -> None:
    made = by_headless(ground)
    app = replace(made.app, scopes=("api",))
    made = saved(ground, BROWSER_APP, made.flow, subject=made.subject, means=made.means, app=app)
    connection, _ = verbs.connect_directly(ground.keeper, made, "Acme", ground.stage.url)
    assert ground.live(connection).credential.refresh_token is None
    assert verbs.check(ground.keeper, connection.id, renew=True).failure is None
    assert ground.history(connection, "renewed")[0].text.endswith("code_credentials")


@EVERY
def test_no_password_and_no_foreign_token_lies_open_in_the_store(ground: Ground, way: str) -> None:
    connected(ground, way)
    user = user_of(ground)
    raw = b"".join(
        path.read_bytes() for path in ground.keeper.settings.data_dir.rglob("*") if path.is_file()
    )
    assert raw
    for secret in (user["password"], user["security_token"], FOREIGN.reveal()):
        assert secret.encode() not in raw
