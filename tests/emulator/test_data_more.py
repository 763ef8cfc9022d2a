"""More of the REST API: composite calls, describes, OAuth usage, the Login History download."""

import csv
import gzip
import io
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from api_caller import ApiCaller, V
from evergrant.emulator import Emulator
from evergrant.emulator.events.login_csv import COLUMNS, export
from evergrant.emulator.setup.downloads import LOGINS, LOGINS_GZIP
from setup_robot import Robot

Send = Callable[..., httpx2.Response]


@pytest.fixture
def send(api: ApiCaller) -> Send:
    """Calls the REST API as the admin, or as another user."""
    return api.send


def _composite(send: Send, *parts: dict[str, Any], **words: Any) -> list[dict[str, Any]]:
    body = {"compositeRequest": list(parts), **words}
    answer = send("POST", f"{V}/composite", json=body)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["compositeResponse"]
    return found


QUERY = {"method": "GET", "url": f"{V}/query/?q=SELECT+Name+FROM+Organization", "referenceId": "o"}
MISSING = {"method": "GET", "url": f"{V}/sobjects/User/005000000000001AAA", "referenceId": "u"}


def _grant(emulator: Emulator) -> dict[str, Any]:
    db = emulator.org.db
    user = db.execute('SELECT "Id" FROM "User" WHERE "Username" LIKE \'sam@%\'').fetchone()[0]
    held = db.execute('SELECT "Id" FROM "PermissionSet" WHERE "Label" = \'Orbit Sync Access\'')
    body = {"AssigneeId": user, "PermissionSetId": held.fetchone()[0]}
    return {"method": "POST", "url": f"{V}/sobjects/PermissionSetAssignment", "referenceId": "g",
            "body": body}  # fmt: skip


def test_each_part_of_a_composite_gets_its_own_answer(send: Send) -> None:
    first, second = _composite(send, QUERY, MISSING)
    assert (first["httpStatusCode"], first["referenceId"]) == (200, "o")
    assert first["body"]["records"][0]["Name"]
    assert (second["httpStatusCode"], second["body"][0]["errorCode"]) == (404, "NOT_FOUND")


def test_all_or_none_undoes_what_went_well(emulator: Emulator, send: Send) -> None:
    count = 'SELECT COUNT(*) FROM "PermissionSetAssignment"'
    before = emulator.org.db.execute(count).fetchone()[0]
    parts = _composite(send, _grant(emulator), MISSING, allOrNone=True)
    assert [each["httpStatusCode"] for each in parts] == [400, 404]
    assert parts[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert emulator.org.db.execute(count).fetchone()[0] == before
    assert [each["httpStatusCode"] for each in _composite(send, _grant(emulator), MISSING)] == [
        201, 404,
    ]  # fmt: skip
    assert emulator.org.db.execute(count).fetchone()[0] == before + 1


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [QUERY] * 2,
        [{**QUERY, "referenceId": f"r{n}"} for n in range(6)],
        [{**MISSING, "referenceId": f"r{n}"} for n in range(26)],
        [{**QUERY, "method": "get"}],
        [{**QUERY, "referenceId": "a-b"}],
        [{**QUERY, "httpHeaders": {"Authorization": "Bearer x"}}],
        ["nothing"],
    ],
)
def test_a_malformed_composite_is_refused_as_a_whole(send: Send, parts: list[Any]) -> None:
    answer = send("POST", f"{V}/composite", json={"compositeRequest": parts})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_INPUT")


def test_a_composite_reaches_no_other_version_and_no_other_host(send: Send) -> None:
    others = ("/services/data/v66.0/limits", "/services/oauth2/userinfo", f"{V}/composite")
    parts = [
        {"method": "POST" if url.endswith("composite") else "GET", "url": url,
         "referenceId": f"r{n}"}
        for n, url in enumerate(others)
    ]  # fmt: skip
    assert {each["httpStatusCode"] for each in _composite(send, *parts)} == {404}


def test_the_list_of_objects_is_what_the_caller_may_see(send: Send) -> None:
    names = {
        user: {each["name"] for each in send("GET", f"{V}/sobjects", user).json()["sobjects"]}
        for user in ("admin", "sam")
    }
    assert {"LoginHistory", "User", "OauthToken"} <= names["sam"] < names["admin"]
    assert "EventLogFile" in names["admin"] - names["sam"]
    assert "LoginEvent" not in names["admin"]


