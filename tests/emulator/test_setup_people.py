"""What an admin does to users, permission sets, profiles and the org, and what is remembered."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulated_client import Client, ClientFor
from evergrant.emulator import Emulator
from evergrant.emulator.inventory import inventory
from evergrant.emulator.setup.desk import BadForm
from evergrant.emulator.setup.policies import refresh_parts, whole
from setup_robot import Robot

HISTORY = "/lightning/setup/OrgLoginHistory/home"


@pytest.fixture
def client(client_for: ClientFor) -> Client:
    """Orbit Sync, connected as the integration user."""
    made = client_for()
    made.connect()
    return made


def refused_by(emulator: Emulator) -> object:
    """The gate that the newest attempt ended at; None where it got through."""
    return emulator.stage.trace()[-1]["gate"]


def user(robot: Robot, name: str = "integrat") -> Robot:
    """A user's page, by alias."""
    return robot.open(f"/{robot.id_of('user', name)}")


def profile(robot: Robot, name: str = "Integration User") -> Robot:
    """A profile's page."""
    return robot.open(f"/{robot.id_of('profile', name)}")


def held_set(robot: Robot, name: str = "Orbit_Sync_Access") -> Robot:
    """A permission set's page."""
    return robot.open(f"/{robot.id_of('set', name)}")


def login_policy(emulator: Emulator, name: str = "Integration User") -> dict[str, object]:
    """A profile's login policy."""
    return dict(next(each for each in inventory(emulator.org)["profiles"] if each["name"] == name))


# --- users ------------------------------------------------------------------------------------


def test_freeze_and_unfreeze(admin: Robot, client: Client, emulator: Emulator) -> None:
    user(admin).press("Freeze")
    assert not admin.has("Freeze")
    assert client.refresh().status_code == 400
    assert refused_by(emulator) == "user_frozen"
    admin.press("Unfreeze")
    assert client.refresh().status_code == 200
    assert [action for action, _ in admin.audit()] == ["unfrozeuser", "frozeuser"]


def test_the_active_checkbox_deactivates_and_activates(
    admin: Robot, client: Client, emulator: Emulator
) -> None:
    user(admin).press("Save", active=None)
    assert client.refresh().status_code == 400
    assert refused_by(emulator) == "user_active"
    admin.press("Save", active="on")
    assert client.refresh().status_code == 200


def test_a_locked_password_can_be_unlocked(
    admin: Robot, emulator: Emulator, client: Client
) -> None:
    with emulator.org.lock:
        emulator.org.db.execute('UPDATE "UserLogin" SET "IsPasswordLocked" = 1')
    user(admin).press("Unlock")
    assert not admin.has("Unlock")
    assert user(admin, "sam").has("Unlock")


def test_a_user_can_get_another_profile(admin: Robot, emulator: Emulator) -> None:
    user(admin).press("Save", profile="Standard User")
    assert admin.form("Save").values["profile"] == admin.id_of("profile", "Standard User")


