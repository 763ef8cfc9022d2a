"""Tokens live and die by Salesforce's rules: responses, policies, rotation, limits, revocation."""

import base64
import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx2
import pytest

from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator, state
from evergrant.emulator.server import Served


@pytest.fixture
def client(client_for: ClientFor) -> Client:
    """A connected client of Orbit Sync."""
    made = client_for()
    made.connect()
    return made


def rows(emulator: Served, sql: str) -> list[tuple[object, ...]]:
    """What the org's tables hold."""
    with emulator.org.lock:
        return [tuple(row) for row in state.every(emulator.org.db, sql)]


def test_a_token_response_has_salesforces_fields_and_no_expires_in(client: Client) -> None:
    assert sorted(client.credential) == [
        "access_token", "id", "id_token", "instance_url", "issued_at", "refresh_token", "scope",
        "signature", "token_format", "token_type",
    ]  # fmt: skip
    assert client.credential["access_token"].startswith("00D")
    assert client.credential["access_token"][15] == "!"
    assert client.credential["instance_url"] == client.emulator.url


def test_issued_at_is_milliseconds_in_a_string_and_signed_with_the_secret(client: Client) -> None:
    issued_at, identity = client.credential["issued_at"], client.credential["id"]
    assert abs(int(issued_at) / 1000 - client.emulator.clock.now().timestamp()) < 60
    secret = client.app["consumer_secret"].encode()
    digest = hmac.new(secret, (identity + issued_at).encode(), hashlib.sha256).digest()
    assert client.credential["signature"] == base64.b64encode(digest).decode()


def test_the_scope_is_what_was_asked_for_else_all_of_the_apps(client_for: ClientFor) -> None:
    client = client_for()
    assert client.redeem(client.code(scope="api id")).json()["scope"] == "api id"
    assert client.redeem(client.code()).json()["scope"] == "api refresh_token id openid"


def test_without_the_refresh_token_scope_no_refresh_token_is_given(client_for: ClientFor) -> None:
    client = client_for()
    assert "refresh_token" not in client.redeem(client.code(scope="api")).json()
    assert "refresh_token" in client.redeem(client.code(scope="api offline_access")).json()


def test_a_refresh_gives_a_new_session_and_keeps_the_refresh_token(client: Client) -> None:
    answer = client.refresh().json()
    assert "refresh_token" not in answer
    assert answer["access_token"] != client.credential["access_token"]
    assert client.call(answer["access_token"]).status_code == 200
    assert client.refresh().status_code == 200


def test_a_session_dies_of_idleness_after_two_hours(client: Client, emulator: Emulator) -> None:
    emulator.clock.advance(seconds=7190)
    assert client.call().status_code == 200
    emulator.clock.advance(seconds=7190)
    assert client.call().status_code == 200
    emulator.clock.advance(seconds=7201)
    assert client.call().status_code == 401


@pytest.mark.parametrize(
    ("app", "profile", "lives_min"), [(15, 60, 15), (None, 60, 60), (None, None, 120)]
)
def test_the_session_timeout_is_the_apps_then_the_profiles_then_the_orgs(
    client_for: ClientFor, emulator: Emulator, app: int | None, profile: int | None, lives_min: int
) -> None:
    emulator.act("set_app", app="orbit-sync", session_minutes=app)
    emulator.act("set_profile", profile="Integration User", session_minutes=profile)
    client = client_for()
    client.connect()
    emulator.clock.advance(seconds=lives_min * 60 + 1)
    assert client.call().status_code == 401
    client.connect()
    emulator.clock.advance(seconds=lives_min * 60 - 5)
    assert client.call().status_code == 200


@pytest.mark.parametrize(
    ("policy", "used_at_days", "dead_at_days"),
    [
        ("zero", [], 0),
        ("specific_lifetime:3:DAYS", [1, 2], 4),
        ("specific_inactivity:3:DAYS", [2, 4, 6], 10),
        ("specific_lifetime:5:HOURS", [], 1),
        ("specific_inactivity:1:MONTHS", [20, 40], 71),
    ],
)
def test_a_refresh_token_dies_by_the_policy_and_only_when_used(
    client: Client, emulator: Emulator, policy: str, used_at_days: list[int], dead_at_days: int
) -> None:
    emulator.act("set_app", app="orbit-sync", refresh_policy=policy)
    today = 0
    for day in used_at_days:
        emulator.clock.advance(seconds=timedelta(days=day - today).total_seconds())
        today = day
        assert client.refresh().status_code == 200
    emulator.clock.advance(seconds=timedelta(days=dead_at_days - today, seconds=1).total_seconds())
    assert client.refresh().json()["error_description"] == "expired access/refresh token"
    assert emulator.trace()[-1]["gate"] == "refresh_token_policy"
    emulator.act("set_app", app="orbit-sync", refresh_policy="infinite")
    assert client.refresh().status_code == 200


def test_the_idle_limit_beats_an_infinite_policy(client: Client, emulator: Emulator) -> None:
    emulator.act("set_app", app="orbit-sync", idle_limit_days=30)
    emulator.act("advance_clock", by="31d")
    assert client.refresh().status_code == 400


def test_rotation_gives_a_new_refresh_token_each_time(client: Client, emulator: Emulator) -> None:
    emulator.act("set_app", app="orbit-sync", rotation=True)
    second = client.refresh().json()["refresh_token"]
    third = client.refresh(second).json()["refresh_token"]
    assert len({client.credential["refresh_token"], second, third}) == 3


