"""Who gets in to Setup, what they may see and press, and what no other site can make them do."""

from collections.abc import Callable
from urllib.parse import quote

import pytest

from emulated_client import ClientFor
from evergrant.emulator import Emulator
from evergrant.emulator.pages import BANNER
from evergrant.emulator.setup.index import BY_ADDRESS, NOT_BUILT
from evergrant.emulator.setup.rights import SIGNED_IN
from setup_robot import Robot

USAGE = "/lightning/setup/ConnectedAppsUsage/home"
RobotFor = Callable[[str], Robot]
PATHS = [path for path in BY_ADDRESS if "{" not in path]
GUARDED = [path for path in PATHS if BY_ADDRESS[path].right != SIGNED_IN]
"""Pages that ask for a permission; the others are everybody's own, or guarded by a package."""


@pytest.mark.parametrize("path", PATHS)
def test_the_admin_opens_every_page_and_each_says_what_it_is(
    admin: Robot, emulator: Emulator, path: str
) -> None:
    emulator.act("install_package")
    admin.open(path)
    assert admin.answer.status_code == 200
    assert BANNER.replace("'", "&#39;") in admin.text
    assert BY_ADDRESS[path].title in admin.text


@pytest.mark.parametrize("name", NOT_BUILT)
def test_a_setup_page_that_is_not_built_answers_501_with_its_title(admin: Robot, name: str) -> None:
    admin.open(f"/lightning/setup/{name}/home")
    assert admin.answer.status_code == 501
    assert NOT_BUILT[name] in admin.text


def test_whoever_is_not_signed_in_meets_the_login_page_and_lands_where_they_wanted(
    admin: Robot,
) -> None:
    admin.http.cookies.clear()
    admin.sign_in("/lightning/setup/OrgLoginHistory/home?page=2")
    assert admin.answer.url.path == "/lightning/setup/OrgLoginHistory/home"
    assert admin.answer.url.query == b"page=2"


def test_a_wrong_password_opens_nothing(admin: Robot) -> None:
    admin.http.cookies.clear()
    admin.open(USAGE).press("Log In", username="admin@acme.example", password="wrong")
    assert 'role="alert"' in admin.text
    assert "Connected Apps OAuth Usage" not in admin.text


def test_an_access_token_of_an_app_opens_no_setup_page(admin: Robot, client_for: ClientFor) -> None:
    token = client_for(user="admin").connect()["access_token"]
    admin.http.cookies.clear()
    admin.http.cookies.set("sid", token)
    assert 'id="login_form"' in admin.open(USAGE).text


@pytest.mark.parametrize("path", GUARDED)
def test_a_standard_user_meets_insufficient_privileges_with_what_is_missing(
    robot_for: RobotFor, path: str
) -> None:
    sam = robot_for("sam").open(path)
    assert sam.answer.status_code == 403
    assert "Insufficient Privileges" in sam.text
    assert BY_ADDRESS[path].right.told() in sam.text.replace("&#39;", "'")


def test_who_may_view_but_not_install_sees_no_install_button_and_cannot_send_it(
    emulator: Emulator, robot_for: RobotFor
) -> None:
    emulator.act("uninstall_app", app="orbit-sync")
    emulator.act(
        "set_profile", profile="Standard User", permissions={"ViewSetup": True, "ManageUsers": True}
    )
    sam = robot_for("sam").open(USAGE)
    assert sam.answer.status_code == 200
    assert not sam.has("Install Orbit Sync")
    token = sam.form("Log Out").values["token"]
    sam.send({"do": "install", "app": sam.id_of("app", "orbit-sync"), "token": token})
    assert sam.answer.status_code == 403
    assert "Manage Connected Apps or Modify All Data" in sam.text


@pytest.mark.parametrize("token", ["", "0" * 64, "ünïcode"])
def test_a_form_of_another_site_is_refused_and_changes_nothing(admin: Robot, token: str) -> None:
    app = admin.id_of("app", "orbit-sync")
    admin.open(USAGE).send({"do": "block", "app": app, "token": token})
    assert admin.answer.status_code == 403
    assert admin.audit() == []
    assert admin.open(USAGE).has("Block Orbit Sync")


def test_another_browsers_token_is_not_taken(admin: Robot, robot_for: RobotFor) -> None:
    other = robot_for("admin")
    token = other.form("Log Out").values["token"]
    app = admin.id_of("app", "orbit-sync")
    admin.open(USAGE).send({"do": "block", "app": app, "token": token})
    assert admin.answer.status_code == 403


def test_a_change_answers_with_a_redirect_so_that_a_reload_does_not_repeat_it(admin: Robot) -> None:
    admin.open(USAGE).press("Block Orbit Sync")
    assert [each.status_code for each in admin.answer.history] == [303]
    assert 'role="status"' in admin.text
    assert admin.press("Unblock Orbit Sync").answer.url.query == b"done=1"


