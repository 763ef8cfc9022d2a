"""Login History from any export: what could be read is used, what could not is counted."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrant.errors import BadInput
from evergrant.evidence.given.document import Document
from evergrant.evidence.given.kinds import kind_of
from evidence_kit import COLUMNS, FAILED, NOW, all_of, evidence, login, table, values

ROWS = [
    login(hours_ago=0.5),
    login(hours_ago=1),
    login("bob@acme.example", 0.7, "Success"),
    login(hours_ago=30, status="Success"),
    login(hours_ago=2, status="Success", app="Browser", subtype=""),
]
JAPANESE = dict(
    zip(
        COLUMNS,
        ("ユーザー名", "ログイン日時", "送信元 IP", "ログイン種別", "ログインサブタイプ", "状況",
         "アプリケーション", "ログイン URL"),
        strict=True,
    )
)  # fmt: skip


@given(st.permutations(COLUMNS))
@settings(max_examples=25, deadline=None)
def test_columns_may_stand_in_any_order(columns: list[str]) -> None:
    seen = values(evidence(table(ROWS, columns)))
    assert (seen["login_history.status"], seen["request.flow"]) == (FAILED, "refresh_token")
    assert seen["failure.reach"] == "one user"


@given(st.permutations(ROWS))
@settings(max_examples=25, deadline=None)
def test_rows_may_stand_in_any_order(rows: list[dict[str, str]]) -> None:
    line = evidence(table(rows)).timeline
    assert line.first_failure is not None
    assert line.last_success is not None
    assert f"{line.first_failure.at:%H:%M} {line.last_success.at:%d %H:%M}" == "11:00 21 06:00"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252", "utf-8"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_same_is_read_whatever_a_spreadsheet_made_of_it(
    encoding: str, ends: str, delimiter: str
) -> None:
    text = table([login(app="Überweisung"), *ROWS], lineterminator=ends, delimiter=delimiter)
    seen = evidence(text.encode(encoding), app="Überweisung")
    assert values(seen)["login_history.status"] == FAILED
    assert seen.gathered.readings[0].read == 6


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "euc_jp", "utf-16"])
def test_a_japanese_export_is_read_and_marked_as_inferred(encoding: str) -> None:
    rows = [{JAPANESE[name]: cell for name, cell in row.items()} for row in ROWS]
    rows[0][JAPANESE["Application"]] = "受注アプリ"
    rows[0][JAPANESE["Login Time"]] = "2026/11/22 20:30:00 JST"
    seen = evidence(table(rows).encode(encoding), app="受注アプリ")
    fact = next(each for each in seen.facts if each.name == "login_history.status")
    assert (fact.value, fact.mark) == (FAILED, "inferred")
    assert f"{fact.observed_at:%H:%M}" == "11:30"
    assert any("inferred" in note for note in seen.gathered.readings[0].notes)


def test_quotes_and_line_ends_within_a_cell_belong_to_it() -> None:
    rows = [login(app='Orbit "Sync",\r\nthe second'), *ROWS]
    seen = evidence(table(rows), app='Orbit "Sync",\r\nthe second')
    assert values(seen)["login_history.status"] == FAILED
    assert (seen.gathered.readings[0].read, seen.gathered.readings[0].skipped) == (6, 0)


@given(st.integers(min_value=3, max_value=90))
@settings(max_examples=40, deadline=None)
def test_a_cut_last_row_is_counted_and_the_rest_is_used(cut: int) -> None:
    text = table(ROWS)[:-cut]
    seen = evidence(text, app="Orbit Sync")
    reading = seen.gathered.readings[0]
    # Behind a comma an empty last cell cannot be told from one that was cut away.
    last_is_empty = text.endswith('"Browser",')
    assert (reading.read, reading.skipped) == ((5, 0) if last_is_empty else (4, 1))
    assert values(seen)["login_history.status"] == FAILED


def test_an_open_quote_costs_its_own_row_only() -> None:
    lines = table(ROWS).splitlines(keepends=True)
    broken = lines[0] + lines[1] + '"ann@acme.example","11/22/2026\r\n' + "".join(lines[2:])
    reading = evidence(broken).gathered.readings[0]
    assert (reading.read, reading.skipped) == (5, 1)


def test_app_user_and_time_narrow_to_the_failing_row() -> None:
    rows = [
        *ROWS,
        login("eve@acme.example", 0.1, "User is frozen", app="Other"),
        login("eve@acme.example", 5, "Restricted IP", app="Orbit Sync"),
        login("eve@acme.example", 3, "Restricted time", app="Orbit Sync"),
    ]
    text = table(rows)
    assert values(evidence(text, app="orbit sync", user="EVE@acme.example", at=None))[
        "login_history.status"] == "Restricted time"  # fmt: skip
    early = evidence(text, user="eve@acme.example", app="Orbit Sync", at=_hours_ago(5))
    assert values(early)["login_history.status"] == "Restricted IP"
    unknown = values(evidence(text, app="Nobody's"))["login_history.status"]
    assert "names 'Browser', 'Orbit Sync', 'Other'" in str(unknown)


def test_no_row_means_nothing_outside_the_time_that_the_table_covers() -> None:
    seen = evidence(table(ROWS), app="Nobody's", at=_hours_ago(200))
    assert "login_history.status" not in values(seen)


def test_a_query_s_json_says_the_same_as_the_download() -> None:
    records = [
        {"attributes": {"type": "LoginHistory"}, "UserId": "005000000000001AAA",
         "LoginTime": "2026-11-22T11:30:00.000+0000", "Status": FAILED, "Application": "Orbit Sync",
         "LoginType": "Remote Access 2.0", "LoginSubType": "OauthRefreshToken",
         "SourceIp": "203.0.113.9"},
        {"attributes": {"type": "LoginHistory"}, "UserId": "005000000000001AAA",
         "LoginTime": "2026-11-20T11:30:00.000+0000", "Status": "Success",
         "Application": "Orbit Sync", "LoginType": "Remote Access 2.0"},
    ]  # fmt: skip
    whole = json.dumps({"totalSize": 2, "done": True, "records": records})
    for text in (
        whole,
        json.dumps(records),
        json.dumps({"status": 0, "result": json.loads(whole)}),
    ):
        seen = evidence(text, user="005000000000001")
        assert values(seen)["login_history.status"] == FAILED
    cut = evidence(whole[:-120]).gathered.readings[0]
    assert (cut.read, cut.skipped) == (1, 1)


def test_a_failing_address_from_which_nothing_succeeded_is_told() -> None:
    rows = [login(ip="198.51.100.7"), login(hours_ago=9, status="Success")]
    assert values(evidence(table(rows)))["login_history.new_address"] is True
    assert values(evidence(table(ROWS), app="Orbit Sync"))["login_history.new_address"] is False


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("13/11/2026 10:00", "02/11/2026 10:00"), "2026-11-02"),
        (("11/13/2026 10:00", "11/02/2026 10:00"), "2026-11-02"),
        (("2026年11月2日 10:00",), "2026-11-02"),
        (("02.11.2026 10:00",), "2026-11-02"),
        (("11/2/2026, 10:00:00 AM PST",), "2026-11-02"),
        (("2026-11-02T10:00:00.000+0000",), "2026-11-02"),
    ],
)
def test_dates_are_read_in_the_locale_of_the_column(texts: tuple[str, ...], expected: str) -> None:
    rows = [login() | {"Login Time": each} for each in texts]
    moments = [each.at for each in evidence(table(rows)).gathered.moments]
    assert f"{min(moments, key=lambda at: (at.month, at.day)):%Y-%m-%d}" == expected


def test_what_names_no_zone_and_no_order_is_said() -> None:
    row = login() | {"Login Time": "02/03/2026 10:00"}
    notes = " ".join(evidence(table([row])).gathered.readings[0].notes)
    assert "taken as UTC" in notes
    assert "month first" in notes


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        ([("ann", "Orbit", 0), ("bob", "Orbit", 1), ("ann", "Mail", 1)], "one user"),
        ([("ann", "Orbit", 0), ("bob", "Orbit", 0), ("ann", "Mail", 1)], "one app"),
        ([("ann", "Orbit", 0), ("bob", "Orbit", 1), ("ann", "Mail", 0)], "all apps of a user"),
        ([("ann", "Orbit", 0), ("bob", "Orbit", 0), ("ann", "Mail", 0)], "all users"),
        ([("ann", "Orbit", 0), ("bob", "Orbit", 1), ("cat", "Mail", 0)], "one user"),
    ],
)
def test_the_reach_is_that_of_the_failing_app_and_user(
    standing: list[tuple[str, str, int]], expected: str
) -> None:
    for order in permutations(standing):
        rows = [
            login(user, 1 if user == "ann" else 2, "Success" if works else FAILED, app)
            for user, app, works in order
        ]
        assert values(evidence(table(rows), app="Orbit", user="ann"))["failure.reach"] == expected


def test_an_event_log_file_is_read_by_the_names_of_its_columns() -> None:
    head = ["TIMESTAMP", "EVENT_TYPE", "LOGIN_STATUS", "USER_NAME", "LOGIN_TYPE", "SOURCE_IP"]
    row = [
        "20261122113000.670",
        "Login",
        "LOGIN_OAUTH_INVALID_IP",
        "ann@acme.example",
        "i",
        "1.2.3.4",
    ]
    ui = [
        "20261122114000.670",
        "Login",
        "LOGIN_ERROR_INVALID_PASSWORD",
        "eve@acme.example",
        "A",
        "1.1.1.1",
    ]
    text = table([dict(zip(head, each, strict=True)) for each in (row, ui)])
    seen = evidence(text, app="Orbit Sync")
    assert values(seen)["login_history.status"] == "LOGIN_OAUTH_INVALID_IP"
    assert "this table names no apps" in seen.gathered.readings[0].notes


@pytest.mark.parametrize(("app_type", "ended"), [("2514", True), ("1000", False)])
def test_a_logout_of_an_oauth_session_is_the_trace_of_a_revocation(
    app_type: str, ended: bool
) -> None:
    row = {"EVENT_TYPE": "Logout", "TIMESTAMP_DERIVED": "2026-11-22T11:00:00.000Z",
           "USER_ID_DERIVED": "005000000000001AAA", "APP_TYPE": app_type}  # fmt: skip
    seen = evidence(table([row]), user="005000000000001")
    assert values(seen)["logout.oauth_ended"] is ended
    assert (values(seen).get("audit.last_act") == "tokens revoked") is ended


@pytest.mark.parametrize("label", ["Error: App access denied", "AppAccessDenied"])
def test_the_identity_provider_log_is_read_by_code_and_by_label(label: str) -> None:
    row = {"AppId": "0H4000000000001", "Timestamp": "2026-11-22T11:00:00Z", "ErrorCode": label,
           "InitiatedBy": "OauthAuthorize", "UserId": "005000000000001AAA"}  # fmt: skip
    assert values(evidence(table([row])))["idp.error_code"] == "AppAccessDenied"
    assert values(evidence(json.dumps([row])))["idp.error_code"] == "AppAccessDenied"
    other = evidence(table([row]), at=_hours_ago(90))
    assert values(other)["idp.error_code"] == "none"


def test_the_last_change_before_the_first_failure_is_named() -> None:
    trail = [
        {"Date": f"11/22/2026 {time} GMT", "User": "admin@acme.example", "Action": act,
         "Section": "Connected Apps"}
        for time, act in (
            ("09:00:00", "Changed profile for user bob@acme.example from A to B"),
            ("10:30:00", "Changed Permitted Users of Orbit Sync to "
             "Admin approved users are pre-authorized"),
            ("10:45:00", "Blocked connected app Mail Merge"),
            ("11:40:00", "Blocked connected app Orbit Sync"),
        )
    ]  # fmt: skip
    seen = evidence(table(trail), table(ROWS), app="Orbit Sync")
    assert values(seen)["audit.last_act"] == "permitted users changed"
    assert seen.timeline.last_change is not None
    assert seen.timeline.last_change.mark == "inferred"
    only_after = evidence(table(trail[3:]), table(ROWS), app="Orbit Sync")
    assert values(only_after)["audit.last_act"] == "none"
    alone = evidence(table(trail), app="Orbit Sync")
    assert values(alone)["audit.last_act"] == "app blocked"


def test_action_names_of_a_query_are_no_inference() -> None:
    record = {"attributes": {"type": "SetupAuditTrail"}, "Action": "blockConnectedApplication",
              "Display": "Blocked Orbit Sync", "CreatedDate": "2026-11-22T10:00:00.000+0000",
              "CreatedBy": {"Username": "admin@acme.example"}}  # fmt: skip
    seen = evidence(json.dumps({"records": [record]}), app="Orbit Sync")
    fact = next(each for each in seen.facts if each.name == "audit.last_act")
    assert (fact.value, fact.mark) == ("app blocked", "derived")
    assert "admin@acme.example" in fact.quote


def _hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


@given(st.binary(max_size=400), st.integers(0, 400))
@settings(max_examples=150, deadline=None)
def test_no_bytes_in_an_export_break_the_reading(noise: bytes, place: int) -> None:
    whole = table(ROWS).encode()
    place = min(place, len(whole))
    try:
        seen = evidence(whole[:place] + noise + whole[place:])
    except BadInput:
        return
    assert all(len(each.quote) <= 300 for each in seen.facts)


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_every_text_is_of_some_kind(text: str) -> None:
    document = Document.of_text(text)
    assert kind_of(document) or document.encoding is None


def test_several_files_of_one_kind_are_one_table() -> None:
    first, second = table(ROWS[:2]), table(ROWS[2:], tuple(reversed(COLUMNS)))
    assert all_of(evidence(first, second), "failure.reach") == ["one user"]


def answer(*rows: dict[str, str], of: str = "LoginHistory") -> str:
    """The answer of a query, as `sf data query --json` prints it."""
    records = [{"attributes": {"type": of}, **row} for row in rows]
    return json.dumps({"status": 0, "result": {"records": records}})


RESTRICTED = {"LoginTime": "2026-11-22T11:00:00.000+0000", "Status": "Restricted IP",
              "Application": "Orbit Sync", "SourceIp": "203.0.113.9"}  # fmt: skip


def test_a_row_that_names_no_user_is_anybodys() -> None:
    found = evidence(answer(RESTRICTED), app="Orbit Sync", user="ann@acme.example")
    assert values(found)["login_history.status"] == "Restricted IP"


def test_rows_of_several_ids_are_not_known_to_be_a_usernames() -> None:
    text = answer(*(RESTRICTED | {"UserId": f"00500000000000{each}"} for each in "12"))
    told = values(evidence(text, app="Orbit Sync", user="ann@acme.example"))["login_history.status"]
    assert "'005000000000001', '005000000000002'" in str(told)


def test_an_event_of_an_app_and_user_known_by_id_is_not_compared_with_names() -> None:
    row = {"Timestamp": "2026-11-22T11:00:00.000+0000", "ErrorCode": "AppBlocked",
           "AppId": "0H4000000000001", "UserId": "005000000000001"}  # fmt: skip
    found = evidence(answer(row, of="IdpEventLog"), app="Orbit Sync", user="ann@acme.example")
    assert values(found)["idp.error_code"] == "AppBlocked"
