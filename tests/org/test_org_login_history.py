"""Login History: what is asked, how rows are read, which row proves a success."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrant.errors import Malformed
from evergrant.model import Secret, Session
from evergrant.org import LoginRow, own_logins, success_row
from evergrant.wire import Reply, rehearse

SESSION = Session("https://acme.my.salesforce.com", Secret("x"))
USER = "0055f000007QgTaAAK"
AT = datetime(2026, 11, 22, 9, 0, 30, tzinfo=UTC)
ROW = LoginRow(
    "0Ya5f00000001", USER, AT, "Remote Access 2.0", "", "Success", "Orbit Sync", "203.0.113.7", ""
)
RECORD: dict[str, object] = {
    "attributes": {"type": "LoginHistory", "url": "/services/data/v66.0/sobjects/LoginHistory/0Ya"},
    "Id": ROW.id,
    "UserId": USER,
    "LoginTime": "2026-11-22T09:00:30.000+0000",
    "LoginType": "Remote Access 2.0",
    "LoginSubType": None,
    "Status": "Success",
    "Application": "Orbit Sync",
    "SourceIp": "203.0.113.7",
}


def an_answer(*records: dict[str, object]) -> Reply:
    body = {"totalSize": len(records), "done": True, "records": records}
    return Reply(200, {"content-type": "application/json"}, json.dumps(body).encode())


def test_only_fields_that_the_org_can_filter_are_filtered_by_the_org() -> None:
    played = rehearse(own_logins(SESSION, USER, AT), an_answer())
    (soql,) = parse_qs(urlsplit(played.requests[0].url).query)["q"]
    _, _, after = soql.partition(" WHERE ")
    where, _, order = after.partition(" ORDER BY ")
    assert where == f"UserId = '{USER}' AND LoginTime >= 2026-11-22T09:00:30Z"
    assert order.startswith("LoginTime DESC")


def test_a_user_id_that_is_none_cannot_change_the_question() -> None:
    played = rehearse(own_logins(SESSION, "x' OR Id != '", AT), an_answer())
    (soql,) = parse_qs(urlsplit(played.requests[0].url).query)["q"]
    assert "UserId = 'x\\' OR Id != \\''" in soql


def test_a_record_becomes_a_row() -> None:
    assert rehearse(own_logins(SESSION, USER, AT), an_answer(RECORD)).result == [ROW]


@pytest.mark.parametrize("text", [None, "", "yesterday", "2026-11-22T09:00:30", 5])
def test_a_row_without_a_readable_time_is_malformed(text: object) -> None:
    with pytest.raises(Malformed, match="LoginTime"):
        rehearse(own_logins(SESSION, USER, AT), an_answer(RECORD | {"LoginTime": text}))


@pytest.mark.parametrize("text", ["2026-11-22T09:00:30Z", "2026-11-22T10:00:30.000+0100"])
def test_a_time_in_another_spelling_is_the_same_time(text: str) -> None:
    (row,) = rehearse(own_logins(SESSION, USER, AT), an_answer(RECORD | {"LoginTime": text})).result
    assert row.at == AT


def test_the_newest_success_of_the_app_is_the_proof() -> None:
    older, newer = replace(ROW, id="1"), replace(ROW, id="2", at=AT + timedelta(seconds=9))
    assert success_row([older, newer, older], "Orbit Sync", AT) == newer


@pytest.mark.parametrize(
    "row",
    [
        replace(ROW, status="Failed: Not approved for access"),
        replace(ROW, status="success"),
        replace(ROW, application="Orbit Sync JWT"),
        replace(ROW, application="N/A"),
        replace(ROW, at=AT - timedelta(seconds=1)),
    ],
)
def test_a_failure_another_app_or_an_earlier_login_proves_nothing(row: LoginRow) -> None:
    assert success_row([row], "Orbit Sync", AT) is None


def test_a_login_within_the_same_second_counts() -> None:
    assert success_row([ROW], "Orbit Sync", AT + timedelta(microseconds=999_999)) == ROW


def test_a_label_longer_than_the_column_is_compared_as_the_org_cuts_it() -> None:
    label = "Orbit Sync for very large manufacturers with many subsidiaries worldwide"
    assert success_row([replace(ROW, application=label[:64])], label, AT) is not None


_ROWS = st.builds(
    replace,
    st.just(ROW),
    at=st.integers(-3, 3).map(lambda seconds: AT + timedelta(seconds=seconds)),
    status=st.sampled_from(["Success", "Restricted IP"]),
    application=st.sampled_from(["Orbit Sync", "Other"]),
)


@given(st.lists(_ROWS))
def test_what_is_called_a_proof_is_one(rows: list[LoginRow]) -> None:
    good = [
        row for row in rows if (row.status, row.application) == ("Success", "Orbit Sync")
        and row.at >= AT
    ]  # fmt: skip
    found = success_row(rows, "Orbit Sync", AT)
    assert (found is None) == (not good)
    assert found is None or found.at == max(row.at for row in good)
