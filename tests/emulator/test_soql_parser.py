"""The parser and the lexer, thrown everything."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrant.emulator.soql.ast import Combined, Comparison, Literals, Not, Period, String
from evergrant.emulator.soql.errors import SoqlError
from evergrant.emulator.soql.parser import parse

_WORDS = (
    "SELECT", "FROM", "WHERE", "GROUP", "BY", "ORDER", "ASC", "DESC", "NULLS", "FIRST", "LAST",
    "LIMIT", "OFFSET", "AND", "OR", "NOT", "IN", "LIKE", "COUNT", "COUNT()", "MIN", "MAX", "(",
    ")", ",", "=", "!=", "<", "<=", ">", ">=", "<>", "Id", "User", "LoginHistory", "Profile.Name",
    "TODAY", "true", "LAST_N_DAYS:3", "LAST_N_FISCAL_QUARTERS:2", "null", "1", "-2.5", "'x'",
    "'it\\'s'", "'\\q'", "2026-01-01", "USING", "HAVING", "FIELDS", "TYPEOF", "INCLUDES", ";", "*",
    "(SELECT", "SetupEntityAccessItems", "COUNT(Id) >", '"', "'", ":", ".", "2026-13-01T00:00:00Z",
    "99999999999999999999999",
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(st.sampled_from(_WORDS), max_size=20))
def test_words_in_any_order_parse_or_are_refused(words: list[str]) -> None:
    _parse_or_refuse(" ".join(words))
    _parse_or_refuse("SELECT Id FROM User WHERE " + " ".join(words))


@given(st.text(max_size=80))
def test_any_text_parses_or_is_refused(text: str) -> None:
    _parse_or_refuse(text)
    _parse_or_refuse(f"SELECT Id FROM User WHERE Name = '{text}'")


def _parse_or_refuse(text: str) -> None:
    # Anything but a query or a SoqlError would end the test here.
    with suppress(SoqlError):
        parse(text)


@pytest.mark.parametrize("nest", ["(", "NOT ", "(NOT "])
def test_deep_nesting_is_refused_and_not_a_crash(nest: str) -> None:
    with pytest.raises(SoqlError, match="too complicated"):
        parse(f"SELECT Id FROM User WHERE {nest * 5000}")


def test_a_query_may_be_long_but_not_too_long() -> None:
    listed = ", ".join(f"'{number}'" for number in range(9_000))
    assert parse(f"SELECT Id FROM User WHERE Name IN ({listed})").where
    with pytest.raises(SoqlError, match="cannot be longer than 100000"):
        parse(f"SELECT Id FROM User WHERE Name = '{'x' * 100_000}'")


def _where(text: str) -> object:
    return parse(f"SELECT Id FROM User WHERE {text}").where


def _value(text: str) -> Literals:
    condition = _where(f"Name = {text}")
    assert isinstance(condition, Comparison)
    return condition.value


_MEANT = {"'": "\\'", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@given(st.text())
def test_a_string_comes_back_as_it_was_meant(text: str) -> None:
    quoted = "".join(_MEANT.get(char, char) for char in text)
    value = _value(f"'{quoted}'")
    assert isinstance(value, String)
    assert value.plain == text


@given(st.integers(-(10**17), 10**17))
def test_a_whole_number_comes_back(number: int) -> None:
    assert _value(str(number)) == number


@given(st.decimals(-1_000_000, 1_000_000, places=4))
def test_a_fraction_comes_back(number: object) -> None:
    assert _value(f"{number}") == float(str(number))


@given(st.datetimes(datetime(1700, 1, 2), datetime(4000, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001  # the zone is the other argument
def test_a_moment_comes_back_in_any_zone(moment: datetime, minutes: int) -> None:
    aware = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    sign = "-" if minutes < 0 else "+"
    zone = f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    local = aware.replace(tzinfo=None) + timedelta(minutes=minutes)
    assert _value(local.isoformat(timespec="milliseconds") + zone) == aware


def test_a_day_a_period_and_the_words_come_back() -> None:
    assert _value("2026-01-31") == date(2026, 1, 31)
    assert _value("last_n_days:7") == Period("LAST_N_DAYS", 7)
    assert _value("today") == Period("TODAY", None)
    assert [_value(word) for word in ("TRUE", "false", "null")] == [True, False, None]


def test_and_with_or_needs_parentheses() -> None:
    assert isinstance(_where("(Name = 'a' OR Name = 'b') AND IsActive = true"), Combined)
    with pytest.raises(SoqlError, match="unexpected token: 'AND'"):
        _where("Name = 'a' OR Name = 'b' AND IsActive = true")
    with pytest.raises(SoqlError, match="unexpected token: 'or'"):
        _where("Name = 'a' AND Name = 'b' or IsActive = true")


def test_not_binds_to_the_next_condition_alone() -> None:
    condition = _where("NOT Name = 'a' AND IsActive = true")
    assert isinstance(condition, Combined)
    assert isinstance(condition.conditions[0], Not)


def test_keywords_and_names_do_not_mind_case_or_space() -> None:
    query = parse("select\n id ,\tusername from  user\nwhere isactive=TRUE order by id limit 5")
    assert [each.what.at for each in query.selected] == [8, 13]
    assert (query.limit, query.offset) == (5, 0)


@pytest.mark.parametrize(
    ("text", "culprit", "column"),
    [
        ("SELECT FROM User", "FROM", 8),
        ("SELECT Id, FROM User", "FROM", 12),
        ("SELECT Id", "<EOF>", 10),
        ("SELECT Id FROM User WHERE", "<EOF>", 26),
        ("SELECT Id FROM User WHERE Name", "<EOF>", 31),
        ("SELECT Id FROM User LIMIT x", "x", 27),
        ("SELECT Id FROM User LIMIT -1", "-1", 27),
        ("SELECT Id FROM User ORDER Name", "ORDER", 21),
        ("SELECT COUNT(), Id FROM User", ",", 15),
        ("SELECT NAME(Id) FROM User", "NAME", 8),
        ("SELECT Id FROM User WHERE Name IN ()", ")", 36),
        ("DELETE FROM User", "DELETE", 1),
        ("SELECT Id FROM User LIMIT 1 nonsense", "nonsense", 29),
    ],
)
def test_the_first_token_that_does_not_fit_is_named(text: str, culprit: str, column: int) -> None:
    with pytest.raises(SoqlError) as caught:
        parse(text)
    assert caught.value.code == "MALFORMED_QUERY"
    assert caught.value.message.endswith(
        f"ERROR at Row:1:Column:{column}\nunexpected token: '{culprit}'"
    )


def test_the_caret_stands_under_the_culprit() -> None:
    with pytest.raises(SoqlError) as caught:
        parse("SELECT Id\nFROM User WHEN x")
    lines = caught.value.message.split("\n")
    assert lines[1:4] == ["FROM User WHEN x", "               ^", "ERROR at Row:2:Column:16"]


def test_a_long_line_is_cut_around_the_culprit() -> None:
    with pytest.raises(SoqlError) as caught:
        parse("SELECT " + "Name, " * 30 + "; " + "Name, " * 30)
    shown, caret = caught.value.message.split("\n")[1:3]
    assert len(shown) < 90
    assert shown[caret.index("^")] == ";"


@pytest.mark.parametrize(
    "text",
    [
        "SELECT FIELDS(ALL) FROM User LIMIT 200",
        "SELECT TYPEOF Owner WHEN User THEN Id END FROM Case",
        "SELECT Id FROM User USING SCOPE mine",
        "SELECT Id FROM User WITH SECURITY_ENFORCED",
        "SELECT Name, COUNT(Id) FROM User GROUP BY ROLLUP(Name)",
        "SELECT CALENDAR_YEAR(CreatedDate) FROM User",
        "SELECT Id FROM User WHERE DAY_ONLY(CreatedDate) = TODAY",
        "SELECT Id FROM User WHERE CreatedDate = THIS_FISCAL_QUARTER",
        "SELECT Id FROM User WHERE CreatedDate = LAST_N_FISCAL_YEARS:2",
        "SELECT Id FROM User WHERE Languages INCLUDES ('en')",
        "SELECT Id FROM User FOR VIEW",
        "SELECT Id FROM User ALL ROWS",
    ],
)
def test_what_salesforce_has_and_this_org_has_not_answers_501(text: str) -> None:
    with pytest.raises(SoqlError, match="has not built") as caught:
        parse(text)
    assert caught.value.status == 501


def test_an_offset_beyond_two_thousand_is_refused() -> None:
    assert parse("SELECT Id FROM User LIMIT 1 OFFSET 2000").offset == 2000
    with pytest.raises(SoqlError, match="Maximum SOQL offset allowed is 2000") as caught:
        parse("SELECT Id FROM User LIMIT 1 OFFSET 2001")
    assert caught.value.code == "NUMBER_OUTSIDE_VALID_RANGE"


def test_semi_joins_are_two_at_most_and_not_nested() -> None:
    one = "Id IN (SELECT UserId FROM LoginHistory)"
    assert _where(f"{one} AND {one}")
    with pytest.raises(SoqlError, match="Maximum 2 semi join"):
        _where(f"{one} AND {one} AND {one}")
    with pytest.raises(SoqlError, match="Nesting of semi join"):
        _where(f"Id IN (SELECT UserId FROM LoginHistory WHERE {one})")
