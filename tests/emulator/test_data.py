"""The REST data API over HTTP: versions, pages, records, changes, refusals."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest

from evergrant.emulator import state
from evergrant.emulator.data.errors import STATEMENT, TEXTS
from evergrant.emulator.objects import insert, update
from evergrant.emulator.policies import OrgPolicy
from small_org import BASE, NOW, SmallOrg, small_org


@pytest.fixture
def small() -> Iterator[SmallOrg]:
    made = small_org()
    yield made
    made.client.close()
    made.org.close()


def _get(
    small: SmallOrg, path: str, user_id: str | None = None, **headers: str
) -> tuple[int, object]:
    sent = {**small.headers(user_id or small.admin), **headers}
    response = small.client.get(path, headers=sent)
    assert response.headers["X-Emulator"] == STATEMENT
    return response.status_code, response.json()


def _error(small: SmallOrg, path: str, user_id: str | None = None) -> tuple[int, str, str]:
    status, body = _get(small, path, user_id)
    assert isinstance(body, list)
    return status, body[0]["errorCode"], body[0]["message"]


def _query(small: SmallOrg, text: str, **headers: str) -> dict[str, object]:
    status, body = _get(small, f"{BASE}/query?q={quote(text)}", **headers)
    assert status == 200
    assert isinstance(body, dict)
    return body


# --- the root -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/services/data", "/services/data/"])
def test_the_versions_need_no_session_and_say_that_this_is_an_emulator(
    small: SmallOrg, path: str
) -> None:
    response = small.client.get(path)
    listed = response.json()
    assert listed[-1] == {
        "label": f"Summer '26 ({STATEMENT})",
        "url": "/services/data/v67.0",
        "version": "67.0",
    }
    assert {each["version"]: each["label"] for each in listed}["31.0"] == "Summer '14"


def test_the_resources_of_a_version_are_listed(small: SmallOrg) -> None:
    status, body = _get(small, f"{BASE}/")
    assert (status, body) == (200, _get(small, BASE)[1])
    assert isinstance(body, dict)
    assert body["query"] == f"{BASE}/query"


@pytest.mark.parametrize("version", ["v99.0", "v30.0", "v67", "vx"])
def test_an_unknown_version_is_not_found(small: SmallOrg, version: str) -> None:
    status, code, _ = _error(small, f"/services/data/{version}/query?q=SELECT+Id+FROM+User")
    assert (status, code) == (404, "NOT_FOUND")


def test_a_call_without_a_live_session_is_refused(small: SmallOrg) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        response = small.client.get(f"{BASE}/query?q=SELECT+Id+FROM+User", headers=headers)
        assert response.status_code == 401
        assert response.json()[0]["errorCode"] == "INVALID_SESSION_ID"


def test_what_is_not_built_says_so_by_name(small: SmallOrg) -> None:
    for path in ("/composite/batch", "/jobs/query", "/apps/oauth/credentials"):
        status, code, message = _error(small, BASE + path)
        assert (status, code) == (501, "EMULATOR_NOT_BUILT")
        assert f"GET {BASE}{path}" in message


def test_a_method_that_is_not_allowed_is_named(small: SmallOrg) -> None:
    response = small.client.post(f"{BASE}/query", headers=small.headers(small.admin))
    assert response.status_code == 405
    assert response.json()[0]["message"] == "HTTP Method 'POST' not allowed. Allowed are GET"


def test_an_address_that_is_too_long_is_refused(small: SmallOrg) -> None:
    assert _error(small, f"{BASE}/query?q={'x' * 17_000}")[0] == 414


# --- queries and their pages --------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/query", "/query/", "/queryAll", "/queryAll/"])
def test_a_query_answers_total_done_and_records(small: SmallOrg, path: str) -> None:
    status, body = _get(small, f"{BASE}{path}?q=SELECT+Name+FROM+Organization")
    assert status == 200
    assert isinstance(body, dict)
    assert list(body) == ["totalSize", "done", "records"]
    assert (body["totalSize"], body["done"]) == (1, True)
    assert body["records"][0]["attributes"]["url"].startswith(f"{BASE}/sobjects/Organization/00D")


def test_addresses_follow_the_version_of_the_call(small: SmallOrg) -> None:
    path = "/services/data/v60.0/query?q=SELECT+Id+FROM+Organization"
    _, body = _get(small, path)
    assert isinstance(body, dict)
    assert body["records"][0]["attributes"]["url"].startswith("/services/data/v60.0/")


def test_a_refused_query_answers_an_array(small: SmallOrg) -> None:
    text = "SELECT Id FROM LoginHistory WHERE Status = 'Success'"
    status, code, message = _error(small, f"{BASE}/query?q={quote(text)}")
    assert (status, code) == (400, "INVALID_FIELD")
    assert message.endswith("field 'Status' can not be filtered in a query call")
    assert _error(small, f"{BASE}/query")[1] == "MALFORMED_QUERY"


def test_tooling_knows_the_apps_and_little_else(small: SmallOrg) -> None:
    path = f"{BASE}/tooling/query?q=SELECT+Id+FROM+"
    assert _get(small, f"{path}ConnectedApplication")[0] == 200
    status, code, message = _error(small, f"{path}LoginHistory")
    assert (status, code) == (400, "INVALID_TYPE")
    assert message.endswith("sObject type 'LoginHistory' is not supported.")


def _fill(small: SmallOrg, name: str, count: int) -> None:
    prefix = {"LoginHistory": "0Ya", "OauthToken": "0CQ"}[name]
    for number in range(count):
        fields = {"LoginTime": NOW - timedelta(minutes=number)} if prefix == "0Ya" else {}
        insert(small.org.db, name, Id=small.org.ids.new(prefix), UserId=small.plain, **fields)


def _pages(small: SmallOrg, text: str, **headers: str) -> tuple[list[int], list[object], int]:
    body = _query(small, text, **headers)
    total, sizes, records = body["totalSize"], [], []
    while True:
        page = body["records"]
        assert isinstance(page, list)
        assert isinstance(total, int)
        sizes.append(len(page))
        records += page
        if body["done"]:
            assert "nextRecordsUrl" not in body
            return sizes, records, total
        status, following = _get(small, str(body["nextRecordsUrl"]))
        assert status == 200
        assert isinstance(following, dict)
        body = following


def test_pages_join_into_the_whole_answer(small: SmallOrg) -> None:
    _fill(small, "LoginHistory", 4200)
    sizes, records, total = _pages(small, "SELECT Id FROM LoginHistory ORDER BY LoginTime")
    assert (sizes, total) == ([2000, 2000, 206], 4206)
    assert len({str(each) for each in records}) == 4206


@pytest.mark.parametrize(
    ("hint", "size"), [("batchSize=250", 250), ("batchSize=1", 200), ("x", 2000)]
)
def test_the_batch_size_is_a_hint_within_bounds(small: SmallOrg, hint: str, size: int) -> None:
    _fill(small, "LoginHistory", 2100)
    headers = {"Sforce-Query-Options": hint}
    sizes, _, _ = _pages(small, "SELECT Id FROM LoginHistory", **headers)
    assert sizes[0] == size


def test_oauth_tokens_come_by_500_and_end_at_2500_though_count_knows_all(small: SmallOrg) -> None:
    _fill(small, "OauthToken", 2600)
    sizes, records, _ = _pages(small, "SELECT UserId FROM OauthToken")
    assert sizes == [500] * 5
    assert len(records) == 2500
    assert _query(small, "SELECT COUNT() FROM OauthToken")["totalSize"] == 2602


def test_an_open_query_stays_as_it_stood_when_it_was_asked(small: SmallOrg) -> None:
    _fill(small, "LoginHistory", 2100)
    first = _query(small, "SELECT Id FROM LoginHistory")
    small.org.db.execute('DELETE FROM "LoginHistory"')
    _, second = _get(small, str(first["nextRecordsUrl"]))
    assert isinstance(second, dict)
    assert len(second["records"]) == 106


def test_a_locator_is_its_owners_and_dies(small: SmallOrg) -> None:
    _fill(small, "LoginHistory", 2100)
    text = "SELECT Id FROM LoginHistory"
    address = str(_query(small, text)["nextRecordsUrl"])
    assert address.startswith(f"{BASE}/query/01g")
    assert address.endswith("-2000")
    assert _error(small, address, small.plain)[:2] == (400, "INVALID_QUERY_LOCATOR")
    for wrong in (f"{address}0", address[:-5], f"{BASE}/query/01g000000000001AAA-2000"):
        assert _error(small, wrong)[:2] == (400, "INVALID_QUERY_LOCATOR")
    for _ in range(10):
        _query(small, text)
    assert _error(small, address)[:2] == (400, "INVALID_QUERY_LOCATOR")


def test_calls_are_counted_by_day(small: SmallOrg) -> None:
    headers = small.headers(small.admin)
    used = small.client.get(f"{BASE}/limits", headers=headers)
    again = small.client.get(f"{BASE}/limits", headers=headers)
    assert used.headers["Sforce-Limit-Info"] == "api-usage=1/15000"
    assert again.json() == {"DailyApiRequests": {"Max": 15000, "Remaining": 14998}}


def test_limits_need_view_setup(small: SmallOrg) -> None:
    assert _error(small, f"{BASE}/limits", small.plain)[:2] == (403, "INSUFFICIENT_ACCESS")


# --- records ------------------------------------------------------------------------------------


def test_a_record_is_read_whole_or_in_part(small: SmallOrg) -> None:
    path = f"{BASE}/sobjects/User/{small.plain}"
    status, whole = _get(small, path)
    assert isinstance(whole, dict)
    assert (status, whole["Username"], whole["IsActive"]) == (200, "plain@acme.example", True)
    _, part = _get(small, f"{path[:-3]}?fields=Username,name")
    assert isinstance(part, dict)
    assert list(part) == ["attributes", "Id", "Username", "Name"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("User/005000000000001AAA", 404, "NOT_FOUND"),
        ("User/nobody", 404, "NOT_FOUND"),
        ("Account/001000000000001AAA", 404, "NOT_FOUND"),
        ("OauthToken/000000000000000AAA", 404, "NOT_FOUND"),
        ("EventLogFile/0AT000000000001AAA", 404, "NOT_FOUND"),
        ("Network/0DB000000000001AAA", 501, "EMULATOR_NOT_BUILT"),
        ("Nothing/describe", 404, "NOT_FOUND"),
    ],
)
def test_a_record_that_is_not_there_is_not_found(
    small: SmallOrg, path: str, status: int, code: str
) -> None:
    assert _error(small, f"{BASE}/sobjects/{path}")[:2] == (status, code)


def test_an_unknown_field_of_a_record_is_named(small: SmallOrg) -> None:
    path = f"{BASE}/sobjects/User/{small.plain}?fields=Id,Shoe"
    assert _error(small, path)[1:] == (
        "INVALID_FIELD", "No such column 'Shoe' on sobject of type User",
    )  # fmt: skip


def test_the_records_of_others_are_not_found_either(small: SmallOrg) -> None:
    assert _error(small, f"{BASE}/sobjects/User/{small.admin}", small.plain)[0] == 404
    assert _get(small, f"{BASE}/sobjects/User/{small.plain}", small.plain)[0] == 200


def test_describe_tells_the_properties_of_fields(small: SmallOrg) -> None:
    _, body = _get(small, f"{BASE}/sobjects/loginhistory/describe")
    assert isinstance(body, dict)
    fields = {each["name"]: each for each in body["fields"]}
    assert (body["name"], body["keyPrefix"]) == ("LoginHistory", "0Ya")
    assert (fields["Status"]["filterable"], fields["Status"]["groupable"]) == (False, True)
    assert fields["Status"]["length"] == 128
    assert "LoginGeoId" in fields
    _, plain = _get(small, f"{BASE}/sobjects/LoginHistory/describe", small.plain)
    assert "LoginGeoId" not in str(plain)


def test_a_feature_that_the_org_lacks_has_no_field(small: SmallOrg) -> None:
    path = f"{BASE}/query?q=SELECT+PermissionsUseAnyApiClient+FROM+Profile"
    assert _error(small, path)[:2] == (400, "INVALID_FIELD")
    state.save_policy(small.org.db, "org", OrgPolicy(api_access_control=True))
    small.org.db.execute('UPDATE "Profile" SET "PermissionsUseAnyApiClient" = 1')
    assert _get(small, path)[0] == 200


# --- changes ------------------------------------------------------------------------------------


def _send(
    small: SmallOrg, method: str, path: str, body: object = None, user_id: str | None = None
) -> tuple[int, object]:
    response = small.client.request(
        method, f"{BASE}/sobjects/{path}", json=body, headers=small.headers(user_id or small.admin)
    )
    return response.status_code, response.json() if response.content else None


def _code(sent: tuple[int, object]) -> tuple[int, str]:
    status, body = sent
    assert isinstance(body, list)
    return status, str(body[0]["errorCode"])


def _login(small: SmallOrg) -> str:
    (login,) = small.column(f"SELECT Id FROM UserLogin WHERE UserId = '{small.plain}'", "Id")
    return f"UserLogin/{login}"


def test_a_user_is_frozen_and_unfrozen(small: SmallOrg) -> None:
    for is_frozen, action in ((True, "frozeuser"), (False, "unfrozeuser")):
        assert _send(small, "PATCH", _login(small), {"IsFrozen": is_frozen}) == (204, None)
        text = f"SELECT IsFrozen FROM UserLogin WHERE UserId = '{small.plain}'"
        assert small.column(text, "IsFrozen") == [is_frozen]
        assert small.column("SELECT Action FROM SetupAuditTrail", "Action")[-1] == action


def test_a_user_is_deactivated_which_ends_the_sessions_and_activated_again(
    small: SmallOrg,
) -> None:
    for is_active, action in ((False, "deactivateduser"), (True, "inferred:activateUser")):
        sent = _send(small, "PATCH", f"User/{small.plain}", {"IsActive": is_active})
        assert sent == (204, None)
        text = f"SELECT IsActive FROM User WHERE Id = '{small.plain}'"
        assert small.column(text, "IsActive") == [is_active]
        assert small.column("SELECT Action FROM SetupAuditTrail", "Action")[-1] == action
    assert _code(_send(small, "PATCH", f"User/{small.plain}", {"Email": "x@y.z"}))[0] == 400


def test_a_password_can_be_unlocked_but_not_locked(small: SmallOrg) -> None:
    sent = _send(small, "PATCH", _login(small), {"IsPasswordLocked": True})
    assert _code(sent) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert _send(small, "PATCH", _login(small), {"IsPasswordLocked": False}) == (204, None)


def test_a_permission_set_is_assigned_and_taken_away(small: SmallOrg) -> None:
    update(small.org.db, "PermissionSet", small.permission_set, PermissionsViewSetup=True)
    body = {"PermissionSetId": small.permission_set[:15], "AssigneeId": small.plain}
    status, made = _send(small, "POST", "PermissionSetAssignment", body)
    assert status == 201
    assert isinstance(made, dict)
    assert (made["success"], made["errors"]) == (True, [])
    assert "ViewSetup" in small.org.permissions_of(small.plain)
    assert _code(_send(small, "POST", "PermissionSetAssignment", body)) == (400, "DUPLICATE_VALUE")
    path = f"PermissionSetAssignment/{made['id']}"
    assert _send(small, "DELETE", path) == (204, None)
    assert "ViewSetup" not in small.org.permissions_of(small.plain)
    assert _code(_send(small, "DELETE", path)) == (404, "NOT_FOUND")
    actions = small.column("SELECT Action FROM SetupAuditTrail", "Action")
    assert actions == ["PermSetAssign", "PermSetUnassign"]


def test_an_app_is_granted_by_a_permission_set_and_its_type_is_filled_in(small: SmallOrg) -> None:
    body = {"parentid": small.permission_set, "SetupEntityId": small.app}
    assert _send(small, "POST", "SetupEntityAccess", body)[0] == 201
    text = "SELECT SetupEntityType, Parent.Name FROM SetupEntityAccess"
    assert small.column(text, "SetupEntityType") == ["ConnectedApplication"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "REQUIRED_FIELD_MISSING"),
        ([], "JSON_PARSER_ERROR"),
        ({"ParentId": None, "SetupEntityId": None}, "REQUIRED_FIELD_MISSING"),
        ({"ParentId": "me", "SetupEntityId": "you"}, "MALFORMED_ID"),
        ({"ParentId": 5}, "MALFORMED_ID"),
        ({"ParentId": "0PS000000000001"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"Shoe": 5}, "INVALID_FIELD"),
        ({"SetupEntityType": "ApexClass"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(small: SmallOrg, body: object, code: str) -> None:
    assert _code(_send(small, "POST", "SetupEntityAccess", body)) == (400, code)


def test_a_value_of_the_wrong_type_is_refused(small: SmallOrg) -> None:
    assert _code(_send(small, "PATCH", _login(small), {"IsFrozen": "yes"}))[0] == 400
    body = {"PermissionSetId": small.permission_set, "AssigneeId": small.plain}
    for when in ("tomorrow", "2026-12-01T00:00:00", 5):
        sent = _send(small, "POST", "PermissionSetAssignment", {**body, "ExpirationDate": when})
        assert _code(sent)[0] == 400
    until = {**body, "ExpirationDate": "2026-12-01T00:00:00Z"}
    assert _send(small, "POST", "PermissionSetAssignment", until)[0] == 201


def test_a_change_needs_its_permission(small: SmallOrg) -> None:
    profile = small.org.db.execute('SELECT "ProfileId" FROM "User" WHERE "Id" = ?', (small.plain,))
    profile_id = str(profile.fetchone()[0])
    login = _login(small)
    assert _code(_send(small, "PATCH", login, {}, small.plain)) == (404, "NOT_FOUND")
    update(small.org.db, "Profile", profile_id, PermissionsViewSetup=True)
    for name in ("SetupEntityAccess", "PermissionSetAssignment"):
        assert _code(_send(small, "POST", name, {}, small.plain)) == (403, "INSUFFICIENT_ACCESS")


def test_a_session_ends_when_its_row_is_deleted(small: SmallOrg) -> None:
    theirs = small.headers(small.plain)
    text = f"SELECT Id FROM AuthSession WHERE UsersId = '{small.plain}'"
    (session,) = small.column(text, "Id")
    stranger = _send(small, "DELETE", "AuthSession/0Ak000000000001")
    assert _code(stranger) == (404, "NOT_FOUND")
    assert small.client.get(BASE, headers=theirs).status_code == 200
    assert _send(small, "DELETE", f"AuthSession/{session}") == (204, None)
    assert small.client.get(BASE, headers=theirs).status_code == 401


def test_nobody_ends_the_session_of_another_without_permission(small: SmallOrg) -> None:
    headers = small.headers(small.admin)
    text = f"SELECT Id FROM AuthSession WHERE UsersId = '{small.admin}'"
    (session,) = small.column(text, "Id")
    sent = _send(small, "DELETE", f"AuthSession/{session}", user_id=small.plain)
    assert _code(sent) == (404, "NOT_FOUND")
    assert small.client.get(BASE, headers=headers).status_code == 200


def test_other_changes_are_not_built(small: SmallOrg) -> None:
    user = f"User/{small.plain}"
    assert _code(_send(small, "POST", "User", {}))[0] == 501
    assert _code(_send(small, "PATCH", f"PermissionSet/{small.permission_set}", {}))[0] == 501
    assert _code(_send(small, "DELETE", user))[0] == 501


def test_a_refused_change_changes_nothing(small: SmallOrg) -> None:
    before = list(small.org.db.iterdump())
    _send(small, "POST", "SetupEntityAccess", {"ParentId": small.permission_set})
    changed = set(small.org.db.iterdump()) - set(before)
    # That the call was made is written down whatever came of it.
    changed = {line for line in changed if '"x_call"' not in line}
    assert not [line for line in changed if "SetupEntityAccess" in line or "SetupAudit" in line]


def test_every_refusal_says_how_well_its_text_is_known(small: SmallOrg) -> None:
    headers = small.headers(small.admin)
    text = quote("SELECT Id FROM LoginHistory WHERE Status = 'Success'")
    recorded = small.client.get(f"{BASE}/query?q={text}", headers=headers)
    inferred = small.client.get(f"{BASE}/sobjects/Account/describe", headers=headers)
    assert recorded.headers["X-Emulator-Mark"] == "recorded"
    assert inferred.headers["X-Emulator-Mark"] == TEXTS["no_resource"].mark == "inferred"
    described = small.client.get(f"{BASE}/sobjects/User/describe", headers=headers).json()
    assert described["emulator"]["visibility"] == "inferred"
