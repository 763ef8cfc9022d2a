"""Event log files: when they appear, what is in them, who may have them."""

import csv
import io
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api_caller import ApiCaller, V
from emulated_client import ClientFor
from evergrant.emulator import Emulator, connected
from evergrant.emulator.events.status import CODES, code_of

SHARED = Path(os.environ.get("EVERGRANT_SHARED", "../shared"))
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
FILES = "SELECT Id, EventType, LogDate, Interval, LogFile, LogFileLength FROM EventLogFile"


@pytest.fixture
def at_noon(emulator: Emulator) -> Emulator:
    """The emulator, at noon of a day without logins."""
    emulator.org.clock.offset = NOON - datetime.now(UTC)
    emulator.org.db.execute('DELETE FROM "LoginHistory"')
    return emulator


def _rows(api: ApiCaller, kind: str) -> list[dict[str, str]]:
    """All rows of the daily files of a kind."""
    found = api.ask(f"{FILES} WHERE EventType = '{kind}' AND Interval = 'Daily'")
    bodies = [api.send("GET", each["LogFile"]).text for each in found]
    return [row for body in bodies for row in csv.DictReader(io.StringIO(body))]


def _days(emulator: Emulator, days: float) -> None:
    emulator.org.clock.advance(seconds=days * 86400)


def test_the_file_of_a_day_appears_after_it_and_is_gone_a_day_later(
    at_noon: Emulator, client_for: ClientFor, api: ApiCaller
) -> None:
    client_for().connect()
    assert api.ask(f"{FILES} WHERE EventType = 'Login'") == []
    _days(at_noon, 0.6)
    assert api.ask(f"{FILES} WHERE EventType = 'Login'") == []
    _days(at_noon, 0.1)
    [found] = api.ask(f"{FILES} WHERE EventType = 'Login'")
    assert found["LogDate"] == "2026-11-18T00:00:00.000+0000"
    assert found["Interval"] == "Daily"
    _days(at_noon, 1.1)
    assert api.ask(f"{FILES} WHERE EventType = 'Login' AND LogDate < LAST_N_DAYS:1") == []


def test_event_monitoring_keeps_files_for_thirty_days_and_adds_hours(
    at_noon: Emulator, client_for: ClientFor, api: ApiCaller
) -> None:
    at_noon.act("set_org", event_monitoring=True)
    client_for().connect()
    _days(at_noon, 20)
    found = api.ask(f"{FILES} WHERE EventType = 'Login' AND LogDate < 2026-11-19T00:00:00Z")
    assert sorted((each["Interval"], each["LogDate"][11:13]) for each in found) == [
        ("Daily", "00"), ("Hourly", "12"),
    ]  # fmt: skip
    _days(at_noon, 20)
    assert api.ask(f"{FILES} WHERE LogDate < 2026-11-19T00:00:00Z") == []


def test_a_login_file_has_the_captured_header_and_the_codes_of_the_statuses(
    at_noon: Emulator, client_for: ClientFor, api: ApiCaller
) -> None:
    client = client_for()
    client.connect()
    at_noon.act("freeze_user", user="integration")
    client.refresh()
    _days(at_noon, 1)
    [found] = api.ask(f"{FILES} WHERE EventType = 'Login'")
    answer = api.send("GET", found["LogFile"])
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(answer.content) == found["LogFileLength"]
    header = answer.text.split("\n")[0]
    assert header.startswith('"EVENT_TYPE","TIMESTAMP","REQUEST_ID","ORGANIZATION_ID","USER_ID"')
    assert header.endswith('"CLIENT_IP","URI_ID_DERIVED","LOGIN_STATUS","SOURCE_IP"')
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    last = rows[-1]
    assert rows[-2]["LOGIN_STATUS"] == "LOGIN_NO_ERROR"
    assert last["LOGIN_STATUS"] == "LOGIN_ERROR_USER_FROZEN"
    assert (last["LOGIN_TYPE"], last["URI"]) == ("i", "/services/oauth2/token")
    assert last["TIMESTAMP"].startswith("20261118120")
    assert last["TIMESTAMP_DERIVED"].startswith("2026-11-18T12:0")
    assert last["USER_NAME"] == "integration@acme.example"
    assert (len(last["USER_ID"]), len(last["USER_ID_DERIVED"])) == (15, 18)


def test_a_batch_of_revocations_is_one_logout_without_a_user_a_quarter_of_an_hour_later(
    at_noon: Emulator, api: ApiCaller
) -> None:
    for user in ("integration", "sam"):
        at_noon.act("approve", app="orbit-sync", user=user)
    at_noon.act("approve", app="pocket-charts", user="sam")
    at_noon.act("block_app", app="orbit-sync")
    at_noon.act("revoke_user_app", user="sam", app="pocket-charts")
    _days(at_noon, 1)
    rows = [row for row in _rows(api, "Logout") if row["APP_TYPE"] == "2514"]
    sam = at_noon.org.db.execute('SELECT "Id" FROM "User" WHERE "Username" LIKE \'sam@%\'')
    assert sorted(row["USER_ID_DERIVED"] for row in rows) == ["", sam.fetchone()[0]]
    assert {row["TIMESTAMP_DERIVED"][:15] for row in rows} == {"2026-11-18T12:1"}
    assert {row["USER_INITIATED_LOGOUT"] for row in rows} == {"0"}


