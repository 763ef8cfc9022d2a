"""Queries on a small org: rows, parents, aggregates, filters, visibility, refusals."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evergrant.emulator.objects import OBJECTS, insert, stamp
from evergrant.emulator.soql import run
from evergrant.emulator.soql.errors import TEXTS, SoqlError
from small_org import BASE, NOW, STATUSES, SmallOrg, small_org


@pytest.fixture(scope="module")
def small() -> Iterator[SmallOrg]:
    made = small_org()
    yield made
    made.org.close()


# --- records ------------------------------------------------------------------------------------


def test_a_record_has_its_type_address_and_fields_by_their_proper_names(small: SmallOrg) -> None:
    answer = small.query(f"select ID, username from USER where id = '{small.plain}'")
    assert answer.total == 1
    assert answer.records == [
        {
            "attributes": {"type": "User", "url": f"{BASE}/sobjects/User/{small.plain}"},
            "Id": small.plain,
            "Username": "plain@acme.example",
        }
    ]


def test_parents_are_nested_and_a_missing_parent_is_null(small: SmallOrg) -> None:
    answer = small.query(
        "SELECT AppName, AppMenuItem.ApplicationId, User.Username, User.Profile.Name"
        " FROM OauthToken"
    )
    first, second = answer.records
    assert first["AppMenuItem"] is not None
    assert second["AppMenuItem"] is None
    assert isinstance(first["User"], dict)
    assert isinstance(first["User"]["Profile"], dict)
    assert first["User"]["Profile"]["Name"] == "System Administrator"
    assert list(first) == ["attributes", "AppName", "AppMenuItem", "User"]


def test_booleans_numbers_times_and_nulls_keep_their_types(small: SmallOrg) -> None:
    (token, _) = small.query("SELECT UseCount, CreatedDate, LastUsedDate FROM OauthToken").records
    assert (token["UseCount"], token["CreatedDate"]) == (3, "2026-11-18T09:30:00.000+0000")
    assert token["LastUsedDate"] is None
    assert small.column("SELECT IsActive FROM User", "IsActive") == [True, True]


def test_the_id_of_an_oauth_token_is_never_given_out(small: SmallOrg) -> None:
    records = small.query("SELECT Id FROM OauthToken").records
    assert [each["Id"] for each in records] == [None, None]
    assert all("000000000000000AAA" in str(each["attributes"]) for each in records)
    assert small.query("SELECT COUNT() FROM OauthToken").total == 2


def test_own_name_and_alias_may_stand_before_a_field(small: SmallOrg) -> None:
    one = small.column("SELECT User.Username FROM User", "Username")
    assert one == small.column("SELECT u.Username FROM User u", "Username")


def test_fifteen_and_eighteen_characters_are_the_same_id(small: SmallOrg) -> None:
    text = "SELECT Id FROM User WHERE Id = '{}'"
    assert small.query(text.format(small.plain[:15])).total == 1
    assert small.query(text.format(small.plain[:15].swapcase())).total == 0


# --- filters ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Username = 'PLAIN@acme.example'", ["plain"]),
        ("Username != 'plain@acme.example'", ["admin"]),
        ("Username <> 'plain@acme.example'", ["admin"]),
        ("Username LIKE 'PLAIN%'", ["plain"]),
        ("Username LIKE '_lain@acme.example'", ["plain"]),
        ("Username LIKE '\\%'", []),
        ("NOT Username LIKE 'pl%'", ["admin"]),
        ("Username IN ('plain@acme.example', 'nobody', null)", ["plain"]),
        ("Username NOT IN ('plain@acme.example')", ["admin"]),
        ("Email = null", ["admin", "plain"]),
        ("Email != null", []),
        ("Email != 'x@y.z'", ["admin", "plain"]),
        ("Email NOT IN ('x@y.z')", ["admin", "plain"]),
        ("NOT Email > 'x'", ["admin", "plain"]),
        ("IsActive = true AND Name = 'admin'", ["admin"]),
        ("IsActive = false OR Name = 'admin'", ["admin"]),
        ("Profile.Name = 'Standard User'", ["plain"]),
        ("Profile.PermissionsApiEnabled = true", ["admin", "plain"]),
        ("Name > 'b'", ["plain"]),
        ("Name = 'admin\\' OR Name != \\''", []),
    ],
)
def test_a_filter_finds_what_it_says(small: SmallOrg, where: str, found: list[str]) -> None:
    assert small.column(f"SELECT Name FROM User WHERE {where}", "Name") == found


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ("LoginTime = TODAY", 1),
        ("LoginTime != TODAY", 5),
        ("LoginTime >= LAST_N_DAYS:2", 3),
        ("LoginTime > LAST_N_DAYS:2", 3),
        ("LoginTime < YESTERDAY", 4),
        ("LoginTime <= YESTERDAY", 5),
        ("LoginTime >= 2026-11-17T09:30:00Z", 2),
        ("LoginTime > 2026-11-17T11:30:00+02:00", 1),
        ("LoginTime > 2026-11-17T09:29:59.999Z", 2),
        ("LoginTime IN (TODAY, YESTERDAY)", 2),
        ("LoginTime NOT IN (TODAY)", 5),
        ("LoginTime = null", 0),
        ("LoginType = 'remote access 2.0' AND LoginTime = THIS_WEEK", 4),
    ],
)
def test_times_are_compared_as_times(small: SmallOrg, where: str, count: int) -> None:
    assert small.query(f"SELECT COUNT() FROM LoginHistory WHERE {where}").total == count


def test_a_semi_join_and_an_anti_join_follow_ids(small: SmallOrg) -> None:
    inner = "(SELECT UserId FROM LoginHistory WHERE LoginTime = TODAY)"
    assert small.column(f"SELECT Name FROM User WHERE Id IN {inner}", "Name") == ["admin"]
    assert small.column(f"SELECT Name FROM User WHERE Id NOT IN {inner}", "Name") == ["plain"]


# --- order, limit, aggregates -------------------------------------------------------------------


def test_order_limit_and_offset_cut_the_same_list(small: SmallOrg) -> None:
    text = "SELECT LoginTime FROM LoginHistory ORDER BY LoginTime DESC"
    times = [str(each) for each in small.column(text, "LoginTime")]
    assert times == sorted(times, reverse=True)
    assert times[2:4] == small.column(f"{text} LIMIT 2 OFFSET 2", "LoginTime")
    assert small.query(f"{text} LIMIT 0").records == []


def test_nulls_come_first_unless_they_are_told_to_come_last(small: SmallOrg) -> None:
    text = "SELECT AppMenuItemId FROM OauthToken ORDER BY AppMenuItemId"
    for direction in ("", " ASC", " DESC"):
        assert small.column(text + direction, "AppMenuItemId")[0] is None
        assert small.column(f"{text}{direction} NULLS LAST", "AppMenuItemId")[1] is None


def test_login_history_groups_by_what_it_cannot_filter(small: SmallOrg) -> None:
    # The shape is one that a public tool sends to live orgs.
    answer = small.query(
        "SELECT Status, Application, COUNT(Id) n, MAX(LoginTime), MIN(LoginTime) FROM LoginHistory"
        " WHERE (LoginType = 'Application' OR LoginType LIKE '%access%')"
        " AND LoginTime > LAST_N_DAYS:30"
        " GROUP BY Status, Application ORDER BY MAX(LoginTime) DESC LIMIT 2000"
    )
    assert answer.total == 2
    assert answer.records[0] == {
        "attributes": {"type": "AggregateResult"},
        "Status": STATUSES[1],
        "Application": "Orbit Sync",
        "n": 2,
        "expr0": stamp(NOW),
        "expr1": stamp(NOW - timedelta(days=3)),
    }


def test_an_aggregate_without_groups_is_one_record(small: SmallOrg) -> None:
    (record,) = small.query(
        "SELECT COUNT(Id), COUNT_DISTINCT(UserId), SUM(UseCount) FROM OauthToken"
    ).records
    assert (record["expr0"], record["expr1"], record["expr2"]) == (2, 2, 6)


def test_a_group_may_be_a_parents_field(small: SmallOrg) -> None:
    text = "SELECT User.Username who, COUNT(Id) n FROM OauthToken GROUP BY User.Username"
    assert small.column(text, "who") == ["admin@acme.example", "plain@acme.example"]


def test_count_alone_has_a_total_and_no_records(small: SmallOrg) -> None:
    answer = small.query("SELECT COUNT() FROM LoginHistory")
    assert (answer.total, answer.records) == (6, [])
    assert small.query("SELECT COUNT() FROM LoginHistory LIMIT 4").total == 4


def test_more_groups_than_a_batch_are_refused(small: SmallOrg) -> None:
    rows = [{"Action": f"action{number}"} for number in range(2001)]
    for row in rows:
        insert(small.org.db, "SetupAuditTrail", Id=small.org.ids.new("0Ym"), **row)
    text = "SELECT Action, COUNT(CreatedById) FROM SetupAuditTrail GROUP BY Action"
    assert small.refused(text).code == "EXCEEDED_ID_LIMIT"
    assert small.query(f"{text} LIMIT 2000").total == 2000


# --- who sees what ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "admin", "plain"),
    [
        ("SELECT COUNT() FROM LoginHistory", 6, 3),
        ("SELECT COUNT() FROM OauthToken", 2, 1),
        ("SELECT COUNT() FROM User", 2, 1),
        ("SELECT COUNT() FROM Profile", 2, 1),
        ("SELECT COUNT() FROM Organization", 1, 1),
        ("SELECT COUNT() FROM AppMenuItem", 1, 1),
    ],
)
def test_without_permission_fewer_rows_come_and_no_error(
    small: SmallOrg, text: str, admin: int, plain: int
) -> None:
    assert (small.query(text).total, small.query(text, small.plain).total) == (admin, plain)


def test_own_rows_are_ones_own(small: SmallOrg) -> None:
    for text in ("SELECT UserId FROM LoginHistory", "SELECT UserId FROM OauthToken"):
        assert set(small.column(text, "UserId", small.plain)) == {small.plain}


def test_no_filter_reaches_the_rows_of_others(small: SmallOrg) -> None:
    text = f"SELECT Id FROM LoginHistory WHERE UserId = '{small.admin}' OR UserId != null"
    assert small.query(text, small.plain).total == 3
    join = f"(SELECT UserId FROM LoginHistory WHERE UserId = '{small.admin}')"
    text = f"SELECT Id FROM AppMenuItem WHERE ApplicationId IN {join} OR Id != null"
    assert small.query(text, small.plain).total == 1


@pytest.mark.parametrize(
    "name",
    [
        "UserLogin", "SetupEntityAccess", "PermissionSet", "PermissionSetAssignment",
        "SetupAuditTrail", "ConnectedApplication", "ExternalClientApplication", "IdpEventLog",
    ],
)  # fmt: skip
def test_a_hidden_object_is_an_unknown_type(small: SmallOrg, name: str) -> None:
    small.query(f"SELECT COUNT() FROM {name}")
    error = small.refused(f"SELECT COUNT() FROM {name}", small.plain)
    assert error.code == "INVALID_TYPE"
    assert f"sObject type '{name}' is not supported." in error.message


def test_a_hidden_field_is_an_unknown_column(small: SmallOrg) -> None:
    small.query("SELECT LoginGeoId FROM LoginHistory")
    assert small.refused("SELECT LoginGeoId FROM LoginHistory", small.plain).key == "no_column"


def test_monitor_login_history_shows_all_logins_and_no_more(small: SmallOrg) -> None:
    caller = small.caller(small.plain)
    monitor = type(caller)(caller.user_id, frozenset({"MonitorLoginHistory"}), NOW)
    assert run(small.org.db, "SELECT COUNT() FROM LoginHistory", monitor, BASE).total == 6
    assert run(small.org.db, "SELECT COUNT() FROM OauthToken", monitor, BASE).total == 1


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["Status", "Application", "Browser", "Platform", "ApiType", "ApiVersion", "ClientVersion"],
)
def test_login_history_refuses_filters_on_what_it_only_groups(small: SmallOrg, name: str) -> None:
    error = small.refused(f"SELECT Id FROM LoginHistory WHERE {name} = 'Success'")
    assert (error.status, error.code) == (400, "INVALID_FIELD")
    assert error.message == (
        f"\nSELECT Id FROM LoginHistory WHERE {name} = 'Success'\n"
        "                                  ^\n"
        "ERROR at Row:1:Column:35\n"
        f"field '{name}' can not be filtered in a query call"
    )


def test_an_unknown_column_is_named_with_its_entity(small: SmallOrg) -> None:
    error = small.refused("SELECT Id, AppId FROM LoginHistory")
    assert error.code == "INVALID_FIELD"
    assert error.message == (
        "\nSELECT Id, AppId FROM LoginHistory\n           ^\nERROR at Row:1:Column:12\n"
        "No such column 'AppId' on entity 'LoginHistory'. If you are attempting to use a custom"
        " field, be sure to append the '__c' after the custom field name. Please reference your"
        " WSDL or the describe call for the appropriate names."
    )


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("SELECT Id FROM Account", "no_object"),
        ("SELECT User.Name FROM LoginHistory", "no_relationship"),
        ("SELECT User FROM OauthToken", "no_column"),
        ("SELECT Id, ID FROM User", "duplicate_field"),
        ("SELECT Name who FROM User", "alias_without_group"),
        ("SELECT Name, COUNT(Id) FROM User", "not_grouped"),
        ("SELECT Name, COUNT(Id) Name FROM User GROUP BY Name", "duplicate_alias"),
        ("SELECT Name FROM User GROUP BY Name ORDER BY Username", "order_not_grouped"),
        ("SELECT LoginTime FROM LoginHistory GROUP BY LoginTime", "not_groupable"),
        ("SELECT Id FROM Profile ORDER BY Description", "not_sortable"),
        ("SELECT Id FROM OauthToken WHERE DeleteToken != null", "not_filterable"),
        ("SELECT Id FROM SetupAuditTrail WHERE Display LIKE '%block%'", "not_filterable"),
        ("SELECT COUNT(Id) FROM SetupAuditTrail", "not_aggregatable"),
        ("SELECT MAX(IsActive) FROM User", "not_aggregatable"),
        ("SELECT SUM(Name) FROM User", "not_aggregatable"),
        ("SELECT COUNT() FROM User GROUP BY Name", "unexpected_token"),
        ("SELECT Id FROM User ORDER BY COUNT(Id)", "unexpected_token"),
        ("SELECT Name FROM User GROUP BY Name ORDER BY COUNT()", "unexpected_token"),
        ("SELECT Id FROM LoginHistory WHERE SourceIp LIKE '198.%'", "bad_operator"),
        ("SELECT Id FROM User WHERE Id LIKE '005%'", "bad_operator"),
        ("SELECT Id FROM User WHERE IsActive > true", "bad_operator"),
        ("SELECT Id FROM User WHERE Name > null", "bad_operator"),
        ("SELECT Id FROM User WHERE Id = 'me'", "bad_id"),
        ("SELECT Id FROM User WHERE IsActive = 'true'", "quotes_refused"),
        ("SELECT Id FROM LoginHistory WHERE LoginTime > '2026-11-01'", "quotes_refused"),
        ("SELECT Id FROM LoginHistory WHERE LoginTime > 2026-11-01", "quotes_refused"),
        ("SELECT Id FROM OauthToken WHERE UseCount = true", "quotes_refused"),
        ("SELECT Id FROM User WHERE Name = 5", "quotes_needed"),
        ("SELECT Id FROM User WHERE Name LIKE 5", "quotes_needed"),
        ("SELECT Id FROM User WHERE Name = TODAY", "quotes_needed"),
        ("SELECT Id FROM User WHERE Id = 5", "quotes_needed"),
        ("SELECT Id FROM LoginHistory WHERE LoginTime > LAST_N_DAYS:99999999", "bad_literal"),
        ("SELECT Id FROM LoginHistory WHERE LoginTime > 2026-02-30T00:00:00Z", "bad_literal"),
        ("SELECT Id FROM User WHERE Name = '\\q'", "bad_escape"),
        ("SELECT Id FROM User WHERE Name IN (SELECT Id FROM User)", "semi_join_field"),
        ("SELECT Id FROM User WHERE Id IN (SELECT Name FROM User)", "semi_join_field"),
        ("SELECT CreatedBy.CreatedBy.CreatedBy.CreatedBy.CreatedBy.CreatedBy.Name FROM User",
         "too_deep"),
        ("SELECT Id FROM TenantSecurityConnectedApp", "not_built"),
        ("SELECT Id FROM LoginEvent", "no_object"),
        ("SELECT Name, (SELECT Id FROM Tokens) FROM ConnectedApplication", "no_child"),
        ("SELECT (SELECT COUNT() FROM SetupEntityAccessItems) FROM ConnectedApplication",
         "unexpected_token"),
        ("SELECT Name, (SELECT Nothing FROM SetupEntityAccessItems) FROM ConnectedApplication",
         "no_column"),
        ("SELECT COUNT(Id), (SELECT Id FROM SetupEntityAccessItems) FROM ConnectedApplication",
         "unexpected_token"),
        ("SELECT Name FROM User GROUP BY Name HAVING Username = 'x'", "not_grouped"),
        ("SELECT Name FROM User GROUP BY Name HAVING COUNT(Id) = 'x'", "quotes_refused"),
        ("SELECT Name FROM User HAVING COUNT(Id) > 1", "unexpected_token"),
        ("SELECT Id FROM User WHERE COUNT(Id) > 1", "not_built"),
        ("SELECT Id FROM User.Profile", "not_built"),
    ],
)  # fmt: skip
def test_each_refusal_has_its_text(small: SmallOrg, text: str, key: str) -> None:
    error = small.refused(text)
    assert error.key == key
    assert error.code == TEXTS[key].code


def test_every_text_has_a_mark_and_what_is_recorded_says_where() -> None:
    for text in TEXTS.values():
        assert text.mark in ("official", "recorded", "inferred")
        assert text.mark == "inferred" or text.source


def test_five_parents_may_be_followed(small: SmallOrg) -> None:
    path = "CreatedBy." * 5
    assert small.query(f"SELECT {path}Name FROM User").total == 2


# --- nothing gets through -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "x' OR '1'='1",
        'x\'; DROP TABLE "User"; --',
        'x" OR "1"="1',
        "%' ESCAPE '\\' OR 1=1 --",
        ":viewer",
        "?1",
    ],
)
def test_a_quoted_value_stays_a_value(small: SmallOrg, value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    for sign in ("=", "LIKE"):
        assert small.query(f"SELECT Id FROM User WHERE Name {sign} '{quoted}'").total == 0
    assert small.query("SELECT COUNT() FROM User").total == 2


@pytest.mark.parametrize(
    "text",
    [
        "SELECT Id FROM User WHERE Name = 'x' OR 1=1",
        "SELECT Id FROM User; DROP TABLE User",
        "SELECT Id FROM x_session",
        "SELECT Id FROM sqlite_master",
        'SELECT "Id" FROM User',
        "SELECT Id FROM User WHERE Id IN (SELECT token FROM x_session)",
        "SELECT rowid FROM User",
        "SELECT Id FROM User UNION SELECT Id FROM Profile",
        "SELECT Id FROM User ORDER BY (SELECT 1)",
        "SELECT Id FROM User LIMIT 1 -- x",
        'SELECT COUNT(Id) a" FROM User',
    ],
)
def test_sql_is_not_soql(small: SmallOrg, text: str) -> None:
    small.refused(text)


_NAMES = st.sampled_from(
    [
        *sorted({one.name for each in OBJECTS.values() for one in each.fields}),
        *("Profile.Name", "User.Username", "Parent.Name", "CreatedBy.Id", "x_session"),
    ]
)
_VALUES = st.sampled_from(
    ["'x'", "'%'", "null", "true", "5", "-1.5", "TODAY", "LAST_N_DAYS:3", "2026-01-01",
     "2026-01-01T00:00:00Z", "'005000000000001AAA'", "99999999999999999999",
     "(SELECT Id FROM User)"]
)  # fmt: skip
_SIGNS = st.sampled_from(["=", "!=", "<", ">=", "LIKE"])


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(OBJECTS)),
    st.lists(_NAMES, min_size=1, max_size=3),
    st.tuples(_NAMES, _SIGNS, _VALUES),
    st.tuples(_NAMES, _VALUES),
    st.tuples(_NAMES, st.sampled_from(["ASC", "DESC NULLS LAST"])),
    st.booleans(),
)
def test_every_query_is_answered_or_refused_in_the_orgs_own_words(
    small: SmallOrg,
    entity: str,
    names: list[str],
    where: tuple[str, str, str],
    among: tuple[str, str],
    order: tuple[str, str],
    is_grouped: bool,
) -> None:
    group = f" GROUP BY {', '.join(names)}" if is_grouped else ""
    count = ", COUNT(Id)" if is_grouped else ""
    text = (
        f"SELECT {', '.join(names)}{count} FROM {entity} WHERE {' '.join(where)}"
        f" AND {among[0]} IN ({among[1]}){group} ORDER BY {' '.join(order)}"
    )
    for user_id in (small.admin, small.plain):
        # Anything but an answer or a SoqlError would end the test here.
        with suppress(SoqlError):
            small.query(text, user_id)