def test_the_audit_trail_names_the_person_who_pressed(
    emulator: Emulator, robot_for: RobotFor
) -> None:
    emulator.act("set_user", user="rita", ProfileId=robot_for("admin").id_of(
        "profile", "System Administrator"))  # fmt: skip
    robot_for("rita").open(USAGE).press("Block Orbit Sync")
    rita = robot_for("rita")
    assert rita.audit()[0] == ("blockConnectedApplication", "rita@acme.example")
    assert "rita@acme.example" in rita.open("/lightning/setup/SecurityEvents/home").text


def test_the_audit_page_shows_the_twenty_newest(admin: Robot, emulator: Emulator) -> None:
    for number in range(25):
        emulator.act("set_user", user="sam", FirstName=f"Sam {number}")
    page = admin.open("/lightning/setup/SecurityEvents/home")
    assert page.text.count("Changed user sam@acme.example") == 20


def test_log_out_ends_the_session(admin: Robot) -> None:
    admin.press("Log Out")
    assert 'id="login_form"' in admin.text
    assert 'id="login_form"' in admin.open(USAGE).text


@pytest.mark.parametrize(
    "path",
    ["/005000000000000", "/0H4000000000000AAA", "/00e000000000000", "/0PS000000000000",
     "/lightning/setup/NavigationMenus/nonsense", "/lightning/setup/ConnectedAppsUsage/x"],
)  # fmt: skip
def test_a_record_that_is_not_there_answers_404(admin: Robot, path: str) -> None:
    assert admin.open(path).answer.status_code == 404


@pytest.mark.parametrize("path", ["/favicon.ico", "/0H4bad", "/007000000000000"])
def test_a_path_that_is_no_record_is_not_setups(admin: Robot, path: str) -> None:
    assert admin.open(path).answer.json()["error"] == "not_found"


def test_a_record_opens_by_its_fifteen_character_id_too(admin: Robot) -> None:
    for kind, name in (("app", "orbit-sync"), ("user", "sam"), ("profile", "Standard User")):
        record = admin.id_of(kind, name)
        assert admin.open(f"/{record[:15]}").answer.status_code == 200


HOSTILE = '"><script>alert(1)</script>'


def test_hostile_names_of_org_app_user_and_set_are_escaped_on_every_page(
    admin: Robot, emulator: Emulator
) -> None:
    with emulator.org.lock:
        db = emulator.org.db
        db.execute('UPDATE "Organization" SET "Name" = ?', (HOSTILE,))
        db.execute('UPDATE "User" SET "Name" = ?, "Alias" = ?', (HOSTILE, HOSTILE))
        db.execute('UPDATE "PermissionSet" SET "Label" = ?', (HOSTILE,))
        db.execute('UPDATE "LoginHistory" SET "Application" = ?', (HOSTILE,))
    emulator.act("set_app", app="orbit-sync", label=HOSTILE, owner=HOSTILE)
    emulator.act("create_certificate", name="Hostile", label=HOSTILE[:64])
    emulator.act("install_package")
    emulator.act("connect_inbound")
    emulator.act("approve", app="orbit-sync")
    for path in crawl(admin):
        text = admin.open(path).text
        assert "<script>" not in text, path
        assert HOSTILE not in text, path


def test_what_is_asked_for_in_an_address_is_escaped(admin: Robot) -> None:
    for path in ("/lightning/setup/home?q=", "/lightning/setup/OrgLoginHistory/home?ip=",
                 "/lightning/n/orbit__Connections?problem="):  # fmt: skip
        assert HOSTILE not in admin.open(f"{path}{quote(HOSTILE)}").text


def crawl(robot: Robot, start: str = "/lightning/setup/home") -> list[str]:
    """Every page that links reach."""
    seen: dict[str, None] = {}
    todo = [start]
    while todo:
        path = todo.pop()
        if path in seen or len(seen) > 150:
            continue
        seen[path] = None
        here = robot.open(path)
        assert here.answer.status_code == 200, path
        links = (str(here.answer.url.join(link)) for link in here.page.links)
        todo += [link.removeprefix(here.emulator.url).partition("#")[0] for link in links]
    return list(seen)


def test_every_link_leads_somewhere_and_every_control_has_a_name(
    admin: Robot, emulator: Emulator
) -> None:
    emulator.act("install_package")
    emulator.act("create_certificate", name="Signing")
    reached = crawl(admin)
    assert len(reached) > 50
    for path in reached:
        page = admin.open(path).page
        for control in page.controls:
            named = control.get("aria-label") or page.labels.get(control.get("id", ""))
            assert named, f"{path}: {control}"


def test_pages_need_no_script_and_cannot_be_framed(admin: Robot) -> None:
    policy = admin.open(USAGE).answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in admin.text


def test_no_page_but_the_consumers_own_shows_a_secret(admin: Robot, emulator: Emulator) -> None:
    emulator.act("approve", app="orbit-sync")
    secrets = [each for kind in emulator.stage.secrets().values() for each in kind]
    for path in crawl(admin):
        text = admin.open(path).text
        leaked = [each for each in secrets if each in text]
        assert not leaked or path.endswith("/consumer"), path