def test_a_describe_names_children_and_where_rows_come_from(send: Send) -> None:
    body = send("GET", f"{V}/sobjects/ConnectedApplication/describe").json()
    assert [each["relationshipName"] for each in body["childRelationships"]] == [
        "SetupEntityAccessItems"
    ]
    assert body["emulator"]["rows"]
    brief = send("GET", f"{V}/tooling/sobjects/ConnectedApplication").json()["objectDescribe"]
    assert brief["urls"]["describe"].startswith(f"{V}/tooling/")
    assert "fields" not in brief


def _usage(send: Send, path: str, name: str) -> list[dict[str, Any]]:
    body = send("GET", f"{V}/apps/oauth/usage{path}").json()
    assert body["nextPageUrl"]
    assert send("GET", body["nextPageUrl"]).json()[name] == []
    found: list[dict[str, Any]] = body[name]
    return found


def test_oauth_usage_goes_from_apps_to_users_to_tokens(emulator: Emulator, send: Send) -> None:
    emulator.act("set_app", app="orbit-server", scopes=["api", "refresh_token"])
    emulator.act("approve", app="orbit-server", user="sam", times=2)
    emulator.act("approve", app="orbit-server")
    emulator.act("approve", app="orbit-sync")
    [app] = _usage(send, "", "apps")
    assert (app["developerName"], app["identifier"][:3]) == ("orbit_server", "0xI")
    users = _usage(send, f"/{app['identifier']}/users", "users")
    counts = {each["username"].partition("@")[0]: each["useCount"] for each in users}
    assert counts == {"sam": 2, "integration": 1}
    sam = next(each for each in users if each["username"].startswith("sam"))
    path = f"/{app['identifier']}/{sam['userIdentifier']}/tokens"
    first, _ = _usage(send, path, "tokens")
    assert send("DELETE", first["revocationUrl"]).status_code == 204
    assert len(_usage(send, path, "tokens")) == 1
    assert send("DELETE", f"{V}/apps/oauth/usage{path}").status_code == 204
    assert _usage(send, path, "tokens") == []
    assert send("DELETE", f"{V}/apps/oauth/usage/{app['identifier']}/tokens").status_code == 204
    assert _usage(send, f"/{app['identifier']}/users", "users") == []


def test_oauth_usage_shows_no_secret_and_no_connected_app(emulator: Emulator, send: Send) -> None:
    emulator.act("set_app", app="orbit-server", scopes=["api", "refresh_token"])
    emulator.act("approve", app="orbit-server")
    emulator.act("approve", app="orbit-sync")
    [app] = _usage(send, "", "apps")
    seen = str(_usage(send, f"/{app['identifier']}/users", "users"))
    tokens = emulator.org.db.execute('SELECT "AccessToken", "DeleteToken" FROM "OauthToken"')
    assert not any(secret in seen for row in tokens for secret in row)
    ca = emulator.org.db.execute('SELECT "Id" FROM "ConnectedApplication"').fetchone()[0]
    assert send("GET", f"{V}/apps/oauth/usage/{ca}/users").status_code == 404
    approval = emulator.org.db.execute(
        'SELECT "Id" FROM "OauthToken" WHERE "AppName" = \'Orbit Sync\''
    ).fetchone()[0]
    assert send("DELETE", f"{V}/apps/oauth/usage/tokens/{approval}").status_code == 404


def test_oauth_usage_needs_its_permission_and_its_version(send: Send) -> None:
    assert send("GET", f"{V}/apps/oauth/usage", "sam").status_code == 403
    assert send("GET", "/services/data/v58.0/apps/oauth/usage").status_code == 404


def test_login_history_can_be_downloaded_by_who_may_see_it(
    emulator: Emulator, admin: Robot, robot_for: Callable[[str], Robot]
) -> None:
    text = admin.open(LOGINS).answer.text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == list(COLUMNS)
    count = emulator.org.db.execute('SELECT COUNT(*) FROM "LoginHistory"').fetchone()[0]
    assert len(rows) == count
    assert rows[0]["Username"] == "admin@acme.example"
    assert {"Status", "Application", "Login Time"} <= set(rows[0])
    packed = admin.open(LOGINS_GZIP).answer.content
    assert gzip.decompress(packed).decode() == text
    assert robot_for("sam").open(LOGINS).answer.status_code == 403


def test_the_download_ends_with_the_newest_twenty_thousand(emulator: Emulator) -> None:
    org = emulator.org
    org.db.executemany(
        'INSERT INTO "LoginHistory" ("Id", "LoginTime") VALUES (?, ?)',
        [(org.ids.new("0Ya"), f"2026-01-01T00:00:{n % 60:02}.000+0000") for n in range(20_050)],
    )
    assert export(org.db).count("\r\n") == 20_001
    assert export(org.db, 5).count("\r\n") == 6
