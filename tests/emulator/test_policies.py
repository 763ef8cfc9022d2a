"""Knobs of section 1.10 and their effects: each is turned, and the org behaves otherwise."""

from datetime import datetime
from typing import Any

import pytest

from emulated_client import VERIFIER, Client, ClientFor, challenge, page_of, returned
from evergrant.emulator import Emulator, state
from evergrant.emulator.acts import BadAct
from evergrant.emulator.policies import KNOBS
from evergrant.emulator.policy_changes import JWT_MINUTES

AWAY = "192.0.2.77"
PORTAL = "orbit-portal"


@pytest.fixture
def client(client_for: ClientFor) -> Client:
    made = client_for()
    made.connect()
    return made


@pytest.fixture
def portal(emulator: Emulator, client_for: ClientFor) -> Client:
    """A connected client of an external client app made in this org."""
    emulator.act("create_app", app=PORTAL, label="Orbit Portal")
    made = client_for(PORTAL)
    made.connect()
    return made


def go_to(emulator: Emulator, day: str) -> None:
    emulator.clock.set(datetime.fromisoformat(f"{day}T12:00:00+00:00"))


def said(answer: Any) -> tuple[str, str]:
    body = answer.json()
    return body["error"], body["error_description"]


# --- access tokens


@pytest.mark.parametrize("minutes", JWT_MINUTES)
def test_a_jwt_access_token_ends_after_the_apps_own_minutes_used_or_not(
    emulator: Emulator, client_for: ClientFor, minutes: int
) -> None:
    emulator.act("set_app", app="orbit-sync", jwt_access_tokens=True, jwt_minutes=minutes)
    client = client_for()
    client.connect()
    emulator.clock.advance(seconds=minutes * 60 - 1)
    assert client.call().status_code == 200
    emulator.clock.advance(seconds=2)
    assert client.call().status_code == 401


def test_a_jwt_access_token_may_last_as_long_as_a_session_of_profile_and_org(
    emulator: Emulator, client_for: ClientFor
) -> None:
    emulator.act(
        "set_app", app="orbit-sync", jwt_access_tokens=True, jwt_timeout="UserSession",
        jwt_minutes=1, session_minutes=15,
    )  # fmt: skip
    emulator.act("set_profile", profile="Integration User", session_minutes=60)
    client = client_for()
    client.connect()
    emulator.clock.advance(seconds=3599)
    assert client.call().status_code == 200, "sessionTimeoutInMinutes is of opaque tokens only"
    emulator.clock.advance(seconds=2)
    assert client.call().status_code == 401


def test_minutes_that_salesforce_does_not_offer_are_refused(emulator: Emulator) -> None:
    for act, words in (
        ("set_app", {"app": "orbit-sync", "jwt_minutes": 20}),
        ("set_org", {"session_minutes": 45}),
        ("set_profile", {"profile": "Integration User", "session_minutes": 10}),
        ("set_app", {"app": "orbit-sync", "id_token_minutes": 721}),
    ):
        with pytest.raises(BadAct):
            emulator.act(act, **words)


def test_zero_minutes_on_a_profile_stand_for_two_hours(
    emulator: Emulator, client_for: ClientFor
) -> None:
    emulator.act("set_org", session_minutes=15)
    emulator.act("set_profile", profile="Integration User", session_minutes=0)
    client = client_for()
    client.connect()
    emulator.clock.advance(seconds=7199)
    assert client.call().status_code == 200


def test_introspection_looks_at_a_session_without_keeping_it_alive(
    client: Client, emulator: Emulator
) -> None:
    form = {
        "token": client.credential["access_token"], "client_id": client.app["consumer_key"],
        "client_secret": client.app["consumer_secret"],
    }  # fmt: skip
    url = f"{emulator.url}/services/oauth2/introspect"
    emulator.clock.advance(seconds=5000)
    first = client.http.post(url, data=form).json()
    emulator.clock.advance(seconds=2300)
    assert (first["active"], client.http.post(url, data=form).json()["active"]) == (True, False)


# --- session levels


