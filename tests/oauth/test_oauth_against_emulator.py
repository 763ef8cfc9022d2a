"""The flows against a local Salesforce org, over sockets, through both drivers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evergrant.emulator.server import Emulator
from evergrant.errors import Malformed, Refused
from evergrant.model import App, Credential, Secret, Session
from evergrant.oauth import client_credentials, jwt_bearer, web_server
from evergrant.oauth.answers import merge, signature_holds
from evergrant.oauth.callback import Callback, Denied, Granted, read_callback
from evergrant.oauth.formats import read
from evergrant.oauth.hosts import login_host
from evergrant.oauth.identity import identity, identity_in, userinfo
from evergrant.oauth.introspect import introspect
from evergrant.oauth.refresh_token import refresh
from evergrant.oauth.revoke import revoke
from evergrant.org import good_call, own_logins, query, success_row
from evergrant.wire import Reply, Request, run, send
from oauth_kit import (
    Browser,
    Play,
    app_of,
    app_row,
    ask,
    oauth_org_fixture,  # noqa: F401 (a fixture)
    play_fixture,  # noqa: F401 (a fixture)
    served_fixture,  # noqa: F401 (a fixture)
    session_of,
    user_row,
)


def authorize(org: Emulator, app: App, user: str = "integration", **how: str) -> Callback:
    way = web_server.Authorization(app, login_host(org.url, allowed=(org.url[7:],)))
    url = way.url("state-1", how.get("challenge", ""))
    return read_callback(Browser(org, user, how.get("decision", "allow")).visit(url))


def connect(org: Emulator, app: App, user: str = "integration") -> Credential:
    verifier, challenge = web_server.pkce()
    back = authorize(org, app, user, challenge=challenge)
    assert isinstance(back, Granted), back
    assert back.state == "state-1"
    return run(web_server.exchange(app, org.url, back.code, verifier))


def since(org: Emulator) -> datetime:
    return org.clock.now() - timedelta(seconds=1)


def test_a_connection_is_made_used_refreshed_proved_and_revoked(org: Emulator, play: Play) -> None:
    app, began = app_of(org), since(org)
    first = connect(org, app)
    assert first.refresh_token
    assert "api" in first.scopes
    assert first.issued_at is not None
    user = user_row(org, "integration")
    who = play(userinfo(session_of(first)))
    assert (who.org_id, who.user_id, who.username) == (
        ask(org, "/world")["org"]["id"],
        user["id"],
        user["username"],
    )
    assert play(identity(first)).same_as(who)
    named = identity_in(first.identity_url)
    assert named is not None
    assert named.same_as(who)
    second = merge(first, play(refresh(app, org.url, first.refresh_token)))
    assert second.refresh_token == first.refresh_token
    assert second.access_token != first.access_token
    assert "resources" in play(good_call(session_of(second)))
    rows = play(own_logins(session_of(second), who.user_id, began))
    proof = success_row(rows, "Orbit Sync", began)
    assert proof is not None
    assert proof.login_type == "Remote Access 2.0"
    play(revoke(org.url, first.refresh_token))
    for token in (first.access_token, second.access_token):
        with pytest.raises(Refused) as dead:
            play(userinfo(Session(org.url, token)))
        assert dead.value.error == "Bad_OAuth_Token"
    with pytest.raises(Refused) as refused:
        play(refresh(app, org.url, first.refresh_token))
    assert refused.value.error == "invalid_grant"
    assert refused.value.description == "expired access/refresh token"
    with pytest.raises(Refused) as gone:
        play(good_call(session_of(second)))
    assert (gone.value.error, gone.value.channel) == ("INVALID_SESSION_ID", "rest")


def test_the_signature_of_a_real_answer_holds(org: Emulator) -> None:
    app = app_of(org)
    seen: list[Reply] = []
    token = connect(org, app).refresh_token
    assert token
    run(refresh(app, org.url, token), seen=seen.append)
    assert signature_holds(read(seen[0]).members, app.consumer_secret) is True
    assert signature_holds(read(seen[0]).members, Secret("another")) is False


@pytest.mark.parametrize("written", ["json", "urlencoded", "xml"])
def test_answers_are_understood_in_every_format_that_can_be_asked_for(
    org: Emulator, written: str
) -> None:
    app = app_of(org)
    form = {"grant_type": "refresh_token", "refresh_token": "5Aepwrong", "format": written}
    asked = form | {"client_id": app.consumer_key}
    reply = run(send(Request("POST", f"{org.url}/services/oauth2/token", form=asked)))
    said = read(reply)
    assert said.channel == {"urlencoded": "form"}.get(written, written)
    assert said.members["error"].startswith("invalid_")


def test_a_rotated_token_comes_back_and_the_old_one_ends_everything(org: Emulator) -> None:
    org.act("set_app", app="orbit-sync", rotation=True)
    app = app_of(org)
    first = connect(org, app)
    assert first.refresh_token
    second = merge(first, run(refresh(app, org.url, first.refresh_token)))
    assert second.refresh_token
    assert second.refresh_token != first.refresh_token
    for token in (first.refresh_token, second.refresh_token):
        with pytest.raises(Refused, match="expired access/refresh token"):
            run(refresh(app, org.url, token))


def test_a_wrong_secret_and_a_wrong_key_are_told_apart(org: Emulator) -> None:
    token = connect(org, app_of(org)).refresh_token
    assert token
    with pytest.raises(Refused) as secret:
        run(refresh(app_of(org, consumer_secret=Secret("wrong")), org.url, token))
    assert secret.value.error == "invalid_client"
    with pytest.raises(Refused) as key:
        run(refresh(app_of(org, consumer_key="3MVG9wrong"), org.url, token))
    assert key.value.error == "invalid_client_id"


def test_a_code_works_once_and_only_with_its_verifier(org: Emulator) -> None:
    app = app_of(org)
    _, challenge = web_server.pkce()
    back = authorize(org, app, challenge=challenge)
    assert isinstance(back, Granted)
    with pytest.raises(Refused) as wrong:
        run(web_server.exchange(app, org.url, back.code, Secret("x" * 43)))
    assert wrong.value.description == "invalid code verifier"
    again = authorize(org, app)
    assert isinstance(again, Granted)
    run(web_server.exchange(app, org.url, again.code, None))
    with pytest.raises(Refused) as used:
        run(web_server.exchange(app, org.url, again.code, None))
    assert used.value.error == "invalid_grant"


def test_a_user_who_denies_comes_back_denied(org: Emulator) -> None:
    back = authorize(org, app_of(org), decision="deny")
    assert isinstance(back, Denied)
    assert (back.error, back.channel) == ("access_denied", "redirect")
    assert back.state == "state-1"


def test_a_blocked_app_ends_on_salesforces_own_page(org: Emulator) -> None:
    org.act("block_app", app="orbit-sync")
    back = authorize(org, app_of(org))
    assert isinstance(back, Denied)
    assert (back.error, back.description, back.channel) == (
        "OAUTH_APP_BLOCKED",
        "this app is blocked by admin",
        "html",
    )


def test_a_jwt_gets_a_token_for_its_user_and_no_refresh_token(org: Emulator, play: Play) -> None:
    key = ask(org, "/key/orbit-jwt")["private_key"]
    app = app_of(org, "orbit-jwt", private_key=Secret(key))
    user = user_row(org, "integration")["username"]
    now = datetime.now(UTC)
    credential = play(jwt_bearer.mint(app, org.url, user, now=now))
    assert credential.refresh_token is None
    assert play(userinfo(session_of(credential))).username == user
    for change, description in (
        ({"audience": "https://acme.lightning.force.com"}, "audience is invalid"),
        ({"now": now - timedelta(hours=1)}, "expired authorization code"),
    ):
        with pytest.raises(Refused) as refused:
            play(jwt_bearer.mint(app, org.url, user, **({"now": now} | change)))
        assert refused.value.description == description


def test_client_credentials_run_as_the_apps_user(org: Emulator) -> None:
    app = app_of(org, "orbit-server")
    credential = run(client_credentials.mint(app, org.url))
    assert credential.refresh_token is None
    run_as = app_row(org, "orbit-server")["run_as"]
    assert run(userinfo(session_of(credential))).username == run_as


def test_introspection_knows_a_living_token_from_a_dead_one(org: Emulator) -> None:
    app = app_of(org)
    credential = connect(org, app)
    alive = run(introspect(app, org.url, credential.access_token))
    assert alive.active
    assert alive.expires_at is not None
    run(revoke(org.url, credential.access_token))
    assert not run(introspect(app, org.url, credential.access_token)).active


def test_a_query_pages_through_real_answers(org: Emulator) -> None:
    found = ask(org, "/session?user=admin")
    session = Session(found["instance_url"], Secret(found["access_token"]))
    users = run(query(session, "SELECT Id, Username FROM User ORDER BY Username"))
    assert [each["Username"] for each in users] == sorted(each["Username"] for each in users)
    assert len(users) >= 4
    with pytest.raises(Refused) as refused:
        run(query(session, "SELECT Nothing__c FROM User"))
    assert (refused.value.error, refused.value.channel) == ("INVALID_FIELD", "rest")


def test_a_host_that_is_no_org_is_malformed(org: Emulator) -> None:
    with pytest.raises((Malformed, Refused)):
        run(refresh(app_of(org), org.control_url, Secret("x")))
