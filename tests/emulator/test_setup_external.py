"""External Client App Manager: the tabs of policies and settings do what they say."""

import pytest

from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator
from evergrant.emulator.inventory import inventory
from setup_robot import Robot

SETTINGS = "/lightning/setup/ManageExternalClientApplication"
OWN = "/lightning/setup/ExternalClientApplicationSettings/home"


def policies(robot: Robot) -> Robot:
    """The app's tab of policies."""
    return robot.open(f"/{robot.id_of('app', 'orbit-server')}")


def settings(robot: Robot) -> Robot:
    """The app's tab of settings."""
    return robot.open(f"{SETTINGS}/{robot.id_of('app', 'orbit-server')}")


def knobs(emulator: Emulator) -> dict[str, object]:
    """The app as the org holds it."""
    return dict(next(a for a in inventory(emulator.org)["apps"] if a["name"] == "orbit-server"))


def gate(emulator: Emulator) -> object:
    """The gate that the newest attempt ended at."""
    return emulator.stage.trace()[-1]["gate"]


@pytest.fixture
def client(client_for: ClientFor) -> Client:
    """The app's client."""
    return client_for("orbit-server")


def credentials(client: Client) -> int:
    return client.token(grant_type="client_credentials").status_code


def test_the_two_tabs_lead_to_each_other(admin: Robot) -> None:
    app = admin.id_of("app", "orbit-server")
    assert f"{SETTINGS}/{app}" in policies(admin).page.links
    assert f"/{app}" in settings(admin).page.links


def test_the_oauth_plugin_switched_off_refuses_and_on_again_grants(
    admin: Robot, client: Client, emulator: Emulator
) -> None:
    policies(admin).press("Save", oauth_enabled=None)
    assert credentials(client) == 400
    assert gate(emulator) == "app_enabled"
    assert admin.audit()[0] == ("inferred:changeApplication", "admin@acme.example")
    policies(admin).press("Save", oauth_enabled="on")
    assert credentials(client) == 200


def test_a_blocked_app_shows_as_not_enabled_and_enabling_lifts_the_block(
    admin: Robot, client: Client, emulator: Emulator
) -> None:
    emulator.act("block_app", app="orbit-server")
    policies(admin).press("Save")
    assert knobs(emulator)["enabled"]
    assert credentials(client) == 400
    policies(admin).press("Save", enabled="on")
    assert credentials(client) == 200
    assert admin.audit()[0][0] == "unblockConnectedApplication"


def test_jwt_timeouts_are_chosen_from_what_salesforce_takes(
    admin: Robot, emulator: Emulator
) -> None:
    policies(admin).press("Save", jwt_timeout="The user's session timeout", jwt_minutes="5 minutes")
    now = knobs(emulator)
    assert (now["jwt_timeout"], now["jwt_minutes"]) == ("UserSession", 5)
    policies(admin).press("Save", jwt_minutes="7")
    assert admin.answer.status_code == 400


def test_jwt_access_tokens_are_switched_on_in_settings_and_last_as_the_policy_says(
    admin: Robot, client: Client, emulator: Emulator
) -> None:
    settings(admin).press("Save", jwt_access_tokens="on")
    policies(admin).press("Save", jwt_minutes="1 minutes")
    token = client.token(grant_type="client_credentials").json()["access_token"]
    assert token.count(".") == 2
    assert client.call(token).status_code == 200
    emulator.clock.advance(seconds=90)
    assert client.call(token).status_code == 401


def test_the_allowlist_for_refresh_tokens_refuses_a_refresh_from_elsewhere(
    admin: Robot, client: Client, emulator: Emulator
) -> None:
    emulator.act("set_app", app="orbit-server", scopes=["api", "refresh_token"])
    client.connect()
    page = settings(admin)
    forms = [form for form in page.page.forms if ("do", "add_allowed") in form.buttons.values()]
    token = forms[0].values["token"]
    far = {"start": "203.0.113.0", "end": "203.0.113.9"}
    page.send({**far, "token": token, "do": "add_allowed"})
    assert client.refresh().status_code == 400
    assert gate(emulator) == "ip_ranges"
    page.send({**far, "token": token, "do": "remove_allowed"})
    assert client.refresh().status_code == 200


def test_an_allowlist_range_of_more_than_256_addresses_is_refused(
    admin: Robot, emulator: Emulator
) -> None:
    page = settings(admin)
    wide = {"start": "203.0.113.0", "end": "203.0.114.0", "do": "add_allowed"}
    page.send({**wide, "token": page.form("Save").values["token"]})
    assert admin.answer.status_code == 400
    assert knobs(emulator)["refresh_allowlist"] == ()


def test_trusted_ranges_of_an_app_are_added_and_deleted(admin: Robot, emulator: Emulator) -> None:
    app = admin.id_of("app", "orbit-sync")
    page = admin.open(f"/lightning/setup/NavigationMenus/{app}")
    page.press("Add range", start="203.0.113.0", end="203.0.113.9")
    found = next(a for a in inventory(emulator.org)["apps"] if a["name"] == "orbit-sync")
    assert found["trusted_ranges"] == (("203.0.113.0", "203.0.113.9"),)
    admin.press("Delete 203.0.113.0 to 203.0.113.9")
    assert "No ranges." in admin.text


def test_the_org_says_whether_secrets_are_to_be_had_by_rest(
    admin: Robot, emulator: Emulator
) -> None:
    admin.open(OWN).press("Save", client_secret_in_rest="on")
    assert inventory(emulator.org)["org"]["policy"]["client_secret_in_rest"]
    assert "only Salesforce Support" in admin.text


def test_a_viewer_sees_policies_and_cannot_save_them(admin: Robot, emulator: Emulator) -> None:
    emulator.act(
        "set_profile",
        profile="System Administrator",
        permissions={"ExternalClientAppAdmin": False, "ExternalClientAppDeveloper": False},
    )
    assert "You may look at this, not change it." in policies(admin).text
    assert not admin.has("Save")
    assert not settings(admin).has("Save")


def test_a_profile_is_given_an_app_on_its_own_page(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    emulator.act("set_app", app="orbit-sync", admin_approved=True)
    client = client_for()
    client.authorize()
    assert gate(emulator) == "permitted_users"
    profile = f"/{admin.id_of('profile', 'Integration User')}"
    admin.open(profile).press("Add App", app="Orbit Sync")
    assert client.connect()["access_token"]
    admin.press("Remove Orbit Sync")
    assert client.refresh().status_code == 400


def test_a_profile_that_requires_high_assurance_shuts_flows_without_a_person(
    admin: Robot, client: Client, emulator: Emulator
) -> None:
    profile = f"/{admin.id_of('profile', 'Integration User')}"
    admin.open(profile).press("Save", session_level="High Assurance")
    assert credentials(client) == 400
    assert gate(emulator) == "session_level"
    assert admin.audit()[0][0] == "inferred:changeProfile"


def test_a_password_reset_by_an_admin_makes_the_old_password_useless(
    admin: Robot, emulator: Emulator
) -> None:
    before = inventory(emulator.org)["users"][2]
    admin.open(f"/{admin.id_of('user', 'sam')}").press("Reset Password")
    after = inventory(emulator.org)["users"][2]
    assert before["username"] == after["username"]
    assert before["password"] != after["password"]
    assert admin.audit()[0][0] == "inferred:resetPassword"
