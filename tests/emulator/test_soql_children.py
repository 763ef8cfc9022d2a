"""HAVING, queries over children, and versions of the API."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrant.emulator import soql
from evergrant.emulator.objects import insert
from evergrant.emulator.soql.errors import SoqlError
from evergrant.emulator.soql.parser import parse
from small_org import BASE, SmallOrg, small_org

SMALL = small_org()


def _grant(small: SmallOrg) -> None:
    insert(
        small.org.db, "SetupEntityAccess", Id=small.org.ids.new("0J0"), SetupEntityId=small.app,
        ParentId=small.permission_set, SetupEntityType="ConnectedApplication",
    )  # fmt: skip


@pytest.fixture
def small() -> SmallOrg:
    return small_org()


def test_having_keeps_the_groups_that_it_names(small: SmallOrg) -> None:
    asked = "SELECT Status, COUNT(Id) n FROM LoginHistory GROUP BY Status HAVING {} ORDER BY Status"
    assert small.column(asked.format("COUNT(Id) > 2"), "n") == [4]
    assert small.column(asked.format("COUNT(Id) IN (2, 4)"), "n") == [2, 4]
    assert small.column(asked.format("NOT COUNT(Id) > 2"), "n") == [2]
    assert small.column(asked.format("Status = 'success' AND COUNT(Id) >= 1"), "n") == [4]
    assert small.column(asked.format("MAX(LoginTime) < LAST_N_DAYS:1"), "n") == []


def test_children_come_under_their_name_as_an_answer_of_their_own(small: SmallOrg) -> None:
    text = "SELECT Name, (SELECT Parent.Name FROM SetupEntityAccessItems {}) FROM {}"
    app = "ConnectedApplication"
    assert small.column(text.format("", app), "SetupEntityAccessItems") == [None]
    _grant(small)
    [row] = small.query(text.format("", app)).records
    found = row["SetupEntityAccessItems"]
    assert isinstance(found, dict)
    assert (found["totalSize"], found["done"]) == (1, True)
    assert "Orbit" in str(found["records"])
    assert small.column(text.format("WHERE Id = null", app), "SetupEntityAccessItems") == [None]
    assert small.column(text.format("LIMIT 0", app), "SetupEntityAccessItems") == [None]


def test_who_may_not_see_the_children_is_refused_the_whole_query(small: SmallOrg) -> None:
    caller = small.caller(small.plain)
    only_apps = type(caller)(caller.user_id, frozenset({"CustomizeApplication"}), caller.now)
    text = "SELECT Name, (SELECT Id FROM SetupEntityAccessItems) FROM ConnectedApplication"
    with pytest.raises(SoqlError, match="is not supported") as caught:
        soql.run(small.org.db, text, only_apps, BASE)
    assert caught.value.code == "INVALID_TYPE"


def test_twenty_queries_over_children_are_allowed_and_no_more() -> None:
    one = "(SELECT Id FROM SetupEntityAccessItems)"
    parse(f"SELECT {', '.join([one] * 20)} FROM ConnectedApplication")
    with pytest.raises(SoqlError, match="at most 20"):
        parse(f"SELECT {', '.join([one] * 21)} FROM ConnectedApplication")
    with pytest.raises(SoqlError, match="unexpected token"):
        parse(f"SELECT (SELECT {one} FROM Things) FROM ConnectedApplication")


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("SELECT Id FROM LoginEventLog", 61),
        ("SELECT ForwardedForIp FROM LoginHistory", 61),
        ("SELECT AuthContextClassRef FROM LoginHistory", 67),
        ("SELECT IsCurrent FROM AuthSession", 37),
        ("SELECT Id FROM OauthCustomScopeApp", 49),
        ("SELECT Id FROM IdpEventLog", 39),
    ],
)
def test_what_came_later_is_not_there_for_an_older_version(
    small: SmallOrg, text: str, since: int
) -> None:
    for version, is_there in ((since, True), (since - 1, False)):
        path = f"/services/data/v{version}.0/query"
        answer = small.client.get(path, params={"q": text}, headers=small.headers(small.admin))
        assert (answer.status_code == 200) is is_there, answer.text
        if not is_there:
            assert answer.json()[0]["errorCode"] in ("INVALID_TYPE", "INVALID_FIELD")


_FIELDS = ("Id", "UserId", "Status", "LoginTime", "SourceIp", "Application", "CountryIso")
_VALUES = ("null", "'Success'", "TODAY", "2026-11-18T00:00:00Z", "'198.51.100.10'", "5", "true")
_TESTS = st.builds(
    "{} {} {}".format, st.sampled_from(_FIELDS),
    st.sampled_from(("=", "!=", "<", ">=", "LIKE", "IN ('a','b') OR Id !=")),
    st.sampled_from(_VALUES),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([*_FIELDS, "COUNT(Id)", "MAX(LoginTime)"]), min_size=1, max_size=4),
    st.lists(_TESTS, max_size=3),
    st.lists(st.sampled_from(_FIELDS), max_size=2),
    st.one_of(st.none(), _TESTS, st.just("COUNT(Id) > 1")),
)
def test_any_query_of_known_words_is_answered_or_refused(
    fields: list[str], tests: list[str], groups: list[str], having: str | None
) -> None:
    text = f"SELECT {', '.join(fields)} FROM LoginHistory"
    text += f" WHERE {' AND '.join(f'({each})' for each in tests)}" if tests else ""
    text += f" GROUP BY {', '.join(groups)}" if groups else ""
    text += f" HAVING {having}" if having and groups else ""
    # Anything but an answer or a SoqlError would end the test here.
    with suppress(SoqlError):
        assert SMALL.query(text).total <= 6


@settings(max_examples=100, deadline=None)
@given(st.lists(_TESTS, min_size=1, max_size=3), st.sampled_from(("AND", "OR")))
def test_a_condition_and_its_negation_part_the_rows(tests: list[str], word: str) -> None:
    where = f" {word} ".join(f"({each})" for each in tests)
    with suppress(SoqlError):
        found = SMALL.query(f"SELECT Id FROM LoginHistory WHERE {where}").total
        rest = SMALL.query(f"SELECT Id FROM LoginHistory WHERE NOT ({where})").total
        assert found + rest == 6
