"""What was written down: Login History filtered and downloaded, event logs, one's own pages."""

import csv
import gzip
import io
from collections.abc import Callable
from datetime import timedelta

import pytest

from emulated_client import ClientFor
from evergrant.emulator import Emulator
from setup_robot import Robot

HISTORY = "/lightning/setup/OrgLoginHistory/home"
OWN_APPS = "/lightning/settings/personal/AdvancedUserDetails/home"
OWN_LOGINS = "/lightning/settings/personal/LoginHistory/home"
RobotFor = Callable[[str], Robot]


def rows(robot: Robot) -> list[str]:
    """The rows of the page's first table."""
    body = robot.text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [row for row in body.split("<tr>")[1:] if "No records to display." not in row]


@pytest.mark.parametrize(
    ("filled", "said"),
    [
        ({"view": "Failed Logins"}, "<td>Restricted IP</td>"),
        ({"view": "OAuth Logins"}, "<td>Remote Access 2.0</td>"),
        ({"view": "Website Logins"}, "<td>Application</td>"),
        ({"status": "Invalid Password"}, "<td>Invalid Password</td>"),
        ({"type": "Application"}, "<td>Application</td>"),
        ({"application": "Ledger Mirror"}, "<td>Ledger Mirror</td>"),
        ({"ip": "198.51.100.7"}, "<td>198.51.100.77</td>"),
        ({"user": "rita@acme.example"}, "rita@acme.example"),
    ],
)
def test_each_filter_shows_its_rows_and_no_others(
    admin: Robot, filled: dict[str, str], said: str
) -> None:
    everything = rows(admin.open(HISTORY))
    found = rows(admin.press("Filter", **filled))
    assert found == [row for row in everything if row in found]
    wanted = "Success" if "view" in filled and "Failed" in filled["view"] else ""
    assert found
    assert len(found) < len(everything)
    assert any(said in row for row in found)
    if wanted:
        assert not any(f"<td>{wanted}</td>" in row for row in found)
    else:
        assert all(said in row for row in found)


def test_days_bound_the_rows_on_both_sides_and_nonsense_bounds_nothing(
    admin: Robot, emulator: Emulator
) -> None:
    everything = rows(admin.open(HISTORY))
    day = (emulator.clock.now()).date().isoformat()
    today = rows(admin.open(f"{HISTORY}?since={day}"))
    before = rows(admin.open(f"{HISTORY}?until={day}"))
    assert 0 < len(today) < len(everything)
    assert len(before) == len(everything)
    assert rows(admin.open(f"{HISTORY}?since=2999-01-01")) == []
    assert len(rows(admin.open(f"{HISTORY}?since=yesterday"))) == len(everything)


def test_filters_stay_while_one_pages_on(admin: Robot, emulator: Emulator) -> None:
    emulator.act("approve", app="orbit-sync", times=60)
    admin.open(HISTORY).press("Filter", application="Orbit Sync")
    following = next(link for link in admin.page.links if "page=2" in link)
    assert "application=Orbit" in following
    second = rows(admin.open(str(admin.answer.url.join(following))))
    assert all("Orbit Sync" in row for row in second)


def test_what_is_older_than_six_months_is_neither_shown_nor_downloaded(
    admin: Robot, emulator: Emulator
) -> None:
    emulator.clock.advance(seconds=190 * 86_400)
    page = admin.sign_in(HISTORY)
    assert len(rows(page)) == 1
    admin.press("Download Now")
    assert len(list(csv.DictReader(io.StringIO(admin.text)))) == 1


def test_both_files_have_every_row_and_website_logins_only_those(admin: Robot) -> None:
    plain = admin.open(HISTORY).press("Download Now").text
    assert admin.answer.headers["content-type"].startswith("text/csv")
    packed = admin.open(HISTORY).press("Download Now", file="GZIP file").answer.content
    assert gzip.decompress(packed).decode() == plain
    few = admin.open(HISTORY).press("Download Now", contents="Website Logins").text
    kinds = {row["Login Type"] for row in csv.DictReader(io.StringIO(few))}
    assert kinds == {"Application"}
    assert {row["Login Type"] for row in csv.DictReader(io.StringIO(plain))} > kinds


def test_a_kind_of_file_that_there_is_not_is_refused(admin: Robot) -> None:
    assert admin.open(HISTORY).press("Download Now", file="xlsx").answer.status_code == 400


def test_a_refusal_at_the_browser_stands_in_the_identity_provider_event_log(
    admin: Robot, client_for: ClientFor
) -> None:
    client_for().authorize(scope="full")
    page = admin.open("/lightning/setup/IdpErrorLog/home")
    assert "<td>InvalidScope</td>" in rows(page)[0]


def test_a_confirmed_device_stands_in_the_verification_history(
    admin: Robot, emulator: Emulator
) -> None:
    emulator.act("confirm_identity", user="sam", ip="203.0.113.5")
    page = admin.open("/lightning/setup/VerificationHistory/home")
    assert "203.0.113.5" in rows(page)[0]


def test_a_log_file_appears_when_its_day_is_over_and_can_be_downloaded(
    admin: Robot, client_for: ClientFor, emulator: Emulator
) -> None:
    client_for().connect()
    now = emulator.clock.now()
    day_after = (now + timedelta(days=1)).replace(hour=4, minute=0)
    emulator.clock.advance(seconds=(day_after - now).total_seconds())
    page = admin.sign_in("/lightning/setup/ElfBrowser/home")
    button = next(n for form in page.page.forms for n in form.buttons if "Download Login" in n)
    found = list(csv.DictReader(io.StringIO(admin.press(button).text)))
    assert {row["EVENT_TYPE"] for row in found} == {"Login"}
    assert "198.51.100.10" in {row["SOURCE_IP"] for row in found}


def test_everybody_sees_their_own_logins_and_nobody_elses(robot_for: RobotFor) -> None:
    sam = robot_for("sam").open(OWN_LOGINS)
    assert rows(sam)
    assert all("sam@acme.example" in row for row in rows(sam))


def test_everybody_may_revoke_what_they_approved_themselves(
    robot_for: RobotFor, client_for: ClientFor
) -> None:
    client = client_for(user="sam")
    client.connect()
    sam = robot_for("sam").open(OWN_APPS)
    button = next(name for form in sam.page.forms for name in form.buttons if "Orbit Sync" in name)
    sam.press(button)
    assert client.refresh().status_code == 400
    assert sam.audit()[0] == ("inferred:revokeOauthToken", "sam@acme.example")


def test_nobody_revokes_anothers_approval_on_their_own_page(
    robot_for: RobotFor, client_for: ClientFor, emulator: Emulator
) -> None:
    client = client_for()
    client.connect()
    approval = emulator.org.db.execute('SELECT "Id" FROM "OauthToken"').fetchone()[0]
    sam = robot_for("sam").open(OWN_APPS)
    token = sam.form("Log Out").values["token"]
    sam.send({"do": "revoke", "approval": approval, "token": token})
    assert sam.answer.status_code == 404
    assert client.refresh().status_code == 200


def test_quick_find_narrows_the_pages_by_name(admin: Robot) -> None:
    admin.open("/lightning/setup/home").press("Find", q="login")
    main = admin.text.partition("<main>")[2].partition("</main>")[0]
    assert "Login History" in main
    assert "Profiles" not in main
    assert "No page has" in admin.press("Find", q="no such page").text