def test_a_session_that_idles_away_is_a_logout_too(at_noon: Emulator, api: ApiCaller) -> None:
    connected.sign_in(at_noon.org, "sam")
    _days(at_noon, 1)
    [row] = [row for row in _rows(api, "Logout") if row["TIMESTAMP_DERIVED"] < "2026-11-19"]
    assert row["TIMESTAMP_DERIVED"].startswith("2026-11-18T14:00")


def test_api_usage_names_the_app_the_object_and_never_a_query_string(
    at_noon: Emulator, api: ApiCaller
) -> None:
    token = connected.connect(at_noon.org, "orbit-sync")["access_token"]
    api.http.get(
        f"{at_noon.url}{V}/query", params={"q": "SELECT Id FROM User"},
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip
    _days(at_noon, 1)
    [row] = [row for row in _rows(api, "ApiTotalUsage") if row["CONNECTED_APP_NAME"]]
    assert row["CONNECTED_APP_NAME"] == "Orbit Sync"
    assert row["CONNECTED_APP_ID"].startswith("0H4")
    assert (row["API_FAMILY"], row["HTTP_METHOD"], row["ENTITY_NAME"]) == ("REST", "GET", "User")
    assert row["API_RESOURCE"] == "/v67.0/query"
    assert (row["STATUS_CODE"], row["COUNTS_AGAINST_API_LIMIT"]) == ("200", "1")
    assert "SELECT" not in str(row)


def test_a_file_is_for_those_who_may_see_it_and_has_one_body(
    at_noon: Emulator, api: ApiCaller
) -> None:
    at_noon.act("approve", app="orbit-sync")
    _days(at_noon, 1)
    [found] = api.ask(f"{FILES} WHERE EventType = 'Login'")
    assert api.send("GET", found["LogFile"], "sam").status_code == 404
    other = found["LogFile"].replace("/LogFile", "/EventType")
    assert api.send("GET", other).status_code == 404


def test_real_time_events_are_there_with_the_add_on_and_filter_by_date_alone(
    at_noon: Emulator, api: ApiCaller
) -> None:
    at_noon.act("approve", app="orbit-sync")
    text = "SELECT Application FROM LoginEvent"
    assert api.ask(text) == "INVALID_TYPE"
    at_noon.act("set_org", event_monitoring=True)
    assert [row["Application"] for row in api.ask(f"{text} WHERE EventDate = TODAY")] == [
        "Orbit Sync"
    ]
    refused = api.send(
        "GET", f"{V}/query", params={"q": f"{text} WHERE Status = 'Success'"}
    ).json()[0]
    assert "can not be filtered in a query call" in refused["message"]
    calls = api.ask("SELECT QueriedEntities, ConnectedAppId FROM ApiEvent")
    assert {row["QueriedEntities"] for row in calls} >= {"LoginEvent"}
    assert {row["ConnectedAppId"] for row in calls} == {None}


def test_event_logs_can_be_queried_as_rows(at_noon: Emulator, api: ApiCaller) -> None:
    at_noon.act("approve", app="orbit-sync")
    [row] = api.ask("SELECT LoginStatus, LoginSubType, UserName FROM LoginEventLog")
    assert (row["LoginStatus"], row["LoginSubType"]) == ("LOGIN_NO_ERROR", "oauthcode")
    usage = api.ask("SELECT ObjectName, HttpMethod FROM ApiTotalUsageEventLog")
    assert [each["ObjectName"] for each in usage] == ["LoginEventLog"]


def test_every_documented_text_has_its_code() -> None:
    path = SHARED / "domain" / "login-status.json"
    if not path.exists():
        pytest.skip(f"EVERGRANT_SHARED holds no {path.name}")
    documented: dict[str, str | None] = json.loads(path.read_text())["map"]
    texts = {code: text for code, text in documented.items() if text}
    assert len(texts) > 60
    by_text: dict[str, set[str]] = {}
    for code, text in texts.items():
        by_text.setdefault(text.lower(), set()).add(code)
    wrong = {text: code_of(text) for text, codes in by_text.items() if code_of(text) not in codes}
    assert wrong == {}
    assert set(CODES) <= set(documented)


def test_a_status_without_a_documented_code_has_none() -> None:
    assert code_of("Failed: Not approved for access") is None
    assert code_of(None) is None
    assert code_of("success") == "LOGIN_NO_ERROR"
    assert code_of("Failed: Missing Consumer Key Parameter") == "LOGIN_OAUTH_NO_CONSUMER"


def test_a_file_is_of_its_own_day_only(at_noon: Emulator, api: ApiCaller) -> None:
    for _ in range(2):
        at_noon.act("approve", app="orbit-sync")
        at_noon.org.clock.advance(seconds=timedelta(days=1).total_seconds())
    assert [row["TIMESTAMP_DERIVED"][:10] for row in _rows(api, "Login")] == ["2026-11-19"]