def test_a_profile_that_wants_high_assurance_makes_standard_sessions_useless_at_the_api(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("set_profile", profile="Integration User", session_level="HIGH_ASSURANCE")
    answer = client.call()
    assert answer.status_code == 401
    assert answer.json()[0]["message"] == "This session is not valid for use with the REST API"
    assert emulator.trace()[-1]["gate"] == "session_level"
    again = client.refresh().json()["access_token"]
    assert client.call(again).status_code == 401, "refreshing does not help"
    client.connect()
    assert client.call().status_code == 200


def test_raising_the_level_on_the_app_raises_the_session_of_the_next_refresh(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("set_profile", profile="Integration User", session_level="HIGH_ASSURANCE")
    emulator.act(
        "set_app", app="orbit-sync", session_action="RaiseSessionLevel",
        session_level="HIGH_ASSURANCE",
    )  # fmt: skip
    assert client.call(client.refresh().json()["access_token"]).status_code == 200


@pytest.mark.parametrize("level", ["", "LOW", "STANDARD"])
def test_lower_levels_keep_nobody_out(client: Client, emulator: Emulator, level: str) -> None:
    emulator.act("set_app", app="orbit-sync", session_level=level)
    emulator.act("set_profile", profile="Integration User", session_level=level)
    assert client.refresh().status_code == client.call().status_code == 200


def test_a_profile_that_wants_high_assurance_keeps_out_what_has_no_person_in_it(
    emulator: Emulator, client_for: ClientFor
) -> None:
    emulator.act("set_profile", profile="Integration User", session_level="HIGH_ASSURANCE")
    answer = client_for("orbit-server").token(grant_type="client_credentials")
    assert answer.json()["error"] == "invalid_session_level"


# --- external client apps


@pytest.mark.parametrize(
    ("knob", "error", "page"),
    [
        ("enabled", "app_blocked", "OAUTH_APP_BLOCKED"),
        ("oauth_enabled", "oauth_flow_disabled", "oauth_flow_disabled"),
    ],
)
def test_the_switches_of_an_external_client_app_end_its_grants(
    portal: Client, emulator: Emulator, knob: str, error: str, page: str
) -> None:
    emulator.act("set_app", app=PORTAL, **{knob: False})
    assert portal.refresh().json()["error"] == error
    assert page_of(portal.authorize())["error"] == [page]
    emulator.act("set_app", app=PORTAL, **{knob: True})
    assert portal.refresh().status_code == 200


@pytest.mark.parametrize(
    ("distribution", "refused", "page"),
    [
        ("Local", ("invalid_client", "Cross-org OAuth flows are not supported for this external "
                   "client app"), "OAUTH_AUTHORIZATION_BLOCKED"),
        ("Packaged", ("app_not_found", "External client app is not installed in this org"),
         "OAUTH_EC_APP_NOT_FOUND"),
    ],
)  # fmt: skip
def test_an_external_client_app_of_elsewhere_is_refused_by_its_distribution(
    portal: Client, emulator: Emulator, distribution: str, refused: tuple[str, str], page: str
) -> None:
    emulator.act("set_app", app=PORTAL, distribution=distribution)
    emulator.act("uninstall_app", app=PORTAL)
    assert said(portal.token(grant_type="client_credentials")) == refused
    assert page_of(portal.authorize())["error"] == [page]


def test_switches_of_external_client_apps_are_none_of_connected_apps(emulator: Emulator) -> None:
    for knobs in ({"enabled": False}, {"oauth_enabled": False}, {"distribution": "Packaged"}):
        with pytest.raises(BadAct, match="only external client apps"):
            emulator.act("set_app", app="orbit-sync", **knobs)


def test_the_refresh_allowlist_binds_browser_and_refresh_and_no_relaxation_lifts_it(
    portal: Client, emulator: Emulator
) -> None:
    emulator.act(
        "set_app", app=PORTAL, refresh_allowlist=[["192.0.2.0", "192.0.2.255"]],
        ip_relaxation="BYPASS",
    )  # fmt: skip
    assert said(portal.refresh())[1] == "ip restricted or invalid login hours"
    assert "code" not in portal.authorize().headers.get("location", "")
    emulator.act("set_ip", ip=AWAY)
    assert portal.refresh().status_code == 200
    assert returned(portal.authorize())["code"]


@pytest.mark.parametrize(
    ("ranges", "why"),
    [
        ([["10.0.0.0", "10.0.1.0"]], "256 addresses"),
        ([[f"10.0.{n}.1", f"10.0.{n}.2"] for n in range(129)], "128 ranges"),
    ],
)
def test_the_refresh_allowlist_is_small(
    portal: Client, emulator: Emulator, ranges: list[list[str]], why: str
) -> None:
    with pytest.raises(BadAct, match=why):
        emulator.act("set_app", app=PORTAL, refresh_allowlist=ranges)
    edge = [["10.0.0.0", "10.0.0.255"], *([["10.1.0.1", "10.1.0.1"]] * 127)]
    emulator.act("set_app", app=PORTAL, refresh_allowlist=edge)
    assert said(portal.refresh())[0] == "invalid_grant"


# --- making apps


def test_a_connected_app_can_be_made_only_where_support_allows_it(emulator: Emulator) -> None:
    words = {"app": "orbit-old", "kind": "connected_app"}
    with pytest.raises(BadAct, match="Spring '26"):
        emulator.act("create_app", **words)
    emulator.act("set_org", connected_app_creation=True)
    assert emulator.act("create_app", **words)["consumer_key"]


@pytest.mark.parametrize("key", ["short", "with space in it", "a" * 257, "kéyséverallong"])
def test_a_consumer_key_of_ones_own_has_letters_digits_and_a_length(
    emulator: Emulator, key: str
) -> None:
    with pytest.raises(BadAct, match="consumer key"):
        emulator.act("create_app", app="own", consumer_key=key)


def test_a_consumer_key_is_taken_once(emulator: Emulator) -> None:
    emulator.act("create_app", app="own", consumer_key="myVeryOwnKey1")
    with pytest.raises(BadAct, match="taken"):
        emulator.act("create_app", app="other", consumer_key="myVeryOwnKey1")


# --- days


def test_the_default_cli_app_lost_its_device_flow_on_a_day(
    emulator: Emulator, client_for: ClientFor
) -> None:
    client = client_for("salesforce-cli")
    go_to(emulator, "2025-08-27")
    assert client.token(response_type="device_code").status_code == 200
    go_to(emulator, "2025-08-28")
    assert said(client.token(response_type="device_code"))[1] == (
        "device flow is not enabled for the app"
    )


def test_partner_apps_are_held_to_pkce_and_rotation_from_a_day_on(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("set_app", app="orbit-sync", partner=True)
    go_to(emulator, "2026-05-10")
    assert "refresh_token" not in client.refresh().json()
    assert returned(client.authorize(code_challenge=""))["code"]
    go_to(emulator, "2026-05-11")
    assert client.refresh().json()["refresh_token"] != client.credential["refresh_token"]
    assert "missing+required+code+challenge" in client.authorize(code_challenge="").text


def test_client_credentials_looks_at_scopes_since_winter_26(
    emulator: Emulator, client_for: ClientFor
) -> None:
    emulator.act("set_app", app="orbit-server", scopes=["full"])
    client = client_for("orbit-server")
    go_to(emulator, "2025-09-18")
    assert client.token(grant_type="client_credentials").status_code == 200
    go_to(emulator, "2025-09-19")
    assert said(client.token(grant_type="client_credentials"))[1] == "no valid scopes defined"


def test_soap_login_is_gone_from_a_day_on(emulator: Emulator, client_for: ClientFor) -> None:
    emulator.act("set_org", soap_login=True, soap_login_ends="2026-01-01")
    user = client_for().user
    body = (
        f'<e:Envelope xmlns:e="x"><e:Body><login><username>{user["username"]}</username><password>'
        f"{user['password']}{user['security_token']}</password></login></e:Body></e:Envelope>"
    )
    url = f"{emulator.url}/services/Soap/u/60.0"
    http = client_for().http
    go_to(emulator, "2026-01-01")
    assert "UNSUPPORTED_API_VERSION" in http.post(url, content=body.encode()).text
    go_to(emulator, "2025-12-31")
    assert http.post(url, content=body.encode()).status_code == 200


# --- passwords, JWTs, devices, containment


def test_a_new_password_renews_the_security_token_and_leaves_refresh_tokens(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("set_org", block_username_password=False)
    words = {"grant_type": "password", "username": client.user["username"]}
    whole = client.user["password"] + client.user["security_token"]
    assert client.token(**words, password=whole).status_code == 200
    emulator.act("change_password", user="integration")
    assert said(client.token(**words, password=whole)) == (
        "invalid_grant", "authentication failure"
    )  # fmt: skip
    assert client.refresh().status_code == 200
    emulator.act("set_org", password_change_revokes=True)
    emulator.act("change_password", user="integration")
    assert said(client.refresh())[1] == "expired access/refresh token"


@pytest.mark.parametrize("ends", [False, True])
def test_an_admins_reset_ends_browser_sessions_where_told_and_never_those_of_apps(
    client: Client, emulator: Emulator, ends: bool
) -> None:
    emulator.act("set_org", end_sessions_on_password_reset=ends)
    emulator.act("reset_password", user="integration")
    assert client.call().status_code == 200
    asked = client.http.get(
        f"{emulator.url}/services/oauth2/authorize",
        params={
            "response_type": "code", "client_id": client.app["consumer_key"],
            "redirect_uri": client.callback, "code_challenge": challenge(VERIFIER),
        },
    )  # fmt: skip
    assert ('id="login_form"' in asked.text) is ends


def test_revoking_all_jwts_kills_the_tokens_and_leaves_the_sessions(
    emulator: Emulator, client_for: ClientFor
) -> None:
    emulator.act("set_app", app="orbit-sync", jwt_access_tokens=True)
    client = client_for()
    client.connect()
    emulator.act("revoke_jwts", app="orbit-sync")
    assert client.call().status_code == 401
    sessions = emulator.org.db.execute(
        'SELECT count(*) FROM "AuthSession" WHERE "IsAssociatedWithJwtAccessToken"'
    ).fetchone()
    assert sessions[0] == 1
    assert client.call(client.refresh().json()["access_token"]).status_code == 200


def test_an_activated_device_passes_the_login_ranges_in_the_browser(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("set_profile", profile="Integration User", login_ranges=[["1.1.1.1", "1.1.1.1"]])
    emulator.act("set_app", app="orbit-sync", ip_relaxation="BYPASS_2FACTOR")
    assert said(client.refresh())[1].startswith("ip restricted")
    emulator.act("confirm_identity", user="integration")
    assert client.refresh().status_code == 200
    assert returned(client.authorize())["code"]
    emulator.act("set_ip", ip=AWAY)
    assert "code=" not in client.authorize().headers.get("location", "")


@pytest.mark.parametrize("why", ["high-risk-ip", "login-anomaly"])
def test_containment_freezes_and_revokes_and_an_anomaly_asks_for_a_new_password(
    client: Client, emulator: Emulator, why: str
) -> None:
    before = client.user["password"]
    emulator.act("contain_user", user="integration", why=why)
    assert client.call().status_code == 401
    assert said(client.refresh())[1] == "expired access/refresh token"
    emulator.act("unfreeze_user", user="integration")
    assert said(client.refresh())[1] == "expired access/refresh token"
    with emulator.org.lock:
        row = state.one(
            emulator.org.db, "SELECT password FROM x_user WHERE id = ?", client.user["id"]
        )
    assert row is not None
    assert (row["password"] == before) is (why == "high-risk-ip")


@pytest.mark.parametrize("by", ["refresh", "call"])
def test_traffic_from_a_high_risk_address_contains_its_user_again_and_again(
    client: Client, emulator: Emulator, by: str
) -> None:
    emulator.act("set_org", high_risk_ranges=[["192.0.2.0", "192.0.2.255"]])
    assert getattr(client, by)().status_code == 200
    for day, where in (("2026-04-23", AWAY), ("2026-04-24", "198.51.100.10")):
        go_to(emulator, day)
        emulator.act("set_ip", ip=where)
        client.connect()
        assert getattr(client, by)().status_code == 200, "not in force yet, or not from there"
    emulator.act("set_ip", ip=AWAY)
    assert getattr(client, by)().status_code in (400, 401)
    emulator.act("unfreeze_user", user="integration")
    assert client.redeem(client.code()).json()["error"] == "invalid_grant"


def test_a_wrong_secret_from_a_high_risk_address_contains_nobody(
    client: Client, emulator: Emulator
) -> None:
    emulator.act("set_org", high_risk_ranges=[["192.0.2.0", "192.0.2.255"]])
    emulator.act("set_ip", ip=AWAY)
    client.refresh(client_secret="wrong")
    emulator.act("set_ip", ip="198.51.100.10")
    assert client.refresh().status_code == 200


def test_salesforce_takes_the_tokens_of_every_user_of_an_app_and_leaves_no_audit_row(
    emulator: Emulator, client_for: ClientFor
) -> None:
    mine, theirs, other = client_for(), client_for(user="sam"), client_for("pocket-charts")
    for each in (mine, theirs, other):
        each.connect()
    rows = emulator.org.db.execute('SELECT count(*) FROM "SetupAuditTrail"').fetchone()
    assert emulator.act("withdraw_app", app="orbit-sync")["revoked"] == 2
    assert {said(each.refresh())[1] for each in (mine, theirs)} == {"expired access/refresh token"}
    assert (mine.call().status_code, theirs.call().status_code) == (401, 401)
    assert other.refresh().status_code == other.call().status_code == 200
    after = emulator.org.db.execute('SELECT count(*) FROM "SetupAuditTrail"').fetchone()
    assert tuple(after) == tuple(rows)


# --- who may use an app that is not installed, and which client


def may(emulator: Emulator, **permissions: bool) -> None:
    emulator.act("set_profile", profile="Integration User", permissions=permissions)


def gets_in(client: Client) -> bool:
    client.http.cookies.clear()
    return "code=" in client.authorize().headers.get("location", "")


@pytest.mark.parametrize(
    ("control", "permission", "day", "expected"),
    [
        (False, "", "2026-01-01", False),
        (False, "CanApproveUninstalledApps", "2026-01-01", True),
        (False, "UseAnyApiClient", "2025-12-07", False),
        (True, "CanApproveUninstalledApps", "2025-12-07", False),
        (True, "UseAnyApiClient", "2025-12-07", True),
        (True, "UseAnyApiClient", "2025-12-08", False),
    ],
)
def test_who_approves_an_uninstalled_app_before_and_after_8_december_2025(
    emulator: Emulator, client_for: ClientFor,
    control: bool, permission: str, day: str, expected: bool,
) -> None:  # fmt: skip
    emulator.act("uninstall_app", app="orbit-sync")
    emulator.act("set_org", api_access_control=control)
    may(emulator, **({permission: True} if permission else {}))
    go_to(emulator, day)
    assert gets_in(client_for()) is expected


def test_an_earlier_authorization_outlives_the_uninstalling_unless_a_device_made_it(
    emulator: Emulator, client_for: ClientFor
) -> None:
    emulator.act("set_app", app="orbit-sync", device_flow=True)
    device, browser = client_for(user="sam"), client_for()
    browser.connect()
    begun = device.token(response_type="device_code").json()
    page = device.http.get(begun["verification_uri"], params={"user_code": begun["user_code"]})
    device.walk(page)
    device.credential = device.token(grant_type="device", code=begun["device_code"]).json()
    assert device.refresh().status_code == 200
    emulator.act("set_app", app="orbit-sync", installed=False)
    assert browser.refresh().status_code == 200
    assert said(device.refresh())[1] == "app must be installed into org"


def test_api_access_control_has_a_switch_of_its_own_for_external_users(
    emulator: Emulator, client_for: ClientFor
) -> None:
    inside, outside = client_for(), client_for(user="sam")
    for each in (inside, outside):
        each.connect()
    emulator.act("set_user", user="sam", UserType="PowerPartner")
    emulator.act("set_org", api_access_control_external=True)
    assert (inside.refresh().status_code, outside.refresh().status_code) == (200, 400)
    assert outside.call().status_code == 401
    emulator.act("set_org", api_access_control_external=False, api_access_control=True)
    assert (inside.refresh().status_code, outside.refresh().status_code) == (400, 200)


def test_a_client_assertion_is_checked_against_the_certificate_set_for_it(
    emulator: Emulator, client_for: ClientFor
) -> None:
    emulator.act("create_app", app=PORTAL)
    client = client_for(PORTAL)
    key = client.http.get(f"{emulator.control_url}/key/{PORTAL}").json()["private_key"]
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

    def redeemed() -> int:
        signed = client.assertion(key, sub=client.app["consumer_key"])
        proof = {"client_assertion": signed, "client_assertion_type": kind, "client_secret": ""}
        return client.redeem(client.code(), **proof).status_code

    assert redeemed() == 200
    emulator.act("set_app", app=PORTAL, assertion_certificate="of another key")
    assert redeemed() == 400


def test_every_knob_of_section_1_10_has_a_default_its_type_takes() -> None:
    assert {each.mark for each in KNOBS.values()} == {"official", "recorded", "inferred"}
    assert len(KNOBS) >= 75