def test_replaying_a_spent_refresh_token_ends_the_current_one_and_its_sessions(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("set_app", app="orbit-sync", rotation=True)
    answer = client.refresh().json()
    assert client.call(answer["access_token"]).status_code == 200
    assert client.refresh().json()["error_description"] == "expired access/refresh token"
    assert client.call(answer["access_token"]).status_code == 401
    assert client.refresh(answer["refresh_token"]).status_code == 400
    assert rows(emulator, 'SELECT * FROM "OauthToken"') == []


def test_the_second_of_two_refreshes_at_once_finds_the_token_busy(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("set_org", token_request_ms=300)
    with ThreadPoolExecutor(2) as pool:
        answers = [each.result() for each in [pool.submit(client.refresh) for _ in range(2)]]
    assert sorted(each.status_code for each in answers) == [200, 400]
    refused = max(answers, key=lambda each: each.status_code).json()
    assert refused["error_description"] == "token request is already being processed"
    assert client.refresh().status_code == 200


def test_the_sixth_approval_evicts_the_oldest(client: Client, emulator: Emulator) -> None:
    emulator.act("approve", app="orbit-sync", times=4)
    assert client.refresh().status_code == 200
    emulator.act("approve", app="orbit-sync")
    assert client.refresh().status_code == 400
    assert emulator.trace()[-1]["refusal"]["id"] == "refresh_token_evicted"
    assert rows(emulator, 'SELECT COUNT(*) FROM "OauthToken"') == [(5,)]


def test_eviction_by_least_recent_use_spares_the_oldest(client: Client, emulator: Emulator) -> None:
    emulator.act("set_org", eviction="least_recently_used")
    emulator.act("approve", app="orbit-sync", times=4)
    emulator.act("advance_clock", by="1m")
    client.refresh()
    emulator.act("approve", app="orbit-sync")
    assert client.refresh().status_code == 200


def test_another_users_approvals_do_not_count(client: Client, emulator: Emulator) -> None:
    emulator.act("approve", app="orbit-sync", user="sam", times=5)
    assert client.refresh().status_code == 200


def revoke(client: Client, token: str) -> httpx2.Response:
    """Post a token to the revocation endpoint."""
    return client.http.post(f"{client.emulator.url}/services/oauth2/revoke", data={"token": token})


def test_revoking_an_access_token_ends_that_session_only(client: Client) -> None:
    assert (revoke(client, client.credential["access_token"]).status_code, b"") == (200, b"")
    assert client.call().status_code == 401
    assert client.refresh().status_code == 200


def test_revoking_a_refresh_token_ends_its_sessions_too(client: Client) -> None:
    assert revoke(client, client.credential["refresh_token"]).status_code == 200
    assert client.call().status_code == 401
    assert client.refresh().status_code == 400


def test_a_delete_token_revokes_its_approval(client: Client, emulator: Emulator) -> None:
    [(token,)] = rows(emulator, 'SELECT "DeleteToken" FROM "OauthToken"')
    url = f"{emulator.url}/services/oauth2/revoke"
    assert client.http.get(url, params={"token": str(token)}).status_code == 200
    assert client.refresh().status_code == 400


def test_revoking_what_is_not_alive_is_refused_in_form_encoding(client: Client) -> None:
    answer = revoke(client, "nothing")
    assert answer.status_code == 400
    assert answer.text.startswith("error=invalid_token")


def introspect(client: Client, token: str) -> dict[str, object]:
    """Ask about a token."""
    form = {
        "token": token, "client_id": client.app["consumer_key"],
        "client_secret": client.app["consumer_secret"],
    }  # fmt: skip
    answer = client.http.post(f"{client.emulator.url}/services/oauth2/introspect", data=form)
    assert answer.status_code == 200
    body: dict[str, object] = answer.json()
    return body


def test_introspection_tells_of_own_tokens_and_of_others_only_where_allowed(
    client: Client, client_for: ClientFor, emulator: Emulator
) -> None:
    token, other = client.credential["access_token"], client_for("pocket-charts")
    assert introspect(client, token)["active"] is True
    assert introspect(client, token)["username"] == "integration@acme.example"
    assert introspect(client, client.credential["refresh_token"])["active"] is True
    assert introspect(other, token) == {"active": False}
    emulator.act("set_app", app="pocket-charts", introspect_all=True)
    assert introspect(other, token)["active"] is True


def test_each_use_even_a_failed_one_raises_use_count(client: Client) -> None:
    client.refresh()
    client.refresh(client_secret="wrong")
    assert rows(client.emulator, 'SELECT "UseCount" FROM "OauthToken"') == [(3,)]


def test_a_rotated_secret_is_good_only_for_its_grace(client: Client, emulator: Emulator) -> None:
    emulator.act("rotate_secret", app="orbit-sync", grace_days=30)
    assert client.refresh().status_code == 200
    emulator.act("advance_clock", by="31d")
    assert client.refresh().json()["error"] == "invalid_client"


def test_the_identity_url_and_userinfo_name_the_user_and_the_org(client: Client) -> None:
    headers = {"Authorization": f"Bearer {client.credential['access_token']}"}
    identity = client.http.get(client.credential["id"], headers=headers).json()
    info_url = f"{client.emulator.url}/services/oauth2/userinfo"
    info = client.http.get(info_url, headers=headers).json()
    assert identity["username"] == info["preferred_username"] == "integration@acme.example"
    assert identity["organization_id"] == info["organization_id"]
    assert identity["id"] == info["sub"] == client.credential["id"]
    assert client.http.post(info_url, headers=headers).json() == info


def test_discovery_names_endpoints_that_answer(client: Client) -> None:
    base = client.emulator.url
    found = client.http.get(f"{base}/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == f"{base}/services/oauth2/token"
    assert client.http.get(found["jwks_uri"]).json()["keys"][0]["alg"] == "RS256"
