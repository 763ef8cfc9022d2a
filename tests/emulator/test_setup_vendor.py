"""A vendor's package in the org: three connections, each made, broken and repaired by itself."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from evergrant.emulator import Emulator, state
from evergrant.emulator.inventory import inventory
from evergrant.emulator.setup.bridge import CONNECTIONS, CONNECTIONS_CLASSIC
from metadata_kit import Metadata
from setup_robot import Robot

PACKAGES = "/lightning/setup/ImportedPackage/home"
CREDENTIALS = "/lightning/setup/NamedCredential/home"
AUTHORIZE = "/emulator/orbit/authorize"
CALLBACK = "/emulator/orbit/callback"
AUTH_CALLBACK = "/services/authcallback/Orbit_Cloud"
RobotFor = Callable[[str], Robot]


def states(robot: Robot) -> list[str]:
    """How the three connections stand on the page."""
    parts = robot.open(CONNECTIONS).text.split('data-state="')[1:]
    return [part.partition('"')[0] for part in parts]


@pytest.fixture
def orbit(admin: Robot) -> Robot:
    """The admin on the page of the package, which was just installed."""
    return admin.open(PACKAGES).press("Install Orbit Bridge").open(CONNECTIONS)


@pytest.fixture
def connected(orbit: Robot) -> Robot:
    """All three connected, through the browser."""
    orbit.press("Connect outbound").press("Allow", account="ops@acme.example")
    orbit.press("Save Organization", organization="Acme Manufacturing")
    orbit.press("Connect inbound").press("Allow")
    return orbit


def status_of(emulator: Emulator) -> dict[str, object]:
    """How the connections stand once the vendor came."""
    return emulator.act("try_connections")


def test_a_package_that_is_not_installed_has_no_page(admin: Robot) -> None:
    for path in (CONNECTIONS, CONNECTIONS_CLASSIC):
        assert admin.open(path).answer.status_code == 404


def test_installing_brings_app_components_and_permission_set_and_uninstalling_ends_it(
    connected: Robot, emulator: Emulator
) -> None:
    who = "admin@acme.example"
    assert {("inferred:insertPackage", who), ("PermSetAssign", who)} <= set(connected.audit())
    assert "Orbit Bridge" in connected.open("/lightning/setup/ConnectedAppsUsage/home").text
    assert "cloud.orbit.example" in connected.open(CREDENTIALS).text
    assert "Orbit Bridge" in connected.open("/lightning/setup/AuthProviders/home").text
    connected.open(PACKAGES).press("Uninstall Orbit Bridge")
    assert connected.open(CONNECTIONS).answer.status_code == 404
    assert "No named credentials." in connected.open(CREDENTIALS).text
    assert emulator.org.db.execute("SELECT COUNT(*) FROM x_connection").fetchone()[0] == 0
    connected.open(PACKAGES).press("Install Orbit Bridge")
    assert states(connected) == ["Not connected"] * 3


def test_the_three_are_connected_in_order_through_the_browser(
    orbit: Robot, emulator: Emulator
) -> None:
    assert states(orbit) == ["Not connected"] * 3
    assert not orbit.has("Save Organization")
    orbit.press("Connect outbound")
    assert "played by the emulator" in orbit.text
    orbit.press("Allow", account="ops@acme.example")
    assert states(orbit) == ["Connected", "Not connected", "Not connected"]
    orbit.press("Save Organization", organization="Acme Manufacturing")
    assert states(orbit) == ["Connected", "Connected", "Not connected"]
    orbit.press("Connect inbound")
    assert "Allow Access?" in orbit.text
    orbit.press("Allow")
    assert "Orbit is connected to Acme Manufacturing" in orbit.text
    assert states(orbit) == ["Connected"] * 3
    tokens = state.every(emulator.org.db, 'SELECT * FROM "OauthToken"')
    assert [row["AppName"] for row in tokens] == ["Orbit Bridge"]
    row = state.one(emulator.org.db, 'SELECT * FROM "LoginHistory" ORDER BY rowid DESC')
    assert row is not None
    assert (row["Application"], row["Status"]) == ("Orbit Bridge", "Success")


def test_inbound_can_be_authorized_by_another_user_who_signs_in(
    orbit: Robot, emulator: Emulator
) -> None:
    who = inventory(emulator.org)["users"][1]
    orbit.press("Connect inbound", as_other="on")
    orbit.press("Log In", username=who["username"], password=who["password"]).press("Allow")
    assert "Orbit is connected" in orbit.text
    row = state.one(emulator.org.db, "SELECT user_id FROM x_connection WHERE direction='inbound'")
    assert row is not None
    assert row["user_id"] == who["id"]


BROKEN: dict[str, tuple[list[tuple[str, dict[str, Any]]], list[str]]] = {
    "outbound by an expired token": (
        [("break_outbound", {"how": "expired"})], ["Broken", "Connected", "Connected"]),
    "outbound by its user": (
        [("deactivate_user", {"user": "sam"})], ["Broken", "Connected", "Connected"]),
    "outbound by disabled callouts": (
        [("set_callouts", {"credential": "Orbit_Cloud", "enabled": False})],
        ["Broken", "Connected", "Connected"]),
    "organization by another account": (
        [("connect_outbound", {"account": "intern@acme.example"})],
        ["Connected", "Broken", "Connected"]),
    "inbound by a revocation": (
        [("revoke_app", {"app": "orbit-bridge"})], ["Connected", "Connected", "Broken"]),
    "inbound by a block": (
        [("block_app", {"app": "orbit-bridge"})], ["Connected", "Connected", "Broken"]),
    "inbound by a frozen user": (
        [("freeze_user", {"user": "integration"})], ["Connected", "Connected", "Broken"]),
    "inbound by profile ranges": (
        [("set_profile", {"profile": "Integration User",
                          "login_ranges": [["203.0.113.1", "203.0.113.2"]]})],
        ["Connected", "Connected", "Broken"]),
}  # fmt: skip


@pytest.mark.parametrize("how", BROKEN)
def test_each_connection_breaks_alone(emulator: Emulator, how: str) -> None:
    emulator.act("install_package")
    emulator.act("connect_outbound", account="ops@acme.example", user="sam")
    emulator.act("choose_organization", organization="Acme Manufacturing")
    emulator.act("connect_inbound")
    assert list(status_of(emulator).values()) == ["Connected"] * 3
    acts, expected = BROKEN[how]
    for act, words in acts:
        emulator.act(act, **words)
    assert list(status_of(emulator).values()) == expected


def test_a_broken_inbound_shows_salesforces_words_and_reconnecting_repairs_it(
    connected: Robot, emulator: Emulator
) -> None:
    emulator.act("revoke_app", app="orbit-bridge")
    connected.open(CONNECTIONS).press("Test Connections")
    assert "invalid_grant: expired access/refresh token" in connected.text
    assert states(connected) == ["Connected", "Connected", "Error"]
    connected.press("Reconnect inbound").press("Allow")
    assert states(connected) == ["Connected"] * 3


def test_a_blocked_app_never_calls_back_and_works_again_once_unblocked(
    connected: Robot, emulator: Emulator
) -> None:
    emulator.act("block_app", app="orbit-bridge")
    connected.open(CONNECTIONS).press("Reconnect inbound")
    assert "OAuth Error" in connected.text
    emulator.act("unblock_app", app="orbit-bridge")
    connected.open(CONNECTIONS).press("Test Connections")
    assert states(connected) == ["Connected"] * 3


def test_the_vendor_keeps_up_with_rotation_at_every_visit(
    connected: Robot, emulator: Emulator
) -> None:
    for _ in range(3):
        assert list(status_of(emulator).values()) == ["Connected"] * 3
    live = emulator.org.db.execute(
        "SELECT COUNT(*) FROM x_refresh WHERE state = 'live'"
    ).fetchone()[0]
    assert live == 1


def test_a_broken_outbound_is_repaired_by_connecting_anew_and_leaves_the_others(
    connected: Robot, emulator: Emulator
) -> None:
    emulator.act("break_outbound", how="revoked")
    assert states(connected) == ["Error", "Connected", "Connected"]
    assert "the token was revoked" in connected.text
    connected.press("Reconnect outbound").press("Allow", account="ops@acme.example")
    assert states(connected) == ["Connected"] * 3
    assert connected.audit()[0][0] == "inferred:authenticateNamedCredential"


def test_an_account_without_the_organization_breaks_the_choice_until_another_is_made(
    connected: Robot,
) -> None:
    connected.open(CONNECTIONS).press("Reconnect outbound")
    connected.press("Allow", account="intern@acme.example")
    assert states(connected) == ["Connected", "Error", "Connected"]
    assert "intern@acme.example has no access to Acme Manufacturing" in connected.text
    connected.press("Save Organization", organization="Acme Manufacturing Trial")
    assert states(connected) == ["Connected"] * 3


def test_callouts_are_disabled_and_enabled_on_named_credentials(connected: Robot) -> None:
    connected.open(CREDENTIALS).press("Disable Callouts Orbit Bridge")
    assert connected.audit()[0][0] == "inferred:changeNamedCredential"
    assert states(connected)[0] == "Error"
    connected.open(CREDENTIALS).press("Enable Callouts Orbit Bridge")
    assert states(connected)[0] == "Connected"


@pytest.mark.parametrize(
    ("type_", "folder"),
    [("NamedCredential", "namedCredentials"), ("ExternalCredential", "externalCredentials"),
     ("AuthProvider", "authproviders")],
)  # fmt: skip
def test_the_packages_components_go_out_and_in_by_the_metadata_api(
    connected: Robot, emulator: Emulator, type_: str, folder: str
) -> None:
    metadata = Metadata(emulator)
    retrieved = metadata.one(type_, "Orbit_Cloud")
    suffix = f"{type_[0].lower()}{type_[1:]}" if type_ != "AuthProvider" else "authprovider"
    path = f"{folder}/Orbit_Cloud.{suffix}"
    assert metadata.deploy({type_: {path: retrieved}}).success
    assert states(connected) == ["Connected"] * 3


def test_a_deployment_that_disables_the_named_credential_breaks_outbound(
    connected: Robot, emulator: Emulator
) -> None:
    metadata = Metadata(emulator)
    file = metadata.one("NamedCredential", "Orbit_Cloud").replace(
        "<calloutStatus>Enabled", "<calloutStatus>Disabled"
    )
    path = "namedCredentials/Orbit_Cloud.namedCredential"
    assert metadata.deploy({"NamedCredential": {path: file}}).success
    assert states(connected) == ["Error", "Connected", "Connected"]


def test_disconnecting_inbound_gives_the_approval_back(
    connected: Robot, emulator: Emulator
) -> None:
    connected.open(CONNECTIONS).press("Disconnect Inbound")
    assert states(connected) == ["Connected", "Connected", "Not connected"]
    assert state.every(emulator.org.db, 'SELECT 1 FROM "OauthToken"') == []


# --- who comes in, and what nobody can make another do


def test_without_the_packages_permission_set_the_page_says_what_is_missing(
    orbit: Robot, robot_for: RobotFor, emulator: Emulator
) -> None:
    sam = robot_for("sam").open(CONNECTIONS)
    assert sam.answer.status_code == 403
    assert "Orbit Setup User" in sam.text
    token = sam.form("Log Out").values["token"]
    assert sam.send({"do": "test", "token": token}).answer.status_code == 403
    emulator.act("assign_permission_set", user="sam", permission_set="Orbit_Setup_User")
    assert sam.open(CONNECTIONS).answer.status_code == 200
    assert orbit.answer.status_code == 200


def test_denying_at_the_vendor_connects_nothing_and_says_so(orbit: Robot) -> None:
    orbit.press("Connect outbound").press("Deny")
    assert "access was denied there" in orbit.text
    assert states(orbit) == ["Not connected"] * 3


def test_denying_at_salesforce_brings_the_vendor_its_words(orbit: Robot) -> None:
    orbit.press("Connect inbound").press("Deny")
    assert "access_denied: end-user denied authorization" in orbit.text
    assert states(orbit) == ["Not connected"] * 3


def test_a_round_begun_in_one_browser_does_not_end_in_another(
    orbit: Robot, robot_for: RobotFor, emulator: Emulator
) -> None:
    orbit.press("Connect outbound")
    word = orbit.page.forms[0].values["state"]
    other = robot_for("admin")
    assert other.open(f"{AUTHORIZE}?state={word}").answer.status_code == 403
    other.open(f"{AUTH_CALLBACK}?code=x&state={word}")
    assert "not begun in this browser" in other.text
    assert other.open(f"{CALLBACK}?code=x&state={word}").answer.status_code == 403
    assert states(orbit) == ["Not connected"] * 3
    assert emulator.org.db.execute("SELECT COUNT(*) FROM x_connection").fetchone()[0] == 0


def test_an_answer_that_the_vendor_did_not_give_connects_nothing(orbit: Robot) -> None:
    orbit.press("Connect outbound")
    word = parse_qs(urlsplit(str(orbit.answer.url)).query)["state"][0]
    orbit.open(f"{AUTH_CALLBACK}?code=made-up&state={word}")
    assert states(orbit) == ["Not connected"] * 3
    orbit.open(f"{AUTH_CALLBACK}?code=made-up&state={word}")
    assert "not begun in this browser" in orbit.text


@pytest.mark.parametrize("path", [AUTHORIZE, CALLBACK])
def test_without_a_round_the_vendors_pages_do_nothing(orbit: Robot, path: str) -> None:
    for query in ("", "?state=", "?state=x&code=y&redirect_uri=https://evil.example"):
        assert orbit.open(path + query).answer.status_code == 403


def test_no_address_in_a_request_decides_where_a_round_ends(orbit: Robot) -> None:
    orbit.press("Connect outbound")
    form = orbit.form("Allow")
    away = {"redirect_uri": "https://evil.example", "next": "https://evil.example"}
    orbit.send({**form.values, **away, "decision": "allow"}, "post", form.action)
    assert str(orbit.answer.url).startswith(orbit.emulator.url)


def test_a_deleted_auth_provider_ends_the_round_with_the_reason(
    orbit: Robot, emulator: Emulator
) -> None:
    with emulator.org.lock:
        emulator.org.db.execute("DELETE FROM x_metadata WHERE type = 'AuthProvider'")
    orbit.press("Connect outbound").press("Allow")
    assert "The auth. provider of this package is gone" in orbit.text


def test_no_secret_of_the_connections_is_shown_anywhere(
    connected: Robot, emulator: Emulator
) -> None:
    rows = state.every(emulator.org.db, "SELECT secret FROM x_connection WHERE secret != ''")
    assert len(rows) == 2
    for path in (CONNECTIONS, CREDENTIALS, PACKAGES):
        text = connected.open(path).text
        assert not any(row["secret"] in text for row in rows)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("connect_outbound", {"account": "stranger@acme.example"}),
        ("choose_organization", {"organization": "Acme Manufacturing"}),
        ("break_outbound", {}),
        ("disconnect", {"direction": "inbound"}),
        ("set_callouts", {"credential": "Nobody", "enabled": True}),
        ("install_package", {}),
    ],
)
def test_an_act_that_cannot_be_says_why(
    emulator: Emulator, act: str, words: dict[str, object]
) -> None:
    emulator.act("install_package")
    with pytest.raises(ValueError, match=act):
        emulator.act(act, **words)
