"""What an admin sets for apps does to the clients what the labels say."""

import pytest

from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator, connected
from evergrant.emulator.inventory import inventory
from setup_robot import Robot

USAGE = "/lightning/setup/ConnectedAppsUsage/home"
MANAGER = "/lightning/setup/NavigationMenus"
EXTERNAL = "/lightning/setup/ManageExternalClientApplication/home"


def app(robot: Robot, name: str = "orbit-sync") -> Robot:
    """The page of an app's policies."""
    return robot.open(f"/{robot.id_of('app', name)}")


def knobs(emulator: Emulator, name: str = "orbit-sync") -> dict[str, object]:
    """An app as the org holds it."""
    return dict(next(each for each in inventory(emulator.org)["apps"] if each["name"] == name))


def refused_by(emulator: Emulator) -> object:
    """The gate that the newest attempt ended at; None where it got through."""
    return emulator.stage.trace()[-1]["gate"]


# --- Connected Apps OAuth Usage ---------------------------------------------------------------


def test_block_refuses_the_client_and_unblock_lets_it_in_again(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    client = client_for()
    client.connect()
    admin.open(USAGE).press("Block Orbit Sync")
    assert client.refresh().status_code == 400
    assert refused_by(emulator) == "app_blocked"
    admin.press("Unblock Orbit Sync")
    assert client.refresh().status_code == 200
    assert admin.audit()[0][0] == "unblockConnectedApplication"


def test_blocked_apps_stand_at_the_very_bottom(admin: Robot) -> None:
    text = admin.open(USAGE).press("Block Ledger Mirror").text
    order = [text.index(f'data-app="{name}"') for name in ("orbit-sync", "pocket-charts")]
    assert max(order) < text.index('data-app="ledger-mirror"')


def test_uninstall_and_install_decide_who_may_come_in_and_denials_are_counted(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    client = client_for()
    admin.open(USAGE).press("Uninstall Orbit Sync")
    client.authorize()
    assert refused_by(emulator) == "uninstalled_restriction"
    row = admin.open(USAGE).text.partition('data-app="orbit-sync"')[2].partition("</tr>")[0]
    assert "<td>1</td>" in row
    assert "Manage App Policies" not in row
    admin.press("Install Orbit Sync")
    assert client.connect()["refresh_token"]


def test_the_user_count_counts_users_not_approvals(admin: Robot, emulator: Emulator) -> None:
    emulator.act("approve", app="orbit-sync", times=3)
    emulator.act("approve", app="orbit-sync", user="sam")
    row = admin.open(USAGE).text.partition('data-app="orbit-sync"')[2].partition("</tr>")[0]
    assert ">2<" in row


def test_revoke_on_the_apps_usage_page_ends_that_approval_only(
    admin: Robot, client_for: ClientFor
) -> None:
    one, other = client_for(), client_for(user="sam")
    one.connect()
    other.connect()
    page = f"/lightning/setup/ConnectedAppsUsage/{admin.id_of('app', 'orbit-sync')}"
    buttons = [name for form in admin.open(page).page.forms for name in form.buttons]
    admin.press(next(name for name in buttons if "integration@" in name))
    assert (one.refresh().status_code, other.refresh().status_code) == (400, 200)
    admin.press("Revoke All")
    assert other.refresh().status_code == 400


def test_the_revoke_button_of_one_app_cannot_be_aimed_at_another(
    admin: Robot, emulator: Emulator
) -> None:
    emulator.act("approve", app="orbit-sync")
    page = f"/lightning/setup/ConnectedAppsUsage/{admin.id_of('app', 'orbit-sync')}"
    form = next(form for form in admin.open(page).page.forms if "approval" in form.values)
    other = f"/lightning/setup/ConnectedAppsUsage/{admin.id_of('app', 'ledger-mirror')}"
    admin.open(other).send({**form.values, "do": "revoke"})
    assert admin.answer.status_code == 404


# --- policies ---------------------------------------------------------------------------------


def test_admin_approved_users_lets_in_whose_permission_set_is_on_the_list(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    client = client_for()
    client.connect()
    app(admin).press("Save", permitted="Admin approved users are pre-authorized")
    assert client.refresh().status_code == 400
    assert refused_by(emulator) == "permitted_users"
    admin.press("Add Permission Set", holder="Orbit Sync Access")
    assert client.refresh().status_code == 200
    admin.press("Remove Orbit Sync Access")
    assert client.refresh().status_code == 400
    admin.press("Add Profile", holder="Integration User")
    assert client.refresh().status_code == 200


def test_adding_what_is_on_the_list_already_changes_nothing(admin: Robot) -> None:
    app(admin)
    form = admin.form("Add Permission Set")
    for _ in range(2):
        admin.send({**form.values, "do": "add_set"})
    assert admin.text.count("Remove<span") == 1
    assert len(admin.audit()) == 1


RELAXATION = {
    "Enforce IP restrictions": (False, False),
    "Enforce IP restrictions, but relax for refresh tokens": (False, True),
    "Relax IP restrictions": (True, True),
}


@pytest.mark.parametrize("label", RELAXATION)
def test_ip_relaxation_does_what_its_label_says_at_login_and_at_refresh(
    admin: Robot, client_for: ClientFor, emulator: Emulator, label: str
) -> None:
    client = client_for()
    client.connect()
    app(admin).press("Save", ip_relaxation=label)
    profile = admin.open(f"/{admin.id_of('profile', 'Integration User')}")
    profile.press("Add range", start="192.0.2.1", end="192.0.2.9")
    may_refresh = client.refresh().status_code == 200
    may_login = "code=" in client.authorize().headers.get("location", "")
    assert (may_login, may_refresh) == RELAXATION[label]


REFRESH = {
    "infinite": "infinite",
    "zero": "zero",
    "specific_inactivity": "specific_inactivity:7:DAYS",
    "specific_lifetime": "specific_lifetime:3:MONTHS",
}


@pytest.mark.parametrize("kind", REFRESH)
def test_the_refresh_token_policy_is_stored_in_its_own_form_and_shown_again(
    admin: Robot, emulator: Emulator, kind: str
) -> None:
    filled = {"specific_inactivity_n": "7", "specific_inactivity_unit": "Days",
              "specific_lifetime_n": "3", "specific_lifetime_unit": "Months"}  # fmt: skip
    app(admin, "pocket-charts").press("Save", refresh_policy=kind, **filled)
    assert knobs(emulator, "pocket-charts")["refresh_policy"] == REFRESH[kind]
    assert admin.form("Save").values["refresh_policy"] == kind
    before = admin.audit()
    admin.press("Save")
    assert admin.audit() == before


def test_an_immediately_expired_refresh_token_is_refused(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    client = client_for()
    client.connect()
    app(admin).press("Save", refresh_policy="refresh_zero")
    assert client.refresh().status_code == 400
    assert refused_by(emulator) == "refresh_token_policy"


@pytest.mark.parametrize(
    "filled",
    [
        {"refresh_policy": "specific_lifetime", "specific_lifetime_n": "-3"},
        {"refresh_policy": "specific_lifetime", "specific_lifetime_n": "²"},
        {"refresh_policy": "specific_lifetime", "specific_lifetime_n": "0"},
        {"refresh_policy": "specific_lifetime", "specific_lifetime_n": ""},
        {"refresh_policy": "specific_lifetime", "specific_lifetime_n": "9",
         "specific_lifetime_unit": "YEARS"},
        {"refresh_policy": "forever"},
        {"ip_relaxation": "BYPASS_ALL"},
        {"permitted": None},
        {"session_minutes": "99999"},
        {"session_minutes": "soon"},
        {"session_action": "Ignore"},
    ],
)  # fmt: skip
def test_a_form_with_a_value_that_cannot_be_is_refused_whole(
    admin: Robot, emulator: Emulator, filled: dict[str, str | None]
) -> None:
    before = knobs(emulator)
    app(admin).press("Save", **{"ip_relaxation": "Relax IP restrictions", **filled})
    assert admin.answer.status_code == 400
    assert 'role="alert"' in admin.text
    assert knobs(emulator) == before


def test_an_idle_limit_hides_valid_until_revoked_and_leaves_the_policy_stored(
    admin: Robot, emulator: Emulator
) -> None:
    emulator.act("set_app", app="orbit-sync", idle_limit_days=30)
    app(admin)
    assert "Refresh token is valid until revoked" not in admin.text
    assert "Expire refresh token if not used for 30 days" in admin.text
    admin.press("Save")
    assert knobs(emulator)["refresh_policy"] == "infinite"


def test_session_policies_set_timeout_and_assurance(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    app(admin).press("Save", session_minutes="15 minutes", high_assurance="on")
    assert knobs(emulator)["session_minutes"] == 15
    assert knobs(emulator)["session_level"] == "HIGH_ASSURANCE"
    client = client_for()
    client.connect()
    emulator.clock.advance(seconds=16 * 60)
    assert client.call().status_code == 401
    app(admin).press("Save", session_minutes="", high_assurance=None)
    assert (knobs(emulator)["session_minutes"], knobs(emulator)["session_level"]) == (None, "")


def test_policies_of_an_app_that_is_not_installed_cannot_be_edited(
    admin: Robot, emulator: Emulator
) -> None:
    emulator.act("uninstall_app", app="orbit-sync")
    assert app(admin).answer.status_code == 404
    assert "Orbit Sync</a>" not in admin.open("/lightning/setup/ConnectedApplication/home").text


# --- external client apps ---------------------------------------------------------------------


def server(client_for: ClientFor) -> Client:
    """The client of the external client app."""
    return client_for("orbit-server")


def credentials(client: Client) -> int:
    return client.token(grant_type="client_credentials").status_code


def test_run_as_and_the_flow_switch_of_an_external_client_app(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    client = server(client_for)
    assert credentials(client) == 200
    app(admin, "orbit-server").press("Save", run_as="")
    assert credentials(client) == 400
    assert refused_by(emulator) == "run_as_user"
    admin.press("Save", run_as="integration@acme.example")
    assert credentials(client) == 200
    admin.press("Save", client_credentials=None)
    assert credentials(client) == 400
    assert refused_by(emulator) == "flow_enabled"


def test_disabling_an_external_client_app_shuts_it(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    app(admin, "orbit-server").press("Save", enabled=None)
    assert credentials(server(client_for)) == 400
    assert refused_by(emulator) == "app_enabled"
    assert "Disabled" in admin.open(EXTERNAL).text
    app(admin, "orbit-server").press("Save", enabled="on")
    assert credentials(server(client_for)) == 200


def test_the_usage_page_of_external_client_apps_counts_users_and_blocks_nobody(
    admin: Robot, emulator: Emulator
) -> None:
    emulator.act("set_app", app="orbit-server", scopes=["api", "refresh_token"])
    emulator.act("approve", app="orbit-server")
    text = admin.open("/lightning/setup/ExternalClientApplicationOauthUsage/home").text
    assert ">1<" in text
    assert not admin.has("Block Orbit Sync Server")


def test_an_external_client_app_that_is_not_in_the_org_can_be_installed(
    admin: Robot, emulator: Emulator
) -> None:
    emulator.act("set_app", app="orbit-server", in_org=False)
    admin.open(EXTERNAL)
    assert 'data-app="orbit-server"' not in admin.text
    assert 'data-app="orbit-server"' in admin.press("Install Orbit Sync Server").text


# --- settings ---------------------------------------------------------------------------------


def settings(robot: Robot, name: str = "orbit-sync") -> Robot:
    """The page of an app's developer settings."""
    return robot.open(f"{MANAGER}/{robot.id_of('app', name)}")


def test_callbacks_scopes_and_switches_are_saved(admin: Robot, emulator: Emulator) -> None:
    settings(admin).press(
        "Save", callbacks="https://one.example/cb\r\nmyapp://two", pkce_required="on",
        secret_for_web=None, rotation="on", **{"scope.openid": None, "scope.web": "on"},
    )  # fmt: skip
    now = knobs(emulator)
    assert now["callbacks"] == ("https://one.example/cb", "myapp://two")
    assert now["scopes"] == ("api", "refresh_token", "id", "web")
    assert (now["pkce_required"], now["secret_optional"], now["rotation"]) == (True, True, True)
    before = admin.audit()
    admin.press("Save")
    assert admin.audit() == before


def test_a_callback_taken_off_is_a_mismatch_from_then_on(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    client = client_for()
    settings(admin).press("Save", callbacks="https://elsewhere.example/cb")
    client.authorize()
    assert refused_by(emulator) == "redirect_uri"


def test_no_callback_and_a_wrong_certificate_are_refused(admin: Robot) -> None:
    settings(admin).press("Save", callbacks=" ")
    assert admin.answer.status_code == 400
    settings(admin).press("Save", digital_signatures="on", certificate="not a certificate")
    assert admin.answer.status_code == 400


def test_a_certificate_is_registered_without_what_was_pasted_beside_it(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    key = connected.key_of(emulator.org, "orbit-jwt")
    client = client_for("orbit-jwt")
    settings(admin, "orbit-jwt").press("Save", digital_signatures=None)
    assert client.jwt_bearer(client.assertion(key.private_key)).status_code == 400
    pasted = f"{key.certificate}\n{key.private_key}"
    settings(admin, "orbit-jwt").press("Save", digital_signatures="on", certificate=pasted)
    assert "PRIVATE" not in str(knobs(emulator, "orbit-jwt")["certificate"])
    assert client.jwt_bearer(client.assertion(key.private_key)).status_code == 200


def test_the_consumer_page_shows_key_and_secret_and_makes_a_new_one(
    admin: Robot, client_for: ClientFor
) -> None:
    client = client_for()
    client.connect()
    admin.open(f"{MANAGER}/{admin.id_of('app', 'orbit-sync')}/consumer")
    assert client.app["consumer_key"] in admin.text
    assert client.app["consumer_secret"] in admin.text
    admin.press("Generate a new consumer secret")
    assert client.app["consumer_secret"] not in admin.text
    assert client.refresh().json()["error"] == "invalid_client"