def test_permission_sets_are_assigned_and_removed_on_the_users_page(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    sam = client_for("ledger-mirror", user="sam")
    sam.authorize()
    assert refused_by(emulator) == "permitted_users"
    user(admin, "sam").press("Add Permission Set", set="Ledger Mirror Access")
    sam.connect()
    admin.press("Remove Assignment Ledger Mirror Access")
    assert sam.refresh().status_code == 400


def test_revoke_in_oauth_connected_apps_ends_one_approval_of_several(
    admin: Robot, client_for: ClientFor
) -> None:
    first, second = client_for(), client_for()
    first.connect()
    second.connect()
    user(admin).press("Revoke Orbit Sync, approval 1")
    assert sorted([first.refresh().status_code, second.refresh().status_code]) == [200, 400]


def test_the_users_page_ends_with_the_users_own_logins(admin: Robot, client: Client) -> None:
    assert "Remote Access 2.0" in user(admin).text
    others = user(admin, "sam").text.partition('id="history"')[2]
    assert "sam@acme.example" in others
    assert "integration@acme.example" not in others


def test_who_may_only_view_setup_sees_neither_logins_nor_tokens_of_others(
    admin: Robot, emulator: Emulator, client: Client
) -> None:
    emulator.act("set_profile", profile="Standard User", permissions={"ViewSetup": True})
    admin.press("Log Out")
    viewer = Robot(emulator, admin.http, "sam").sign_in()
    page = user(viewer)
    assert page.answer.status_code == 200
    assert not page.has("Freeze")
    for hidden in ('id="history"', 'id="oauth"'):
        assert hidden not in page.text


# --- permission sets --------------------------------------------------------------------------


def test_an_app_is_put_on_the_set_and_the_set_on_a_user(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    emulator.act("set_app", app="orbit-sync", admin_approved=True)
    held_set(admin).press("Add App", app="Orbit Sync").press("Add User", user="sam@acme.example")
    sam = client_for(user="sam")
    sam.connect()
    held_set(admin).press("Remove Assignment sam@acme.example")
    assert sam.refresh().status_code == 400
    held_set(admin).press("Add User", user="sam@acme.example").press("Remove Orbit Sync")
    assert sam.refresh().status_code == 400


def test_assigning_twice_leaves_one_assignment(admin: Robot) -> None:
    held_set(admin)
    form = admin.form("Add User")
    for _ in range(2):
        admin.send({**form.values, "do": "add_user"})
    assert len(admin.audit()) == 1


def test_a_system_permission_of_a_set_reaches_its_users(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    emulator.act("uninstall_app", app="orbit-sync")
    client = client_for()
    client.authorize()
    assert refused_by(emulator) == "uninstalled_restriction"
    held_set(admin).press("Save", **{"permission.CanApproveUninstalledApps": "on"})
    assert client.connect()["access_token"]
    held_set(admin).press("Save", **{"permission.CanApproveUninstalledApps": None})
    assert "CanApproveUninstalledApps" not in emulator.org.permissions_of(
        admin.id_of("user", "integrat")
    )


def test_a_profiles_own_permission_set_is_no_permission_set_page(admin: Robot) -> None:
    own = admin.id_of("set", f"X{admin.id_of('profile', 'Integration User')}")
    assert admin.open(f"/{own}").answer.status_code == 404


# --- profiles ---------------------------------------------------------------------------------


def test_login_ip_ranges_are_added_and_deleted(
    admin: Robot, client: Client, emulator: Emulator
) -> None:
    profile(admin).press("Add range", start="192.0.2.1", end="192.0.2.9")
    assert client.refresh().status_code == 400
    assert refused_by(emulator) == "ip_ranges"
    admin.press("Add range", start=emulator.org.ip, end=emulator.org.ip)
    assert client.refresh().status_code == 200
    admin.press(f"Delete {emulator.org.ip} to {emulator.org.ip}")
    admin.press("Delete 192.0.2.1 to 192.0.2.9")
    assert login_policy(emulator)["login_ranges"] == ()
    assert admin.audit()[0][0] == "loginIpRange"


@pytest.mark.parametrize(
    ("start", "end"),
    [("192.0.2.9", "192.0.2.1"), ("192.0.2.1", "2001:db8::1"), ("here", "there"), ("", "")],
)
def test_a_range_that_is_none_is_refused(admin: Robot, start: str, end: str) -> None:
    assert profile(admin).press("Add range", start=start, end=end).answer.status_code == 400
    assert admin.audit() == []


def test_login_hours_shut_the_door_outside_and_can_be_cleared(
    admin: Robot, client: Client, emulator: Emulator
) -> None:
    today = emulator.clock.now().weekday()
    other = (today + 3) % 7
    profile(admin).press("Save Login Hours", **{f"start.{other}": "08:00", f"end.{other}": "24:00"})
    assert login_policy(emulator)["login_hours"] == ((other, 480, 1440),)
    assert client.refresh().status_code == 400
    assert refused_by(emulator) == "login_hours"
    admin.press("Clear all times")
    assert client.refresh().status_code == 200


@pytest.mark.parametrize("ends", [("10:00", "09:00"), ("10:00", ""), ("61", "120"), ("²", "³")])
def test_hours_that_end_before_they_begin_are_refused(admin: Robot, ends: tuple[str, str]) -> None:
    start, end = ends
    profile(admin).press("Save Login Hours", **{"start.0": start, "end.0": end})
    assert admin.answer.status_code == 400


def test_api_enabled_in_the_profile_decides_about_calls(admin: Robot, client: Client) -> None:
    profile(admin).press("Save", **{"permission.ApiEnabled": None})
    assert client.call().status_code == 403
    admin.press("Save", **{"permission.ApiEnabled": "on"})
    assert client.call().status_code == 200


# --- the org ----------------------------------------------------------------------------------


def test_lock_sessions_to_the_ip_address(admin: Robot, client: Client, emulator: Emulator) -> None:
    admin.open("/lightning/setup/SecuritySession/home").press("Save", lock_sessions_to_ip="on")
    emulator.act("set_ip", ip="203.0.113.9")
    assert client.call().status_code == 401


def test_the_orgs_timeout_reaches_sessions_opened_after_it(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    admin.open("/lightning/setup/SecuritySession/home").press("Save", session_minutes="15 minutes")
    client = client_for()
    client.connect()
    emulator.clock.advance(seconds=16 * 60)
    assert client.call().status_code == 401


def test_pkce_for_all_flows_refuses_a_request_without_a_challenge(
    admin: Robot, client: Client, emulator: Emulator
) -> None:
    admin.open("/lightning/setup/OauthOidcSettings/home").press("Save", pkce_required="on")
    client.authorize(code_challenge="")
    assert refused_by(emulator) == "code_challenge"


def test_api_access_control_lets_in_the_listed_apps(
    admin: Robot, client: Client, emulator: Emulator
) -> None:
    emulator.act("set_profile", profile="Integration User", permissions={"UseAnyApiClient": False})
    page = admin.open("/lightning/setup/ApiAccessControl/home")
    page.press("Save", api_access_control="on")
    assert client.refresh().status_code == 400
    assert refused_by(emulator) == "api_access_control"
    listed = f"app.{admin.id_of('app', 'orbit-sync')}"
    page.press("Save", **{listed: "on"})
    assert client.refresh().status_code == 200
    assert "Use Any API Client" in held_set(admin).text


def test_my_domain_shows_the_orgs_own_address(admin: Robot, emulator: Emulator) -> None:
    assert emulator.url in admin.open("/lightning/setup/OrgDomain/home").text


# --- what the org remembers -------------------------------------------------------------------


def test_login_history_shows_the_newest_first_and_filters_by_user(
    admin: Robot, client: Client, emulator: Emulator
) -> None:
    emulator.act("block_app", app="orbit-sync")
    client.refresh()
    rows = admin.open(HISTORY).text.partition("<tbody>")[2]
    assert "integration@acme.example" in rows.partition("</tr>")[0]
    only = admin.press("Filter", user="sam@acme.example").text.partition("<tbody>")[2]
    assert "sam@acme.example" in only
    assert "rita@acme.example" not in only


@pytest.mark.parametrize("page", ["0", "-1", "nonsense", "²", "99999999", "401"])
def test_a_page_number_that_cannot_be_is_taken_for_one_that_can(admin: Robot, page: str) -> None:
    assert admin.open(f"{HISTORY}?page={page}&user='").answer.status_code == 200


def test_login_history_pages_on(admin: Robot, emulator: Emulator) -> None:
    emulator.act("approve", app="orbit-sync", times=60)
    assert admin.open(HISTORY).text.count("<tr>") == 51
    following = next(link for link in admin.page.links if "page=2" in link)
    second = admin.open(str(admin.answer.url.join(following)))
    assert "Previous" in second.text
    assert "Next" not in second.text


SESSIONS = "/lightning/setup/SessionManagementPage/home"


def boxes(robot: Robot, words: str) -> list[str]:
    """The boxes of the sessions whose row has these words, newest first."""
    rows = [row for row in robot.text.split("<tr>") if words in row]
    return [found.group(0) for row in rows if (found := re.search(r"session\.\w+", row))]


def test_removing_a_session_ends_it_and_leaves_the_refresh_token(
    admin: Robot, client: Client
) -> None:
    row = boxes(admin.open(SESSIONS), "<td>Orbit Sync</td>")[0]
    admin.press("Remove the ticked sessions", **{row: "on"})
    assert client.call().status_code == 401
    assert client.refresh().status_code == 200
    assert admin.audit()[0] == ("inferred:removeSession", "admin@acme.example")


def test_several_sessions_are_removed_at_once_and_one_that_ended_is_refused(
    admin: Robot, client_for: ClientFor, client: Client
) -> None:
    other = client_for(user="sam")
    other.connect()
    ticked = dict.fromkeys(boxes(admin.open(SESSIONS), "<td>Orbit Sync</td>"), "on")
    assert len(ticked) == 2
    form = admin.form("Remove the ticked sessions").values
    admin.press("Remove the ticked sessions", **ticked)
    assert (client.call().status_code, other.call().status_code) == (401, 401)
    admin.send({**form, **ticked, "do": "remove"})
    assert admin.answer.status_code == 400


@pytest.mark.parametrize("ticked", [{}, {"session.nonsense": "on"}])
def test_removing_no_session_says_so(admin: Robot, ticked: dict[str, str]) -> None:
    admin.open(SESSIONS).press("Remove the ticked sessions", **ticked)
    assert admin.answer.status_code == 400


def test_sessions_are_filtered_by_user_and_ones_own_is_marked(admin: Robot, client: Client) -> None:
    assert client.credential
    admin.open(SESSIONS).press("Filter", user="admin@acme.example")
    assert "(this browser)" in admin.text
    assert "<td>Orbit Sync</td>" not in admin.text


# --- reading forms ----------------------------------------------------------------------------


@given(st.text())
def test_a_number_is_whole_and_positive_or_refused(text: str) -> None:
    try:
        number = whole({"n": text}, "n", "n")
    except BadForm:
        return
    assert 0 < number < 100_000
    assert int(text) == number


@given(
    st.sampled_from(["specific_lifetime", "specific_inactivity"]),
    st.integers(1, 99999), st.sampled_from(["HOURS", "DAYS", "MONTHS"]),
)  # fmt: skip
def test_a_refresh_token_policy_taken_apart_says_the_same(
    kind: str, number: int, unit: str
) -> None:
    parts = refresh_parts(f"{kind}:{number}:{unit}")
    assert f"{parts['kind']}:{parts[f'{kind}_n']}:{parts[f'{kind}_unit']}" == (
        f"{kind}:{number}:{unit}"
    )
